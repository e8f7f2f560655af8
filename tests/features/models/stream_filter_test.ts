// The judge of streams where many lines come in one piece.

import assert from "node:assert/strict";
import { type Bytes, concatBytes, utf8 } from "../../../src/base/bytes.ts";
import { StreamFilter } from "../../../src/features/models/stream_filter.ts";

const LINES = ["plain", "höher", "月", "🌙"].map((text) =>
  utf8(`{"message":{"content":"${text}"},"done":false}\n`)
);
const NO_TEXT = Uint8Array.of(0x7b, 0xff, 0x7d, 0x0a);
const LAST = utf8('{"done":true,"eval_count":4}\n');

function filter(): StreamFilter {
  return new StreamFilter({ format: "ndjson", hidesUsage: false });
}

Deno.test("lines of any letters pass together, with either end", () => {
  for (const end of ["\n", "\r\n"]) {
    const whole = concatBytes(...LINES, LAST);
    const piece = utf8(new TextDecoder().decode(whole).replaceAll("\n", end));
    const judge = filter();
    assert.deepEqual(judge.push(piece), { passed: [piece] });
    assert.deepEqual([judge.isFinal, judge.tokens.output], [true, 4]);
  }
});

Deno.test("wherever a piece is cut, the same comes out", () => {
  const whole = concatBytes(...LINES, LAST);
  for (let cut = 0; cut <= whole.length; cut++) {
    const judge = filter();
    const passed = [whole.slice(0, cut), whole.slice(cut)]
      .flatMap((piece) => [...judge.push(piece).passed]);
    assert.deepEqual(concatBytes(...passed), whole, `Cut at ${cut}`);
    assert.ok(judge.isFinal);
  }
});

const FAULTS: [what: string, line: Bytes, text: string][] = [
  ["is no UTF-8", NO_TEXT, "(not UTF-8)"],
  ["is no JSON", utf8("höher\n"), "höher"],
];
for (const [what, line, text] of FAULTS) {
  Deno.test(`a line that ${what} keeps back none of those before it`, () => {
    for (let before = 0; before <= LINES.length; before++) {
      const good = LINES.slice(0, before);
      const { passed, fault } = filter().push(concatBytes(...good, line, ...LINES));
      assert.deepEqual(concatBytes(...passed), concatBytes(...good));
      assert.deepEqual(fault, { reason: "not_json", text });
    }
  });
}
