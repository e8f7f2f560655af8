// Which texts remote peers may run over REST (docs/protocol.md §8): patterns in RE2, which cannot
// be made to run long, anchored and applied to the whole text.

import { RE2JS } from "re2js";

/** Whether a text is a pattern that compiles. */
export function isRunPattern(pattern: string): boolean {
  try {
    RE2JS.compile(pattern);
    return true;
  } catch {
    return false;
  }
}

/** Tells whether one of the patterns matches a whole text; throws where one does not compile. */
export function compileRunPatterns(patterns: readonly string[]): (text: string) => boolean {
  const compiled = patterns.map((pattern) => RE2JS.compile(pattern));
  return (text) => compiled.some((pattern) => pattern.matches(text));
}
