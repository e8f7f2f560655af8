// What a pairing and a session cost: CPU of the device's steps in this process, and session set-ups
// per second over real sockets.

import { randomBytes } from "node:crypto";
import WebSocket from "ws";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { PairingWindow } from "../../src/features/pairing/pairing_window.ts";
import { messageAFor, startPhone } from "../support/pairing_phone.ts";
import { pairPhone } from "../support/reference_phone.ts";
import { ReferenceSession } from "../support/reference_protocol.ts";
import { openPairing, startService, withDataDir } from "../support/service_process.ts";
import { measureStarts } from "../support/start_timing.ts";
import { type BenchRow, median } from "./table.ts";

const PAIRINGS = 60;
const SESSIONS = 200;

/** Rows of pairing and session set-up. */
export async function handshakeRows(): Promise<BenchRow[]> {
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
    ...await measureSessions(),
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

async function measureSessions(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  await withDataDir(async (dataDir) => {
    const service = await startService({ dataDir });
    const { baseUrl } = service;
    const pairing = await pairPhone(baseUrl, { pin: await openPairing(baseUrl) });
    const url = `${baseUrl.replace("http", "ws")}/api/v0.1`;
    const plain = await timeEach(() => pingOnce(url, () => "ping"));
    const sealed = await timeEach(() => {
      const { pairingKey, authToken } = pairing;
      const salt = randomBytes(16);
      const session = new ReferenceSession({ pairingKey, authToken, salt, envelope: "json" });
      return pingOnce(url, () => session.seal("ping"));
    });
    rows.push(
      { name: "connect and ping, plain", value: plain, unit: "ms", ratio: "1.00 ×" },
      {
        name: "connect and ping, a new session each (durable salt)",
        value: sealed,
        unit: "ms",
        ratio: `${(sealed / plain).toFixed(2)} ×`,
      },
      { name: "session set-ups, one after the other", value: 1000 / sealed, unit: "/s" },
    );
    await service.stop();
  });
  return rows;
}

async function timeEach(run: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < SESSIONS; i++) {
    const startedAt = performance.now();
    await run();
    times.push(performance.now() - startedAt);
  }
  return median(times);
}

async function pingOnce(url: string, message: () => string | Uint8Array): Promise<void> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => socket.send(message()));
    socket.once("message", () => resolve());
    socket.once("error", reject);
  });
  socket.terminate();
}
