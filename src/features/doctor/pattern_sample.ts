// A text after a pattern, drawn at random. It knows the common part of RE2's syntax and guesses at
// the rest: whoever uses a text asks the pattern first whether it matches.

import { randomBelow, type RandomSource } from "../../base/random.ts";

/** The most repetitions that are drawn beyond what a pattern asks for. */
export const MAX_EXTRA_REPEATS = 3;

/** The longest text that is drawn, in characters; what a run text may have at most. */
export const MAX_SAMPLE_CHARACTERS = 2_048;

/** The most characters and groups that are drawn for one text; repeats multiply. */
export const MAX_DRAWS = 10_000;

const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i));

const GROUP_START = /^\((?:\?(?:P?<\w+>|[a-zA-Z-]*:))?/;
const FLAGS = /^\(\?[a-zA-Z-]+\)/;
const ANCHOR = /^(?:[\^$]|\\[AzbB])/;
const ATOM =
  /^(?:\\(?:[pP](?:\{[^}]*\}|.)|x\{[^}]*\}|x[0-9a-fA-F]{2}|.)|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|[^()|])/su;
const QUANTIFIER = /^(?:[*+?]|\{(\d+)(,(\d*))?\})\??/;

/** A text that the pattern probably matches; undefined where its syntax is not understood. */
export function samplePattern(pattern: string, random: RandomSource): string | undefined {
  try {
    const sampler = new PatternSampler(pattern, random);
    const text = sampler.drawAlternatives();
    return sampler.isAtEnd && text.length <= MAX_SAMPLE_CHARACTERS ? text : undefined;
  } catch {
    return undefined;
  }
}

class PatternSampler {
  readonly #random: RandomSource;
  #rest: string;
  #draws = 0;

  constructor(pattern: string, random: RandomSource) {
    this.#rest = pattern;
    this.#random = random;
  }

  get isAtEnd(): boolean {
    return this.#rest === "";
  }

  drawAlternatives(): string {
    const alternatives = [this.#drawSequence()];
    while (this.#take(/^\|/) !== undefined) alternatives.push(this.#drawSequence());
    return this.#pick(alternatives);
  }

  #drawSequence(): string {
    let text = "";
    while (!this.isAtEnd && !/^[|)]/.test(this.#rest)) {
      if (this.#take(FLAGS) !== undefined || this.#take(ANCHOR) !== undefined) continue;
      text += this.#drawRepeated();
    }
    return text;
  }

  // What is repeated is drawn anew each time, so its place in the pattern is gone back to.
  #drawRepeated(): string {
    const start = this.#rest;
    const once = this.#drawOne();
    const quantifier = QUANTIFIER.exec(this.#rest);
    if (quantifier === null) return once;
    const after = this.#rest.slice(quantifier[0].length);
    const { least, most } = repeatsOf(quantifier);
    const count = least + randomBelow(this.#random, Math.min(most - least, MAX_EXTRA_REPEATS) + 1);
    if (count > MAX_SAMPLE_CHARACTERS) throw new RangeError("Cannot draw text: too long");
    let text = "";
    for (let i = 0; i < count; i++) {
      this.#rest = start;
      text += this.#drawOne();
    }
    this.#rest = after;
    return text;
  }

  #drawOne(): string {
    if (++this.#draws > MAX_DRAWS) throw new RangeError("Cannot draw text: too much");
    if (this.#take(GROUP_START) !== undefined) {
      const text = this.drawAlternatives();
      if (this.#take(/^\)/) === undefined) throw new SyntaxError("Cannot draw text: open group");
      return text;
    }
    const atom = this.#take(ATOM);
    if (atom === undefined) throw new SyntaxError("Cannot draw text: unknown syntax");
    if (!/^[\\[.]/.test(atom)) return atom;
    const isFitting = new RegExp(`^(?:${atomInJavaScript(atom)})$`, "u");
    return this.#pick(PRINTABLE.filter((character) => isFitting.test(character)));
  }

  #pick(choices: readonly string[]): string {
    const choice = choices[randomBelow(this.#random, choices.length)];
    if (choice === undefined) throw new RangeError("Cannot draw text: nothing fits");
    return choice;
  }

  #take(token: RegExp): string | undefined {
    const text = token.exec(this.#rest)?.[0];
    if (text !== undefined) this.#rest = this.#rest.slice(text.length);
    return text;
  }
}

function repeatsOf(quantifier: RegExpExecArray): { least: number; most: number } {
  const [text, least, comma, most] = quantifier;
  if (least !== undefined) {
    if (comma === undefined) return { least: Number(least), most: Number(least) };
    return { least: Number(least), most: most ? Number(most) : Infinity };
  }
  if (text.startsWith("?")) return { least: 0, most: 1 };
  return { least: text.startsWith("+") ? 1 : 0, most: Infinity };
}

const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alpha: "a-zA-Z",
  digit: "0-9",
  alnum: "a-zA-Z0-9",
  lower: "a-z",
  upper: "A-Z",
  word: "\\w",
  space: "\\s",
  punct: "!-\\/:-@\\[-`\\{-~",
  xdigit: "0-9a-fA-F",
};

// JavaScript knows no POSIX classes and, with the flag u, no needless escapes.
function atomInJavaScript(atom: string): string {
  return atom
    .replace(/^\[(\^?)\]/, "[$1\\]")
    .replace(/\[:(\w+):\]/g, (_, name: string) => POSIX_CLASSES[name] ?? "")
    .replace(/\\x\{/g, "\\u{")
    .replace(/\\([pP])([A-Z])/g, "\\$1{$2}")
    .replace(/\\([^\w^$\\.*+?()[\]{}|/-])/g, "$1")
    .replace(/^\\-$/, "-");
}
