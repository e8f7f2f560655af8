// Reads XML of any size, piece by piece, as lenient as EmulationStation: what is malformed is a
// problem, and what was read so far counts. A document's own entities are never expanded, and
// nesting, attributes and texts are bounded.

import sax from "sax";

/** How deep elements may be nested. */
export const MAX_XML_DEPTH = 32;

/** How many attributes an element may have. */
export const MAX_XML_ATTRIBUTES = 64;

/** How much of an element's text is kept, in characters. */
export const MAX_XML_TEXT_CHARS = 16_384;

/** How many mistakes a document may have before the rest of it is left out. */
export const MAX_XML_MISTAKES = 1_000;

/** How much may come without an element, a text or an end, in characters. */
export const MAX_XML_QUIET_CHARS: number = 256 * 1024;

/** How many bytes are looked at for the encoding. */
const SNIFFED_BYTES = 256;

const TOO_LONG = "a name, an attribute or a comment is too long";

/** What hears of elements. */
export interface XmlListener {
  /** An element begins; `names` are those of all that are open, the new one last. */
  open?(names: readonly string[], attributes: Readonly<Record<string, string>>): void;
  /** An element ends, with the text that stood directly in it. */
  close(names: readonly string[], text: string): void;
}

/** Options of {@linkcode readXml}. */
export interface ReadXmlOptions {
  listener: XmlListener;
  /** Hears of the first mistake, and of why the rest is left out; sentences without a full stop. */
  onProblem: (message: string) => void;
}

/** The part of the library's parser that is used. */
interface SaxParser {
  error: Error | null;
  onerror: (error: Error) => void;
  onopentagstart: () => void;
  onattribute: () => void;
  onopentag: (tag: { name: string; attributes: Readonly<Record<string, string>> }) => void;
  onclosetag: (name: string) => void;
  ontext: (text: string) => void;
  oncdata: (text: string) => void;
  write(text: string): void;
  close(): void;
}

/** Reads a document to its end, or to where it cannot be read any more. */
export async function readXml(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadXmlOptions,
): Promise<void> {
  const reading = new Reading(options);
  for await (const text of decodeXml(chunks, options.onProblem)) {
    reading.write(text);
    if (reading.isOver) return;
  }
  reading.end();
}

class Reading {
  readonly #parser: SaxParser;
  readonly #options: ReadXmlOptions;
  readonly #names: string[] = [];
  readonly #texts: string[] = [];
  #attributes = 0;
  #quietChars = 0;
  #mistakes = 0;
  #isOver = false;

  constructor(options: ReadXmlOptions) {
    this.#options = options;
    // Strict, so that names keep their case and mistakes are told; entities of XML itself only.
    const parser = sax.parser(true, { strictEntities: true }) as SaxParser;
    this.#parser = parser;
    parser.onerror = (error): void => this.#mistake(error);
    parser.onopentagstart = (): void => void (this.#attributes = 0);
    parser.onattribute = (): void => {
      if (++this.#attributes > MAX_XML_ATTRIBUTES) this.#stop("an element has too many attributes");
    };
    parser.onopentag = ({ name, attributes }): void => this.#open(name, attributes);
    parser.onclosetag = (): void => this.#close();
    parser.ontext = (text): void => this.#text(text);
    parser.oncdata = (text): void => this.#text(text);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  write(text: string): void {
    this.#guard(() => this.#parser.write(text));
    this.#quietChars += text.length;
    if (this.#quietChars > MAX_XML_QUIET_CHARS) this.#stop(TOO_LONG);
  }

  end(): void {
    this.#guard(() => this.#parser.close());
  }

  // The parser stumbles over attributes that are named like methods.
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#stop("it cannot be parsed");
    }
  }

  #open(name: string, attributes: Readonly<Record<string, string>>): void {
    this.#quietChars = 0;
    if (this.#isOver) return;
    if (this.#names.length === MAX_XML_DEPTH) {
      this.#stop(`elements are nested more than ${MAX_XML_DEPTH} deep`);
      return;
    }
    this.#names.push(name);
    this.#texts.push("");
    this.#options.listener.open?.(this.#names, attributes);
  }

  #close(): void {
    this.#quietChars = 0;
    if (this.#isOver) return;
    this.#options.listener.close(this.#names, this.#texts.pop() ?? "");
    this.#names.pop();
  }

  #text(text: string): void {
    this.#quietChars = 0;
    const last = this.#texts.length - 1;
    const before = this.#texts[last];
    if (this.#isOver || before === undefined || before.length >= MAX_XML_TEXT_CHARS) return;
    this.#texts[last] = (before + text).slice(0, MAX_XML_TEXT_CHARS);
  }

  // Most mistakes are a bare "&" in a name, and everybody else reads on too.
  #mistake(error: Error): void {
    if (this.#isOver) return;
    const message = (error.message.split("\n")[0] ?? "").slice(0, 80).toLowerCase();
    if (/max buffer length/.test(message)) {
      this.#stop(TOO_LONG);
    } else if (/outside of root/.test(message)) {
      // Newer forks of EmulationStation write a second root.
      this.#parser.error = null;
    } else if (++this.#mistakes > MAX_XML_MISTAKES) {
      this.#stop(`it has more than ${MAX_XML_MISTAKES} mistakes`);
    } else {
      if (this.#mistakes === 1) this.#options.onProblem(`it is not well-formed: ${message}`);
      this.#parser.error = null;
    }
  }

  #stop(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onProblem(`${reason}, so the rest is left out`);
  }
}

/** The text of a document, by its byte order mark, its first signs, or what it declares. */
export async function* decodeXml(
  chunks: AsyncIterable<Uint8Array>,
  onProblem: (message: string) => void,
): AsyncGenerator<string> {
  let head: Uint8Array = new Uint8Array();
  let decoder: TextDecoder | undefined;
  let isBroken = false;
  const decode = (bytes: Uint8Array, stream: boolean): string => {
    const text = decoder?.decode(bytes, { stream }) ?? "";
    if (!isBroken && text.includes("\ufffd")) {
      isBroken = true;
      onProblem(`it has bytes that are not ${decoder?.encoding}`);
    }
    return text;
  };
  for await (const chunk of chunks) {
    if (decoder !== undefined) {
      yield decode(chunk, true);
      continue;
    }
    head = concat(head, chunk);
    if (head.length < SNIFFED_BYTES) continue;
    decoder = decoderFor(head, onProblem);
    if (decoder === undefined) return;
    yield decode(head, true);
  }
  if (decoder === undefined) {
    decoder = decoderFor(head, onProblem);
    yield decode(head, true);
  }
  yield decode(new Uint8Array(), false);
}

function decoderFor(
  head: Uint8Array,
  onProblem: (message: string) => void,
): TextDecoder | undefined {
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) {
    return new TextDecoder("utf-16le");
  }
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) {
    return new TextDecoder("utf-16be");
  }
  const start = new TextDecoder("latin1").decode(head.subarray(0, SNIFFED_BYTES));
  // A mark tells more than what the document says of itself, as editors write the one alone.
  const declared = /^<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(start)?.[1];
  // What can be read as ASCII up to here is no UTF-16, whatever it says.
  if (declared === undefined || /^utf-?16/i.test(declared)) return new TextDecoder();
  try {
    return new TextDecoder(declared);
  } catch {
    onProblem(`its encoding ${declared} is not known`);
    return undefined;
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
