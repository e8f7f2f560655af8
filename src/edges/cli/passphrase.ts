// A passphrase from whoever runs the command: a file, a variable, or typed twice without being seen.

import { CommandError, UsageError } from "./command.ts";
import { whyNot } from "./owner_files.ts";

/** The variable that a passphrase may stand in. */
export const PASSPHRASE_VARIABLE = "LATCHKEY_PASSPHRASE";

/** Options of {@linkcode readPassphrase}. */
export interface ReadPassphraseOptions {
  /** The file whose first line it is, if one was named. */
  file: string | undefined;
  /** Whether it is asked for a second time, for a new one. */
  isNew: boolean;
  /** Writes to the terminal. */
  write: (text: string) => void;
}

const ENTER = 13;
const LINE_FEED = 10;
const END_OF_TEXT = 3;
const END_OF_INPUT = 4;
const BACKSPACES = [8, 127];

/** The passphrase; UsageError where there is no way to get one, CommandError where that fails. */
export function readPassphrase(options: ReadPassphraseOptions): string {
  const { file, isNew, write } = options;
  if (file !== undefined) return readFirstLine(file);
  const fromVariable = Deno.env.get(PASSPHRASE_VARIABLE);
  if (fromVariable !== undefined) return fromVariable;
  if (!Deno.stdin.isTerminal()) {
    throw new UsageError(`Expected --passphrase-file, ${PASSPHRASE_VARIABLE}, or a terminal`);
  }
  const first = ask("Passphrase: ", write);
  if (isNew && ask("Again: ", write) !== first) {
    throw new CommandError("The passphrases do not match");
  }
  return first;
}

function readFirstLine(file: string): string {
  try {
    return Deno.readTextFileSync(file).split(/\r?\n/, 1)[0] ?? "";
  } catch (error) {
    throw new CommandError(`Cannot read ${file}: ${whyNot(error)}`, { cause: error });
  }
}

// The terminal shows nothing of it, so the few keys that a line editor knows are done here.
function ask(prompt: string, write: (text: string) => void): string {
  // Before the question, or what is typed at once would be shown.
  Deno.stdin.setRaw(true);
  try {
    write(prompt);
    return readLine();
  } finally {
    Deno.stdin.setRaw(false);
    write("\n");
  }
}

function readLine(): string {
  const line: number[] = [];
  const byte = new Uint8Array(1);
  for (;;) {
    const count = Deno.stdin.readSync(byte);
    const [code = END_OF_INPUT] = byte;
    if (count === null || code === END_OF_TEXT || code === END_OF_INPUT) {
      throw new CommandError("Passphrase required");
    }
    if (code === ENTER || code === LINE_FEED) {
      return new TextDecoder().decode(Uint8Array.from(line));
    }
    if (BACKSPACES.includes(code)) removeCharacter(line);
    else line.push(code);
  }
}

// A character of UTF-8 is its first byte and those that go on with 10xxxxxx.
function removeCharacter(line: number[]): void {
  for (let last = line.pop(); last !== undefined && (last & 0xc0) === 0x80;) last = line.pop();
}
