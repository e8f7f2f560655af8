// The PIN in the address.

import assert from "node:assert/strict";
import { takePin } from "../../src/page/pin_address.ts";

const ROWS: [hash: string, pin: string | undefined, isReplaced: boolean][] = [
  ["#pair=012345", "012345", true],
  ["#pair=12345", undefined, true],
  ["#pair=1234567", undefined, true],
  ["#pair=12345a", undefined, true],
  ["#pair=", undefined, true],
  ["#play", undefined, false],
  ["", undefined, false],
];
for (const [hash, pin, isReplaced] of ROWS) {
  Deno.test(`takePin() of "${hash}" is ${pin} and ${isReplaced ? "clears" : "keeps"} the address`, () => {
    const replaced: unknown[] = [];
    const history = { replaceState: (...all: unknown[]) => replaced.push(all) };
    assert.equal(takePin({ pathname: "/app/", hash }, history), pin);
    assert.deepEqual(replaced, isReplaced ? [[null, "", "/app/"]] : []);
  });
}
