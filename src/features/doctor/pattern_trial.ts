// Tries patterns of allow_run: on unrelated texts, to see whether they let everything through, and
// on texts made after the pattern itself, to see whether any action would take those.

import { randomBelow, type RandomSource } from "../../base/random.ts";
import type { RunPatternFacts } from "./doctor_facts.ts";
import { samplePattern } from "./pattern_sample.ts";

/** How many texts are made after each pattern. */
export const SAMPLES = 16;

/** How many texts of each family are tried. */
export const TEXTS_PER_FAMILY = 2;

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS = "0123456789";
const SIGNS = "!\"#$%&'()*+,;<=>?@[\\]^`{|}~ ";

// What people write, and what nobody would: a pattern for one purpose fits few of them.
const FAMILIES: readonly ((draw: (alphabet: string, length: number) => string) => string)[] = [
  (draw) => draw(LETTERS, 12),
  (draw) => draw(DIGITS, 9),
  (draw) => `/${draw(LETTERS, 6)}/${draw(LETTERS, 4)}.${draw(LETTERS, 3)}`,
  (draw) => `${draw(LETTERS, 5)}:${draw(DIGITS, 3)}-${draw(LETTERS, 5)}`,
  (draw) => draw(LETTERS + DIGITS + SIGNS, 24),
];

/** Options of {@linkcode tryRunPatterns}. */
export interface PatternTrialOptions {
  /** The patterns of allow_run. */
  patterns: readonly string[];
  /** The patterns of the actions. */
  actionPatterns: readonly string[];
  /** Tells whether one of some patterns matches a whole text; throws where one does not compile. */
  compile: (patterns: readonly string[]) => (text: string) => boolean;
  /** Randomness for the texts. */
  random: RandomSource;
}

/** What each pattern lets through. */
export function tryRunPatterns(options: PatternTrialOptions): RunPatternFacts[] {
  const { patterns, actionPatterns, compile, random } = options;
  const isTaken = compile(actionPatterns);
  const texts = unrelatedTexts(random);
  return patterns.map((pattern) => {
    const isAllowed = compile([pattern]);
    const allowedTexts = texts.filter(isAllowed);
    const samples = Array.from({ length: SAMPLES }, () => samplePattern(pattern, random))
      .filter((text) => text !== undefined && text !== "" && isAllowed(text));
    return {
      pattern,
      tried: texts.length,
      matched: allowedTexts.length,
      unclaimed: [...samples, ...allowedTexts].find((text) => text !== undefined && !isTaken(text)),
    };
  });
}

function unrelatedTexts(random: RandomSource): string[] {
  const draw = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[randomBelow(random, alphabet.length)]).join("");
  return FAMILIES.flatMap((make) => Array.from({ length: TEXTS_PER_FAMILY }, () => make(draw)));
}
