// Connections that are reset before they are accepted, by the thousand: none is turned away, and
// nobody else waits for them. How long a newcomer may take is measured beside it, at a plain accept
// loop that is churned as much at the same time: a busy machine slows both down.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { startGuardProcess } from "./guard_process.ts";
import { askFrom } from "./guard_peer.ts";
import { startPlainAcceptLoop } from "./plain_accept_loop.ts";

const CHURNED = 3000;
const AT_ONCE = 50;
/** What newcomers may wait on a machine at rest: one pause of the accept loop is too much. */
const NEWCOMER_MS = 100;
/** How much longer on one that is busy: the guard connects once more, and serves HTTP behind that. */
const GUARD_WORK = 3;

Deno.test({
  name: `${CHURNED} connections that are reset at once all get in, and delay nobody`,
  timeout: 60_000,
  fn: async () => {
    const [guard, plain] = [await startGuardProcess({}), await startPlainAcceptLoop()];
    const ports = [guard.port, plain.port];
    for (const port of ports) await delayOfNewcomer(port);
    let isChurning = true;
    const newcomers = Promise.all(ports.map(async (port) => {
      const delaysMs: number[] = [];
      while (isChurning) delaysMs.push(await delayOfNewcomer(port));
      return delaysMs;
    }));
    const connected = await Promise.all(ports.map(churn));
    isChurning = false;
    const [atGuard = [], atPlain = []] = await newcomers;
    await plain.stop();
    // A pause is warned of.
    assert.equal(await guard.stop(), "");
    assert.deepEqual(connected, [CHURNED, CHURNED]);
    const [guardMs, plainMs] = [median(atGuard), median(atPlain)];
    assert.ok(
      guardMs < Math.max(NEWCOMER_MS, GUARD_WORK * plainMs),
      `${atGuard.length} newcomers, median ${guardMs} ms; plain accept loop: ${plainMs} ms`,
    );
  },
});

// How many of them connected.
async function churn(port: number): Promise<number> {
  let left = CHURNED;
  let connected = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) {
      if (await connectAndReset(port)) connected += 1;
    }
  }));
  return connected;
}

async function delayOfNewcomer(port: number): Promise<number> {
  const startedAt = performance.now();
  const { answer, close } = await askFrom("127.0.0.2", port);
  const delayMs = performance.now() - startedAt;
  close();
  assert.match(answer, /^HTTP\/1.1 200 /);
  return delayMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Infinity;
}

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
