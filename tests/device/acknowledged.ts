// What a device has acknowledged to its phones, its owner and the apps that use models, the jobs that
// add to it, and what must be there of it after any start.

import assert from "node:assert/strict";
import { USAGE_FLUSH_MS } from "../../src/features/models/usage_ledger.ts";
import { connectPhone, type PhonePairing, replay } from "../support/reference_phone.ts";
import type { ReferenceMessage } from "../support/reference_protocol.ts";
import { callLocally, pairFromOutside, untilSo } from "./device.ts";
import type { Machine } from "./machine.ts";

/** How many of the oldest pairings give way, so that there is always room for another. */
const KEPT_PAIRINGS = 6;
/** How many of the newest accepted first frames are tried again, beside the very first. */
const TRIED_FRAMES = 5;
/** Files that come with each scan. */
const NEW_GAMES = 60;
/** How long an emulated device is busy with something else at most, and then writes, in milliseconds. */
const USAGE_WRITE_MS = 4000;
const REQUEST_LIMIT_MS = 60_000;
/** How long an app waits between two requests, in milliseconds: all of its address share a limit. */
const PACE_MS = 400;

/** What the device has acknowledged. */
export interface Acknowledged {
  readonly pairings: PhonePairing[];
  readonly removed: PhonePairing[];
  readonly firstFrames: ReferenceMessage[];
  readonly keys: Map<string, "valid" | "revoked" | "unsure">;
  /** What a setting may be: its last acknowledged value, and one on its way. */
  setting: readonly string[];
  /** How many scans were asked for. */
  scans: number;
  readonly usage: {
    /** The key for models, once there is one. */
    key?: { keyId: string; text: string };
    /** How many requests the device was known to have counted at its last start. */
    counted: number;
    /** How many requests were sent since. */
    sent: number;
    /** When they were answered. */
    answeredAtMs: number[];
    /** When the power went. */
    cutAtMs: number;
  };
}

/** Nothing so far. */
export function newAcknowledged(): Acknowledged {
  return {
    pairings: [],
    removed: [],
    firstFrames: [],
    keys: new Map(),
    setting: [""],
    scans: 0,
    usage: { counted: 0, sent: 0, answeredAtMs: [], cutAtMs: 0 },
  };
}

/** Does something that the device acknowledges; `begin` is called where a cut is in the midst of it. */
export type Job = (machine: Machine, known: Acknowledged, begin: () => void) => Promise<void>;

/** The jobs. */
export const JOBS = {
  async pair(machine, known, begin): Promise<void> {
    if (known.pairings.length > KEPT_PAIRINGS) {
      const [oldest] = known.pairings.splice(0, 1);
      if (oldest === undefined) return;
      await callLocally(machine, "clients.delete", { clientId: oldest.clientId });
      known.removed.push(oldest);
    }
    const { pin } = await callLocally(machine, "clients.pair.start") as { pin: string };
    begin();
    known.pairings.push(await pairFromOutside(machine, pin));
  },
  async session(machine, known, begin): Promise<void> {
    const pairing = known.pairings.at(-1);
    assert.ok(pairing !== undefined);
    begin();
    const phone = await connectPhone(machine.baseUrl, pairing);
    await phone.call("version");
    if (phone.firstFrame !== undefined) known.firstFrames.push(phone.firstFrame);
    await phone.close();
  },
  async key(machine, known, begin): Promise<void> {
    begin();
    const valid = [...known.keys].find(([, state]) => state === "valid")?.[0];
    if (valid === undefined) {
      const key = await callLocally(machine, "keys.new", { name: "power", scopes: ["rpc"] });
      known.keys.set((key as { keyId: string }).keyId, "valid");
      return;
    }
    known.keys.set(valid, "unsure");
    await callLocally(machine, "keys.delete", { keyId: valid });
    known.keys.set(valid, "revoked");
  },
  async setting(machine, known, begin): Promise<void> {
    const [before = ""] = known.setting;
    const next = `cut:${crypto.randomUUID()}`;
    known.setting = [before, next];
    begin();
    await callLocally(machine, "settings.update", { allowRun: [next] });
    known.setting = [next];
  },
  async scan(machine, known, begin): Promise<void> {
    const round = ++known.scans;
    await machine.run(
      `for i in $(seq ${NEW_GAMES}); do : >"/data/games/gba/New ${round} $i.gba"; done; ` +
        `rm -f "/data/games/snes/${round}/"*; sync`,
    );
    await callLocally(machine, "media.generate");
    begin();
    await untilScanned(machine);
  },
} as const satisfies Readonly<Record<string, Job>>;

/** The name of a job. */
export type JobName = keyof typeof JOBS;

/** Uses a model through the gateway, one request after the other, for as long as there is power. */
export async function useModels(
  machine: Machine,
  { known: { usage }, isOn }: { known: Acknowledged; isOn: () => boolean },
): Promise<void> {
  if (usage.key === undefined) {
    const key = await callLocally(machine, "keys.new", { name: "app", scopes: ["models"] });
    const { keyId, key: text } = key as { keyId: string; key: string };
    usage.key = { keyId, text };
  }
  while (isOn()) {
    usage.sent++;
    const response: Response = await fetch(`${machine.baseUrl}/api/chat`, {
      method: "POST",
      headers: { authorization: `Bearer ${usage.key.text}` },
      body: JSON.stringify({
        model: "llama3.1:8b",
        messages: [{ role: "user", content: "How far is the moon?" }],
        stream: false,
      }),
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
    });
    const text = await response.text();
    // What was refused for its pace was never asked of the gateway.
    if (response.status === 429) usage.sent--;
    else {
      assert.equal(response.status, 200, text);
      usage.answeredAtMs.push(Date.now());
    }
    await new Promise((resolve) => setTimeout(resolve, PACE_MS));
  }
}

/** Asserts that all of it is there; what that was, and how much usage is gone. */
export async function assertKept(machine: Machine, known: Acknowledged): Promise<string> {
  const gone = await assertUsage(machine, known);
  for (const pairing of known.pairings.slice(-2)) {
    const phone = await connectPhone(machine.baseUrl, pairing);
    await phone.call("version");
    if (phone.firstFrame !== undefined) known.firstFrames.push(phone.firstFrame);
    await phone.close();
  }
  const { clients } = await callLocally(machine, "clients") as { clients: { clientId: string }[] };
  const ids = clients.map(({ clientId }) => clientId);
  for (const { clientId } of known.pairings) assert.ok(ids.includes(clientId), "a pairing is gone");
  for (const { clientId } of known.removed) assert.ok(!ids.includes(clientId), "one is back");
  const tried = new Set([
    ...known.firstFrames.slice(0, 1),
    ...known.firstFrames.slice(-TRIED_FRAMES),
  ]);
  for (const frame of tried) {
    const { received } = await replay(machine.baseUrl, [frame]);
    assert.deepEqual(received, [], "an accepted frame opened again");
  }
  await assertKeys(machine, known);
  const { allowRun } = await callLocally(machine, "settings") as { allowRun: string[] };
  assert.ok(
    known.setting.includes(allowRun[0] ?? ""),
    `${allowRun} is neither of ${known.setting}`,
  );
  known.setting = [allowRun[0] ?? ""];
  const { brokenAt } = await callLocally(machine, "audit.verify") as { brokenAt: number | null };
  assert.equal(brokenAt, null);
  const games = await assertScanned(machine);
  const acknowledged = [
    `${known.pairings.length} pairings`,
    `${known.firstFrames.length} first frames`,
    `${known.keys.size} keys`,
  ].join(", ");
  return `${acknowledged} | all, ${games} games indexed | ${gone}`;
}

async function assertKeys(machine: Machine, known: Acknowledged): Promise<void> {
  const { keys } = await callLocally(machine, "keys") as {
    keys: { keyId: string; revokedAt: number | null }[];
  };
  for (const [keyId, state] of known.keys) {
    const key = keys.find((one) => one.keyId === keyId);
    assert.ok(key !== undefined, "a key is gone");
    if (state !== "unsure") assert.equal(key.revokedAt !== null, state === "revoked");
    else known.keys.set(keyId, key.revokedAt === null ? "valid" : "revoked");
  }
}

// Whatever was answered more than a second before the power went is counted, and nothing twice.
async function assertUsage(machine: Machine, { usage }: Acknowledged): Promise<string> {
  if (usage.key === undefined) return "";
  const { usage: rows } = await callLocally(machine, "usage", { keyId: usage.key.keyId }) as {
    usage: { requests: number }[];
  };
  const counted = rows.reduce((sum, { requests }) => sum + requests, 0);
  const { answeredAtMs, sent, cutAtMs } = usage;
  const safeUntilMs = cutAtMs - USAGE_FLUSH_MS - USAGE_WRITE_MS;
  const safe = usage.counted + answeredAtMs.filter((atMs) => atMs < safeUntilMs).length;
  assert.ok(counted >= safe, `${counted} requests are counted, and ${safe} were safe`);
  assert.ok(counted <= usage.counted + sent, `${counted} requests are counted twice`);
  const gone = usage.counted + answeredAtMs.length - counted;
  const first = answeredAtMs.at(-gone) ?? cutAtMs;
  const said = gone <= 0
    ? `none of ${answeredAtMs.length}`
    : `${gone} of ${answeredAtMs.length}, the last ${cutAtMs - first} ms`;
  Object.assign(usage, { counted, sent: 0, answeredAtMs: [], cutAtMs: 0 });
  return said;
}

// The index holds exactly what the card does; how many games that is.
async function assertScanned(machine: Machine): Promise<number> {
  const found = await machine.run("find /data/games -name '*.sfc' -o -name '*.gba' | wc -l");
  const games = Number(found);
  await untilSo(
    async () => await untilScanned(machine) === games || undefined,
    `${games} games in the index`,
  );
  return games;
}

async function untilScanned(machine: Machine): Promise<number> {
  return await untilSo(async () => {
    const { database } = await callLocally(machine, "media") as {
      database: { indexing: boolean; totalMedia: number };
    };
    return database.indexing ? undefined : database.totalMedia;
  }, "a library that is scanned");
}
