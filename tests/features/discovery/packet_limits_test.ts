import assert from "node:assert/strict";
import {
  MAX_PACKET_BYTES,
  MAX_SOURCES,
  MIN_PACKET_BYTES,
  OVERALL_RATE,
  PacketLimits,
  SOURCE_RATE,
} from "../../../src/features/discovery/packet_limits.ts";

const NOW_MS = 1000;

function count(packets: number, admits: (n: number) => boolean): number {
  return Array.from({ length: packets }, (_, n) => admits(n)).filter(Boolean).length;
}

for (
  const [bytes, expected] of [
    [MIN_PACKET_BYTES - 1, false],
    [MIN_PACKET_BYTES, true],
    [MAX_PACKET_BYTES, true],
    [MAX_PACKET_BYTES + 1, false],
  ] as const
) {
  Deno.test(`a packet of ${bytes} bytes is ${expected ? "" : "not "}looked at`, () => {
    const limits = new PacketLimits();
    assert.equal(limits.admits({ address: "192.0.2.9", bytes }, NOW_MS), expected);
  });
}

Deno.test("a source has its rate, and does not take another's", () => {
  const limits = new PacketLimits();
  const from = (address: string, nowMs = NOW_MS) => (): boolean =>
    limits.admits({ address, bytes: 100 }, nowMs);
  assert.equal(count(3000, from("192.0.2.9")), SOURCE_RATE.burst);
  assert.equal(count(1, from("192.0.2.10")), 1);
  assert.equal(count(3000, from("192.0.2.9", NOW_MS + 1000)), SOURCE_RATE.perSecond);
});

Deno.test("many sources have one rate together", () => {
  const limits = new PacketLimits();
  const admitted = count(
    MAX_SOURCES * 10,
    (n) => limits.admits({ address: `source ${n}`, bytes: 100 }, NOW_MS),
  );
  assert.equal(admitted, OVERALL_RATE.burst);
});
