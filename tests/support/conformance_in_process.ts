// The checks of `latchkey conform` against the real service in this process.

import { asJsonObject } from "../../src/base/json.ts";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import {
  type ConformReport,
  type ConformResult,
  judgeServer,
} from "../../src/features/conform/conformance.ts";
import { PATIENCE_MS } from "../../src/features/conform/conform_stage.ts";
import type { DeviceWire, WireAnswer } from "../../src/features/conform/device_wire.ts";
import { type AppInProcess, withAppInProcess } from "./app_in_process.ts";
import { sdkSockets } from "./sdk_in_process.ts";

/** A service that was judged. */
export interface Judged {
  /** The judgement. */
  readonly report: ConformReport;
  /** What was told while it was made. */
  readonly heard: readonly ConformResult[];
  /** The service, still running. */
  readonly app: AppInProcess;
}

// What waits for the service's limits lets its time go on; what watches over answers waits itself.
function waitIn({ clock }: AppInProcess): Clock["after"] {
  return (delayMs, run) => {
    if (delayMs !== PATIENCE_MS) return systemClock.after(delayMs, run);
    clock.advance(delayMs);
    queueMicrotask(run);
    return () => {};
  };
}

/** The result of a method, asked as the device itself. */
export async function askLocal(app: AppInProcess, method: string): Promise<unknown> {
  const response = await app.request("/api", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method }),
  });
  return asJsonObject(await response.json())?.["result"];
}

/** Options of {@linkcode judgeInProcess}. */
export interface JudgeOptions {
  /** How many PINs there are. */
  readonly pins: number;
  /** Another host that judges; the device itself where there is none. */
  readonly from?: string;
  /** What stands between the checks and the service. */
  readonly between?: (wire: DeviceWire) => DeviceWire;
  /** How long an answer may take, in milliseconds. */
  readonly limitMs?: number;
  /** The service's configuration. */
  readonly toml?: string;
}

/** Judges the service; `look` sees it before it stops. */
export async function judgeInProcess(
  { pins: maxPins, from, between = (wire) => wire, limitMs = 15_000, toml = "" }: JudgeOptions,
  look: (judged: Judged) => Promise<void> | void = () => {},
): Promise<ConformReport> {
  const sockets = sdkSockets();
  const reports: ConformReport[] = [];
  const edges = { upgradeWebSocket: sockets.upgrade };
  await withAppInProcess({ toml, edges }, async (app) => {
    const peer = from === undefined ? {} : { from };
    const wire: DeviceWire = {
      async request(path, given = {}): Promise<WireAnswer> {
        const { method = "GET", headers = {}, body, isHeadOnly = false } = given;
        const init = body === undefined ? { method, headers } : { method, headers, body };
        const response = await app.request(path, { ...init, ...peer });
        if (isHeadOnly) await response.body?.cancel();
        return {
          status: response.status,
          header: (name) => response.headers.get(name),
          text: isHeadOnly ? "" : await response.text(),
        };
      },
      openSocket: (path, { origin }) =>
        sockets.webSocket(
          app.request,
          from,
          origin === undefined ? {} : { Origin: origin },
        )(`ws://device${path}`),
    };
    const heard: ConformResult[] = [];
    let pins = 0;
    const report = await judgeServer({
      wire: between(wire),
      nextPin: async () => {
        if (pins === maxPins) return undefined;
        pins += 1;
        const opened = asJsonObject(await askLocal(app, "clients.pair.start"));
        return String(opened?.["pin"]);
      },
      clock: { ...systemClock, after: waitIn(app) },
      random: systemRandom,
      limitMs,
      timedStarts: 3,
      timedSessions: 2,
      timedCalls: 5,
      onResult: (result) => heard.push(result),
    });
    reports.push(report);
    await look({ report, heard, app });
  });
  const [report] = reports;
  if (report === undefined) throw new Error("Nothing was judged");
  return report;
}
