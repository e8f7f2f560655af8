// What a terminal shows as an SVG: a window with its title, letters as text, and blocks as
// rectangles, for fonts leave gaps between those.

import type { Run, Shown } from "./terminal.ts";

/** A command as it is typed, and what it wrote. */
export interface Typed {
  readonly command: string;
  readonly shown: Shown;
}

const CELL_WIDTH = 8.4;
const LINE_HEIGHT = 20;
const BASELINE = 15;
const PADDING = 20;
const TITLE_HEIGHT = 36;
const BLOCK = "█";
const COLOURS: Readonly<Record<number, string>> = {
  1: "#ff7b72",
  2: "#7ee787",
  3: "#f2cc60",
  4: "#79c0ff",
  5: "#d2a8ff",
  6: "#76e3ea",
};

/** The window of a terminal of so many columns. */
export function terminalSvg(
  typed: readonly Typed[],
  { title, columns }: { title: string; columns: number },
): string {
  const lines: Shown = typed.flatMap(({ command, shown }, at) => [
    ...at > 0 ? [[]] : [],
    prompt(command),
    ...shown,
  ]);
  const width = Math.ceil(columns * CELL_WIDTH + 2 * PADDING);
  const height = TITLE_HEIGHT + lines.length * LINE_HEIGHT + 2 * PADDING - 8;
  const body = lines.flatMap((runs, row) => runs.map((run) => drawRun(run, row))).join("\n");
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}">
<style>
text { font: 14px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre }
.t { font: 13px system-ui, sans-serif; fill: #8b949e; text-anchor: middle }
</style>
<rect width="${width}" height="${height}" rx="10" fill="#0d1117"/>
<path d="M0 ${TITLE_HEIGHT}V10A10 10 0 0 1 10 0H${
      width - 10
    }A10 10 0 0 1 ${width} 10V${TITLE_HEIGHT}Z" fill="#161b22"/>
<circle cx="20" cy="18" r="6" fill="#ff5f57"/><circle cx="40" cy="18" r="6" fill="#febc2e"/><circle cx="60" cy="18" r="6" fill="#28c840"/>
<text class="t" x="${width / 2}" y="23">${escapeXml(title)}</text>
${body}
</svg>
`;
}

function prompt(command: string): Run[] {
  const look = { isDim: false, columns: 0 };
  return [
    { ...look, column: 0, columns: 1, text: "$", isBold: true, colour: 2 },
    {
      ...look,
      column: 2,
      columns: command.length,
      text: command,
      isBold: true,
      colour: undefined,
    },
  ];
}

function drawRun(run: Run, row: number): string {
  const { colour, isBold, isDim } = run;
  const fill = (colour === undefined ? undefined : COLOURS[colour % 8]) ?? "#e6edf3";
  const y = TITLE_HEIGHT + PADDING - 4 + row * LINE_HEIGHT;
  const isBlocks = run.text.includes(BLOCK);
  const pieces = [...run.text.matchAll(isBlocks ? /█+/g : /\S+(?: \S+)*/g)];
  return pieces.map(({ 0: text, index }) => {
    const x = number(PADDING + (run.column + widthOf(run.text.slice(0, index))) * CELL_WIDTH);
    const width = number(widthOf(text) * CELL_WIDTH);
    if (isBlocks) {
      return `<rect x="${x}" y="${y}" width="${width}" height="${LINE_HEIGHT}" fill="${fill}" shape-rendering="crispEdges"/>`;
    }
    const look = `${isBold ? ' font-weight="700"' : ""}${isDim ? ' opacity=".6"' : ""}`;
    return `<text x="${x}" y="${
      y + BASELINE
    }" textLength="${width}" lengthAdjust="spacingAndGlyphs" ` +
      `fill="${fill}"${look}>${escapeXml(text)}</text>`;
  }).join("\n");
}

// Letters of East Asia take two columns.
function widthOf(text: string): number {
  return [...text].reduce(
    (sum, letter) => sum + (/[\u1100-\u115f\u2e80-\uffdc]/.test(letter) ? 2 : 1),
    0,
  );
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** A text inside XML. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
