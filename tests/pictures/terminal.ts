// A command at a terminal, and what that terminal shows.

import headless, { type IBufferCell, type Terminal as TerminalType } from "@xterm/headless";

/** Neighbouring cells of one look. */
export interface Run {
  /** The column of its first cell. */
  readonly column: number;
  /** How many columns it takes. */
  readonly columns: number;
  readonly text: string;
  readonly isBold: boolean;
  readonly isDim: boolean;
  /** The number of its colour, 0 to 15; undefined for the terminal's own. */
  readonly colour: number | undefined;
}

/** What a terminal shows, line by line, without empty lines at its end. */
export type Shown = readonly (readonly Run[])[];

/** Options of {@linkcode runAtTerminal}. */
export interface RunAtTerminalOptions {
  columns: number;
  /** Variables beside those of this process. */
  env: Record<string, string>;
  /** Hears what was written so far. */
  onWritten?: (written: string) => void;
}

const ROWS = 60;

/** What a terminal shows when a command has ended. */
export async function runAtTerminal(
  command: readonly string[],
  { columns, env, onWritten = () => {} }: RunAtTerminalOptions,
): Promise<Shown> {
  const words = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const child = new Deno.Command("script", {
    args: ["-qefc", `stty cols ${columns} rows ${ROWS}; exec ${words}`, "/dev/null"],
    env: { ...env, TERM: "xterm-256color" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const { Terminal } = headless as { Terminal: typeof TerminalType };
  const terminal = new Terminal({ cols: columns, rows: ROWS, allowProposedApi: true });
  let written = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    written += text;
    await new Promise<void>((resolve) => terminal.write(text, resolve));
    onWritten(written);
  }
  await child.stdin.close().catch(() => {});
  await child.status;
  return shownBy(terminal);
}

function shownBy({ buffer: { active }, cols }: TerminalType): Shown {
  const lines = Array.from({ length: active.length }, (_, row) => {
    const line = active.getLine(row);
    const runs: Run[] = [];
    for (let column = 0; column < cols; column++) {
      const cell = line?.getCell(column);
      if (cell === undefined || cell.getWidth() === 0) continue;
      append(runs, cell, column);
    }
    return runs.filter(({ text }) => text.trim() !== "");
  });
  const last = lines.findLastIndex((runs) => runs.length > 0);
  return lines.slice(0, last + 1);
}

function append(runs: Run[], cell: IBufferCell, column: number): void {
  const run: Run = {
    column,
    columns: cell.getWidth(),
    text: cell.getChars() || " ",
    isBold: cell.isBold() !== 0,
    isDim: cell.isDim() !== 0,
    colour: cell.isFgPalette() ? cell.getFgColor() : undefined,
  };
  const before = runs.at(-1);
  const isSame = before !== undefined && before.isBold === run.isBold &&
    before.isDim === run.isDim && before.colour === run.colour;
  if (!isSame) return void runs.push(run);
  const columns = before.columns + run.columns;
  runs[runs.length - 1] = { ...before, columns, text: before.text + run.text };
}
