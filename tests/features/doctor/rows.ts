// Judgements at their borders: facts and what is to be said of them.

import assert from "node:assert/strict";
import type { CheckStatus, Finding } from "../../../src/features/doctor/check.ts";

/** A name, facts, the status they lead to, and what is found (and advised) about them. */
export type JudgementRow<Facts> = readonly [string, Facts, CheckStatus, RegExp];

/** One test per row; advice is there exactly where there is something to do. */
export function testJudgement<Facts>(
  judge: (facts: Facts) => Finding,
  rows: readonly JudgementRow<Facts>[],
): void {
  for (const [name, facts, status, text] of rows) {
    Deno.test(`${judge.name}(): ${name}`, () => {
      const { status: judged, found, advice } = judge(facts);
      assert.equal(judged, status, found);
      assert.match(`${found}. ${advice ?? ""}`, text);
      assert.equal(advice !== undefined, status === "warn" || status === "fail");
      assert.doesNotMatch(found, /\.$|\n/);
    });
  }
}
