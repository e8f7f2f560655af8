// Power that goes away at any moment: whatever was acknowledged before is there after, what was
// accepted once does not open again, and the data folder is sound. LATCHKEY_POWER_CUTS says how often.

import assert from "node:assert/strict";
import { FUZZ_SEED, SEED_NOTE } from "../support/fuzz_seed.ts";
import { connectPhone, type PhonePairing, replay } from "../support/reference_phone.ts";
import type { ReferenceMessage } from "../support/reference_protocol.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { systemTest } from "../support/system_test.ts";
import { callLocally, pairFromOutside, untilReady, whyNoDevice, withDevices } from "./device.ts";
import type { Machine } from "./machine.ts";
import { HANDHELD } from "./machine_kind.ts";

const CUTS = Number(Deno.env.get("LATCHKEY_POWER_CUTS") ?? 5);
/** The longest time of work before a cut, in milliseconds. */
const MAX_WORK_MS = 6000;
/** How many of the oldest pairings give way, so that there is always room for another. */
const KEPT_PAIRINGS = 6;

/** What the device has acknowledged. */
interface Acknowledged {
  readonly pairings: PhonePairing[];
  readonly removed: PhonePairing[];
  readonly firstFrames: ReferenceMessage[];
  readonly keys: Map<string, "valid" | "revoked" | "unsure">;
  /** What a setting may be: its last acknowledged value, and one on its way. */
  setting: readonly string[];
}

type Job = (machine: Machine, known: Acknowledged) => Promise<void>;

const JOBS: Readonly<Record<string, Job>> = {
  async pair(machine, known): Promise<void> {
    if (known.pairings.length > KEPT_PAIRINGS) {
      const [oldest] = known.pairings.splice(0, 1);
      if (oldest === undefined) return;
      await callLocally(machine, "clients.delete", { clientId: oldest.clientId });
      known.removed.push(oldest);
    }
    const { pin } = await callLocally(machine, "clients.pair.start") as { pin: string };
    known.pairings.push(await pairFromOutside(machine, pin));
  },
  async session(machine, known): Promise<void> {
    const pairing = known.pairings.at(-1);
    if (pairing === undefined) return;
    const phone = await connectPhone(machine.baseUrl, pairing);
    await phone.call("version");
    if (phone.firstFrame !== undefined) known.firstFrames.push(phone.firstFrame);
    await phone.close();
  },
  async key(machine, known): Promise<void> {
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
  async setting(machine, known): Promise<void> {
    const [before = ""] = known.setting;
    const next = `cut:${crypto.randomUUID()}`;
    known.setting = [before, next];
    await callLocally(machine, "settings.update", { allowRun: [next] });
    known.setting = [next];
  },
};

systemTest(`power cuts lose nothing that was acknowledged ${SEED_NOTE}`, {
  whyNot: await whyNoDevice(),
  run: () =>
    withDevices(HANDHELD, async ({ makeDataDisk, switchOn }) => {
      const dataDisk = await makeDataDisk("data");
      const random = seededRandom(FUZZ_SEED);
      const draw = (below: number): number =>
        ((random(1)[0] ?? 0) * 256 + (random(1)[0] ?? 0)) % below;
      const known: Acknowledged = {
        pairings: [],
        removed: [],
        firstFrames: [],
        keys: new Map(),
        setting: [""],
      };
      const done: Record<string, number> = {};
      for (let cut = 0; cut <= CUTS; cut++) {
        const machine = await switchOn({ dataDisk });
        await untilReady(machine);
        await machine.waitFor(/device: listens/);
        await assertKept(machine, known);
        if (cut === CUTS) break;
        // One of each is done before the first cut, so that there is something to lose.
        if (cut === 0) { for (const job of Object.values(JOBS)) await job(machine, known); }
        let isOn = true;
        const work = (async () => {
          while (isOn) {
            const [name = "", job] = Object.entries(JOBS)[draw(4)] ?? [];
            await job?.(machine, known);
            done[name] = (done[name] ?? 0) + 1;
          }
        })().catch((error: unknown) => {
          // What was on its way when the power went.
          if (isOn) throw error;
        });
        await new Promise((resolve) => setTimeout(resolve, draw(MAX_WORK_MS)));
        isOn = false;
        await machine.cutPower();
        await work;
      }
      assert.ok(known.firstFrames.length > 0 && known.pairings.length > 0);
    }),
});

async function assertKept(machine: Machine, known: Acknowledged): Promise<void> {
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
  for (const frame of known.firstFrames) {
    const { received } = await replay(machine.baseUrl, [frame]);
    assert.deepEqual(received, [], "an accepted frame opened again");
  }
  const { keys } = await callLocally(machine, "keys") as {
    keys: { keyId: string; revokedAt: number | null }[];
  };
  for (const [keyId, state] of known.keys) {
    const key = keys.find((one) => one.keyId === keyId);
    assert.ok(key !== undefined, "a key is gone");
    if (state !== "unsure") assert.equal(key.revokedAt !== null, state === "revoked");
    else known.keys.set(keyId, key.revokedAt === null ? "valid" : "revoked");
  }
  const { allowRun } = await callLocally(machine, "settings") as { allowRun: string[] };
  assert.ok(
    known.setting.includes(allowRun[0] ?? ""),
    `${allowRun} is neither of ${known.setting}`,
  );
  known.setting = [allowRun[0] ?? ""];
  const { brokenAt } = await callLocally(machine, "audit.verify") as { brokenAt: number | null };
  assert.equal(brokenAt, null);
}
