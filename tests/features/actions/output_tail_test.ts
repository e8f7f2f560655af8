import assert from "node:assert/strict";
import { OUTPUT_TAIL_BYTES, OutputTail } from "../../../src/features/actions/output_tail.ts";
import { seededRandom } from "../../support/seeded_random.ts";

Deno.test("an OutputTail keeps everything up to its size", () => {
  const tail = new OutputTail();
  assert.equal(tail.text(), "");
  tail.add(new TextEncoder().encode("a".repeat(OUTPUT_TAIL_BYTES - 1)));
  tail.add(new TextEncoder().encode("b"));
  assert.equal(tail.text(), "a".repeat(OUTPUT_TAIL_BYTES - 1) + "b");
});

// The sizes of the pieces in which the same output arrives.
for (const size of [1, 7, 1000, 4096, OUTPUT_TAIL_BYTES, OUTPUT_TAIL_BYTES + 1, 200_000]) {
  Deno.test(`an OutputTail keeps the last bytes of pieces of ${size}`, () => {
    const letters = seededRandom(size)(200_000).map((byte) => 97 + byte % 26);
    const tail = new OutputTail();
    for (let at = 0; at < letters.length; at += size) tail.add(letters.subarray(at, at + size));
    assert.equal(tail.text(), new TextDecoder().decode(letters.slice(-OUTPUT_TAIL_BYTES)));
  });
}

Deno.test("an OutputTail replaces what is not UTF-8, and does not keep the caller's buffer", () => {
  const tail = new OutputTail();
  const chunk = Uint8Array.of(0x61, 0xff, 0x62);
  tail.add(chunk);
  chunk.fill(0x7a);
  assert.equal(tail.text(), "a\ufffdb");
});
