import assert from "node:assert/strict";
import { START_REST_MS } from "../../../src/features/pairing/pairing_limits.ts";
import { StartShares } from "../../../src/features/pairing/start_shares.ts";

Deno.test("a host alone starts once per second, and at once again after a rest", () => {
  const shares = new StartShares(0);
  const admit = (nowMs: number): boolean => shares.admit("192.0.2.1", nowMs);
  assert.deepEqual([admit(0), admit(0), admit(999), admit(1000), admit(1000)], [
    true,
    false,
    false,
    true,
    false,
  ]);
  assert.deepEqual([admit(1000 + START_REST_MS), admit(1000 + START_REST_MS)], [true, false]);
});

const FLOODS: [string, (n: number) => string][] = [
  ["IPv4 hosts", (n) => `198.51.100.${n}`],
  ["addresses of 20 IPv6 networks", (n) => `2001:db8:0:${n % 20}::${n}`],
];
for (const [what, addressOf] of FLOODS) {
  Deno.test(`20 ${what} that never stop cannot keep an owner out for more than seconds`, () => {
    const shares = new StartShares(0);
    let worstMs = 0;
    let sinceMs: number | undefined;
    let isOwnersTurn = 0;
    // They ask every 50 ms, the owner's phone once in 1.1 s until it gets in, then rests.
    for (let nowMs = 0; nowMs < 600_000; nowMs += 50) {
      for (let n = 0; n < 20; n++) shares.admit(addressOf(n), nowMs);
      if (nowMs < isOwnersTurn) continue;
      sinceMs ??= nowMs;
      if (shares.admit("192.0.2.1", nowMs)) {
        worstMs = Math.max(worstMs, nowMs - sinceMs);
        sinceMs = undefined;
        isOwnersTurn = nowMs + START_REST_MS + 50;
      } else isOwnersTurn = nowMs + 1_100;
    }
    assert.ok(sinceMs === undefined || 600_000 - sinceMs < 25_000);
    assert.ok(worstMs < 25_000, `${worstMs} ms`);
  });
}
