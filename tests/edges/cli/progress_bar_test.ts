import assert from "node:assert/strict";
import { progressLine } from "../../../src/edges/cli/progress_bar.ts";

const EMPTY = `[${"-".repeat(24)}]`;
const LINES: [done: number, whole: number, bar: string][] = [
  [0, 20, EMPTY],
  [-1, 0, EMPTY],
  [5, 20, `[${"#".repeat(6)}${"-".repeat(18)}]`],
  [20, 20, `[${"#".repeat(24)}]`],
  [30, 20, `[${"#".repeat(24)}]`],
];
for (const [done, whole, bar] of LINES) {
  Deno.test(`progressLine() shows ${done} of ${whole}`, () => {
    const line = progressLine({ done, whole, text: "SNES", columns: 40 });
    assert.equal(line, `\r${`${bar} SNES`.padEnd(39)}`);
  });
}

Deno.test("progressLine() stays in its line whatever the text and the width", () => {
  for (const columns of [1, 10, 40]) {
    const line = progressLine({ done: 1, whole: 2, text: "a\nb\x1b[2J".repeat(20), columns });
    assert.ok(line.length <= Math.max(2, columns));
    assert.ok(!["\r", "\n", "\x1b"].some((unsafe) => line.slice(1).includes(unsafe)));
  }
});
