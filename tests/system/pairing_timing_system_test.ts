// A leak in the time is the one thing that a timed test may judge: the right PIN's mask as X must
// take the device as long as any other X (docs/protocol.md §2).

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { PairingWindow } from "../../src/features/pairing/pairing_window.ts";
import { postJson } from "../support/reference_phone.ts";
import { openPairing, withService } from "../support/service_process.ts";
import { measureStarts, type StartTimes } from "../support/start_timing.ts";

const LEAST = 0.8;
const MOST = 1.25;

/** A leak shows every time; whatever else keeps the machine busy does not. */
const MEASUREMENTS = 3;

async function assertAlike(measure: () => Promise<StartTimes>): Promise<void> {
  const texts: string[] = [];
  while (texts.length < MEASUREMENTS) {
    const { rightMs, wrongMs, randomMs } = await measure();
    const ratios = [rightMs / wrongMs, rightMs / randomMs, wrongMs / randomMs];
    if (ratios.every((ratio) => ratio > LEAST && ratio < MOST)) return;
    texts.push(`right ${rightMs} ms, wrong ${wrongMs} ms, random ${randomMs} ms`);
  }
  assert.fail(texts.join("; "));
}

Deno.test("start takes as long for the right PIN's mask as for any X, in process", async () => {
  const window = new PairingWindow({
    clock: systemClock,
    random: systemRandom,
    clients: { limit: 50, maxNameBytes: 128, count: () => 0, add: () => {} },
    events: { opened: () => {}, failed: () => {}, refused: () => {}, ended: () => {} },
  });
  const { pin } = window.open();
  const start = (messageA: Uint8Array<ArrayBuffer>): void =>
    void window.start({ clientName: "x", messageA, address: "192.0.2.1" });
  await assertAlike(() => measureStarts({ pin, start }));
  window.close();
});

Deno.test("start takes as long for the right PIN's mask as for any X, over a socket", async () => {
  await withService({}, async ({ baseUrl }) => {
    const pin = await openPairing(baseUrl);
    const start = async (messageA: Uint8Array): Promise<void> => {
      const pake = Buffer.from(messageA).toString("base64");
      const { status } = await postJson(`${baseUrl}/api/pair/start`, { pake, name: "x" });
      assert.equal(status, 200);
    };
    await assertAlike(() => measureStarts({ pin, start }));
  });
});
