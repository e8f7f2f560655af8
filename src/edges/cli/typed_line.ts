// A line that whoever runs the command types or pipes in. The terminal stays as it is: it shows what
// is typed and edits the line itself.

/** Options of {@linkcode readTypedLine}. */
export interface ReadTypedLineOptions {
  /** What is asked, where standard input is a terminal. */
  question: string;
  /** Writes the question. */
  write: (text: string) => void;
}

const LINE_FEED = 10;

/** The next line of standard input without white space around it; undefined at its end. */
export function readTypedLine({ question, write }: ReadTypedLineOptions): string | undefined {
  if (Deno.stdin.isTerminal()) write(question);
  const line: number[] = [];
  const byte = new Uint8Array(1);
  for (;;) {
    // A byte at a time: what follows the line belongs to the next one.
    const count = Deno.stdin.readSync(byte);
    const [code = LINE_FEED] = byte;
    if (count === null && line.length === 0) return undefined;
    if (count === null || code === LINE_FEED) break;
    line.push(code);
  }
  return new TextDecoder().decode(Uint8Array.from(line)).trim();
}
