import assert from "node:assert/strict";
import { compileRunPatterns } from "../../../src/features/actions/run_patterns.ts";
import { judgeAllowRun } from "../../../src/features/doctor/policy_judgements.ts";
import {
  MAX_SAMPLE_CHARACTERS,
  samplePattern,
} from "../../../src/features/doctor/pattern_sample.ts";
import { tryRunPatterns } from "../../../src/features/doctor/pattern_trial.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const SEEDS = Array.from({ length: 20 }, (_, i) => i);

// Every drawn text must match its pattern, as RE2 takes it.
const PATTERNS = [
  "radio",
  "video:.*",
  "video:(?P<file>[a-z0-9/ ]+)",
  "(?:a|b|cd)+e?",
  "(?i)light:(on|off)",
  "^games/[^/]{1,20}\\.(nes|sfc)$",
  "\\w+\\s\\d{3}",
  "[[:alpha:]][[:digit:]]*",
  "\\pL\\p{Nd}",
  "a\\.b\\*c\\\\d",
  "[]a-]x",
  "\\x41\\x{42}",
  "\\-\\:\\/\\@",
  "x{0}y{2,}z{1,2}?",
  "a||b",
  "((a)(b(c)))",
  "\\Aa\\bz?\\z",
  "é+",
];
for (const pattern of PATTERNS) {
  Deno.test(`samplePattern() draws texts that ${pattern} matches`, () => {
    const matches = compileRunPatterns([pattern]);
    for (const seed of SEEDS) {
      const text = samplePattern(pattern, seededRandom(seed));
      // A word's end where none can be is for the caller to find out.
      if (pattern.includes("\\b")) assert.notEqual(text, undefined);
      else assert.ok(text !== undefined && matches(text), JSON.stringify(text));
    }
  });
}

Deno.test("samplePattern() draws every alternative and every number of repeats", () => {
  const drawn = (pattern: string): Set<string | undefined> =>
    new Set(Array.from({ length: 200 }, (_, i) => samplePattern(pattern, seededRandom(i))));
  assert.deepEqual(drawn("a|b|c"), new Set(["a", "b", "c"]));
  assert.deepEqual([...drawn("a*")].sort(), ["", "a", "aa", "aaa"]);
  assert.deepEqual([...drawn("a{2,3}")].sort(), ["aa", "aaa"]);
  assert.deepEqual([...drawn("a?")].sort(), ["", "a"]);
});

Deno.test("samplePattern() gives up on what it does not understand", () => {
  for (
    const pattern of ["(a", "a)", "[^ -~]", "\\p{Nonsense}", `a{${MAX_SAMPLE_CHARACTERS + 1}}`]
  ) {
    assert.equal(samplePattern(pattern, seededRandom(1)), undefined, pattern);
  }
});

Deno.test("samplePattern() ends soon on repeats within repeats", () => {
  const pattern = "((((((a{0,9}){9}){9}){9}){9}){9}){9}";
  assert.equal(samplePattern(pattern, seededRandom(1)), undefined);
});

function trial(
  patterns: readonly string[],
  actionPatterns: readonly string[],
  seed = 1,
): ReturnType<typeof tryRunPatterns> {
  const random = seededRandom(seed);
  return tryRunPatterns({ patterns, actionPatterns, compile: compileRunPatterns, random });
}

// Pattern of allow_run, pattern of the only action, and the judgement.
const TRIALS: [string, string, string][] = [
  [".*", ".*", "fail"],
  [".+", "tv:.*", "fail"],
  [".{3,}", ".*", "fail"],
  ["(?s).*", ".*", "fail"],
  ["[^!]*", ".*", "fail"],
  ["[ -~]+", ".*", "fail"],
  ["[\\w/.:-]+", ".*", "fail"],
  ["a|.*", ".*", "fail"],
  ["tv:[0-9]+", "tv:[0-9]+", "ok"],
  ["tv:[0-9]+", "tv:.*", "ok"],
  ["tv:.*", "tv:[0-9]{3}", "warn"],
  ["tv:[0-9]+", "radio:.*", "warn"],
  ["tv|radio", "tv", "warn"],
  ["[a-z]+", "[a-z]+", "ok"],
];
for (const [pattern, match, status] of TRIALS) {
  Deno.test(`tryRunPatterns() leads to ${status} for ${pattern} with an action for ${match}`, () => {
    for (const seed of SEEDS) {
      const facts = trial([pattern], [match], seed);
      assert.equal(judgeAllowRun(facts).status, status, JSON.stringify(facts));
    }
  });
}

Deno.test("tryRunPatterns() says which text no action takes", () => {
  const [facts] = trial(["tv"], []);
  assert.deepEqual(facts, { pattern: "tv", tried: 10, matched: 0, unclaimed: "tv" });
});

Deno.test("tryRunPatterns() never names a text that its pattern refuses", () => {
  // The sampler knows no word boundaries: "a" and "b" never stand apart here.
  const [facts] = trial(["a\\bb"], []);
  assert.equal(facts?.unclaimed, undefined);
});

Deno.test("tryRunPatterns() tries each pattern by itself", () => {
  const facts = trial(["tv", ".*"], [".*"]);
  assert.deepEqual(facts.map(({ matched }) => matched), [0, 10]);
});
