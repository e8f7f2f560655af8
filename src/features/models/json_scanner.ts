// Reads one JSON object that comes in pieces, without keeping it: checks that it is JSON to the
// letter and picks out a few short members by their path. Names are compared without case, as Go's
// decoder does, which is what an Ollama server reads its requests with.

import { decodeUtf8 } from "../../base/bytes.ts";
import type { TextMeter } from "./text_meter.ts";

/** How deep arrays and objects may lie in each other. */
export const MAX_JSON_DEPTH = 256;

/** The longest text of a name or value that is looked at, in bytes with its escapes. */
export const MAX_PICKED_BYTES = 1024;

/** A member that was asked for. */
export interface PickedMember {
  /** How often it has come so far. */
  readonly count: number;
  /** Its last value; undefined where that was an object, an array or too long. */
  readonly value: unknown;
}

/** Options of {@linkcode JsonScanner}. */
export interface JsonScannerOptions {
  /** Is told of the texts and numbers that are not picked. */
  meter?: TextMeter;
  /** Hears of every value of a wanted member, as `PickedMember.value` has it. */
  onPicked?: (path: string, value: unknown) => void;
}

/** The text is not a JSON object. */
export class JsonSyntaxError extends Error {
  /** An error that tells nothing of the text. */
  constructor() {
    super("Not a JSON object");
    this.name = "JsonSyntaxError";
  }
}

type State =
  | "start"
  | "value"
  | "first_key"
  | "key"
  | "colon"
  | "first_element"
  | "after"
  | "string"
  | "escape"
  | "hex"
  | "scalar"
  | "end";

const QUOTE = 0x22, COMMA = 0x2c, COLON = 0x3a, BACKSLASH = 0x5c, LETTER_U = 0x75;
const OPEN_BRACE = 0x7b, CLOSE_BRACE = 0x7d, OPEN_BRACKET = 0x5b, CLOSE_BRACKET = 0x5d;
const ESCAPES = new Set([...'"\\/bfnrt'].map((character) => character.charCodeAt(0)));
const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
// Kelvin sign and long s, which Go takes for the letters k and s.
const FOLDED_LETTERS = /[\u212a\u017f]/;

/** A scanner for one object. */
export class JsonScanner {
  readonly #wanted: ReadonlySet<string>;
  readonly #meter: TextMeter | undefined;
  readonly #onPicked: (path: string, value: unknown) => void;
  readonly #picked = new Map<string, PickedMember>();
  readonly #stack: number[] = [];
  readonly #token = new Uint8Array(MAX_PICKED_BYTES);
  readonly #names: string[] = [];
  #tokenLength = 0;
  #isKept = false;
  #isName = false;
  #state: State = "start";
  #hexLeft = 0;
  #hasFoldedLetters = false;

  /** Picks members by their paths in small letters: "model", "usage.prompt_tokens". */
  constructor(wanted: readonly string[], { meter, onPicked = () => {} }: JsonScannerOptions = {}) {
    this.#wanted = new Set(wanted);
    this.#meter = meter;
    this.#onPicked = onPicked;
  }

  /** Whether the object has come to its end. */
  get isComplete(): boolean {
    return this.#state === "end";
  }

  /** Whether a name of the object itself has letters that only some decoders take for others. */
  get hasFoldedLetters(): boolean {
    return this.#hasFoldedLetters;
  }

  /** What has come of a wanted member; undefined where nothing has. */
  picked(path: string): PickedMember | undefined {
    return this.#picked.get(path);
  }

  /**
   * Takes the next piece. The position behind the object's last brace where that is in the piece,
   * else undefined. Throws JsonSyntaxError.
   */
  push(bytes: Uint8Array): number | undefined {
    let end: number | undefined;
    for (let at = 0; at < bytes.length; at++) {
      if (this.#state === "string" && !this.#isKept) {
        const from = at;
        at = skipPlain(bytes, from);
        if (!this.#isName) this.#meter?.addPlain(bytes, { from, to: at });
      }
      const byte = bytes[at];
      if (byte === undefined) break;
      const wasComplete = this.isComplete;
      this.#step(byte);
      if (this.isComplete && !wasComplete) end = at + 1;
    }
    return end;
  }

  #step(byte: number): void {
    switch (this.#state) {
      case "string":
        return this.#inString(byte);
      case "escape":
        return this.#inEscape(byte);
      case "hex":
        return this.#inHex(byte);
      case "scalar":
        if (isScalarByte(byte)) return this.#keep(byte);
        this.#endScalar();
    }
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return;
    this.#between(byte);
  }

  #between(byte: number): void {
    switch (this.#state) {
      case "start":
        if (byte !== OPEN_BRACE) throw new JsonSyntaxError();
        return this.#open(byte);
      case "first_element":
        if (byte === CLOSE_BRACKET) return this.#close(byte);
        return this.#beginValue(byte);
      case "value":
        return this.#beginValue(byte);
      case "first_key":
        if (byte === CLOSE_BRACE) return this.#close(byte);
        return this.#beginName(byte);
      case "key":
        return this.#beginName(byte);
      case "colon":
        if (byte !== COLON) throw new JsonSyntaxError();
        this.#state = "value";
        return;
      case "after":
        if (byte !== COMMA) return this.#close(byte);
        this.#state = this.#stack.at(-1) === OPEN_BRACE ? "key" : "value";
        return;
      default:
        throw new JsonSyntaxError();
    }
  }

  #beginName(byte: number): void {
    if (byte !== QUOTE) throw new JsonSyntaxError();
    this.#beginString({ isName: true, isKept: this.#stack.length <= 2 });
  }

  #beginValue(byte: number): void {
    const path = this.#path();
    const isWanted = path !== undefined && this.#wanted.has(path);
    if (byte === QUOTE) return this.#beginString({ isName: false, isKept: isWanted });
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (isWanted) this.#pick(path, undefined);
      return this.#open(byte);
    }
    if (!isScalarByte(byte)) throw new JsonSyntaxError();
    this.#tokenLength = 0;
    this.#isKept = isWanted;
    this.#state = "scalar";
    this.#keep(byte);
  }

  #beginString(options: { isName: boolean; isKept: boolean }): void {
    this.#isName = options.isName;
    this.#isKept = options.isKept;
    this.#tokenLength = 0;
    this.#state = "string";
    if (this.#isKept) this.#keep(QUOTE);
  }

  #inString(byte: number): void {
    if (byte < 0x20) throw new JsonSyntaxError();
    if (this.#isKept) this.#keep(byte);
    if (byte === BACKSLASH) {
      this.#state = "escape";
      if (!this.#isKept && !this.#isName) this.#meter?.addEscape();
    } else if (byte === QUOTE) this.#endString();
  }

  #inEscape(byte: number): void {
    if (this.#isKept) this.#keep(byte);
    if (byte === LETTER_U) {
      this.#hexLeft = 4;
      this.#state = "hex";
    } else if (ESCAPES.has(byte)) this.#state = "string";
    else throw new JsonSyntaxError();
  }

  #inHex(byte: number): void {
    if (!/[0-9a-fA-F]/.test(String.fromCharCode(byte))) throw new JsonSyntaxError();
    if (this.#isKept) this.#keep(byte);
    this.#hexLeft -= 1;
    if (this.#hexLeft === 0) this.#state = "string";
  }

  #endString(): void {
    const text = this.#isKept ? this.#tokenText() : undefined;
    if (this.#isName) {
      this.#nameMember(text);
      this.#state = "colon";
      return;
    }
    if (this.#isKept) this.#pick(this.#path() ?? "", text && JSON.parse(text));
    else this.#meter?.endText();
    this.#state = "after";
  }

  // A name that is too long to be kept is none that anybody wants.
  #nameMember(text: string | undefined): void {
    const depth = this.#stack.length;
    if (depth > 2) return;
    const name = text === undefined ? "" : String(JSON.parse(text));
    if (depth === 1 && FOLDED_LETTERS.test(name)) this.#hasFoldedLetters = true;
    this.#names[depth - 1] = name.toUpperCase().toLowerCase();
  }

  #endScalar(): void {
    const text = this.#tokenText();
    if (text === undefined || !SCALAR.test(text)) throw new JsonSyntaxError();
    if (this.#isKept) this.#pick(this.#path() ?? "", JSON.parse(text));
    else this.#meter?.addScalar();
    this.#state = "after";
  }

  #open(byte: number): void {
    if (this.#stack.length === MAX_JSON_DEPTH) throw new JsonSyntaxError();
    this.#stack.push(byte);
    this.#state = byte === OPEN_BRACE ? "first_key" : "first_element";
  }

  #close(byte: number): void {
    const opened = this.#stack.pop();
    const isPair = byte === CLOSE_BRACE ? opened === OPEN_BRACE : opened === OPEN_BRACKET;
    if (!isPair || (byte !== CLOSE_BRACE && byte !== CLOSE_BRACKET)) throw new JsonSyntaxError();
    this.#state = this.#stack.length === 0 ? "end" : "after";
  }

  // The path of the value that begins or ends now, where it lies in no array and not too deep.
  #path(): string | undefined {
    const [outer = "", inner = ""] = this.#names;
    if (this.#stack.length === 1) return outer;
    const isInner = this.#stack.length === 2 && this.#stack[1] === OPEN_BRACE;
    return isInner ? `${outer}.${inner}` : undefined;
  }

  #pick(path: string, value: unknown): void {
    this.#onPicked(path, value);
    this.#picked.set(path, { count: (this.#picked.get(path)?.count ?? 0) + 1, value });
  }

  #keep(byte: number): void {
    if (this.#tokenLength < MAX_PICKED_BYTES) this.#token[this.#tokenLength] = byte;
    this.#tokenLength += 1;
  }

  #tokenText(): string | undefined {
    if (this.#tokenLength > MAX_PICKED_BYTES) return undefined;
    return decodeUtf8(this.#token.subarray(0, this.#tokenLength));
  }
}

// The next byte of a string that could end it, escape or be forbidden.
function skipPlain(bytes: Uint8Array, from: number): number {
  let at = from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE || byte === BACKSLASH || byte < 0x20) break;
  }
  return at;
}

function isScalarByte(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x2b ||
    byte === 0x2d || byte === 0x2e || byte === 0x45;
}
