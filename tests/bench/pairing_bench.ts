// What a pairing costs: CPU of the device's steps in this process, and whether the time of a start
// tells the right PIN.

import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { PairingWindow } from "../../src/features/pairing/pairing_window.ts";
import { messageAFor, startPhone } from "../support/pairing_phone.ts";
import { measureStarts } from "../support/start_timing.ts";
import { median } from "./statistics.ts";
import type { BenchRow } from "./table.ts";

const PAIRINGS = 60;

/** Rows of pairing. */
export async function pairingRows(): Promise<BenchRow[]> {
  const { startMs, finishMs } = measurePairing();
  return [
    { name: "CPU of pair/start", value: startMs, unit: "ms" },
    {
      name: "CPU of pair/finish, store excluded",
      value: finishMs,
      unit: "ms",
      ratio: `${(finishMs / startMs).toFixed(2)} × start`,
    },
    ...await startTimeRows(),
  ];
}

// 1.00 is what must come out: whoever hears the right PIN in the time has no need of the finish.
async function startTimeRows(): Promise<BenchRow[]> {
  const window = benchWindow();
  const { pin } = window.open();
  const { rightMs, wrongMs, randomMs } = await measureStarts({
    pin,
    start: (messageA) => window.start({ clientName: "bench", messageA, address: "192.0.2.1" }),
  });
  window.close();
  const row = (name: string, ms: number): BenchRow => ({
    name: `pair/start, ${name}`,
    value: ms,
    unit: "ms",
    ratio: `${(ms / randomMs).toFixed(3)} × random X`,
  });
  return [
    row("X = pw·U (the right PIN)", rightMs),
    row("X of a wrong PIN", wrongMs),
    row("random X", randomMs),
  ];
}

function benchWindow(): PairingWindow {
  return new PairingWindow({
    clock: systemClock,
    random: systemRandom,
    clients: { limit: 50, maxNameBytes: 128, count: () => 0, add: () => {} },
    events: { opened: () => {}, failed: () => {}, refused: () => {}, ended: () => {} },
  });
}

function measurePairing(): { startMs: number; finishMs: number } {
  const startTimes: number[] = [];
  const finishTimes: number[] = [];
  for (let i = 0; i < PAIRINGS; i++) {
    const window = benchWindow();
    const { pin } = window.open();
    const { messageA } = messageAFor(pin, BigInt(i + 2));
    const startedAt = performance.now();
    window.start({ clientName: "bench", messageA, address: "192.0.2.1" });
    startTimes.push(performance.now() - startedAt);
    const phone = startPhone(window, { pin });
    const finishedAt = performance.now();
    window.finish(phone);
    finishTimes.push(performance.now() - finishedAt);
  }
  return { startMs: median(startTimes), finishMs: median(finishTimes) };
}
