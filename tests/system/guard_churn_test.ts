// Connections that are reset before they are accepted, by the thousand: none is turned away, and
// nobody else waits for them.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { startGuardProcess } from "./guard_process.ts";
import { askFrom } from "./guard_peer.ts";

const CHURNED = 3000;
const AT_ONCE = 50;
const NEWCOMER_MS = 100;

Deno.test({
  name: `${CHURNED} connections that are reset at once all get in, and delay nobody`,
  timeout: 60_000,
  fn: async () => {
    const guard = await startGuardProcess({});
    (await askFrom("127.0.0.2", guard.port)).close();
    let left = CHURNED;
    let connected = 0;
    const churn = Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) {
        if (await connectAndReset(guard.port)) connected += 1;
      }
    });
    const delaysMs: number[] = [];
    let isChurning = true;
    const newcomers = (async () => {
      while (isChurning) {
        const startedAt = performance.now();
        const { answer, close } = await askFrom("127.0.0.2", guard.port);
        delaysMs.push(performance.now() - startedAt);
        close();
        assert.match(answer, /^HTTP\/1.1 200 /);
      }
    })();
    await Promise.all(churn);
    isChurning = false;
    await newcomers;
    assert.equal(await guard.stop(), "");
    assert.equal(connected, CHURNED);
    const median = delaysMs.sort((a, b) => a - b)[Math.floor(delaysMs.length / 2)] ?? Infinity;
    assert.ok(median < NEWCOMER_MS, `${delaysMs.length} newcomers, median ${median} ms`);
  },
});

// False where the connection was refused.
async function connectAndReset(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    let isConnected = false;
    const socket = connect({ host: "127.0.0.1", port }, () => {
      isConnected = true;
      socket.resetAndDestroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(isConnected));
  });
}
