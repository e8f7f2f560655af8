// Power that goes away in the midst of everything that is written: whatever was acknowledged before is
// there after, what was accepted once does not open again, and the data folder is sound.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { FUZZ_SEED } from "../support/fuzz_seed.ts";
import { FakeOllama } from "../support/fake_ollama.ts";
import { seededRandom } from "../support/seeded_random.ts";
import {
  type Acknowledged,
  assertKept,
  type JobName,
  JOBS,
  newAcknowledged,
  useModels,
} from "./acknowledged.ts";
import { type DeviceWorld, untilReady } from "./device.ts";
import type { Machine } from "./machine.ts";
import { copyOffDisk } from "./root_disk.ts";

/** How many files the card holds at first, by system. */
const GAMES = { snes: 600, gba: 200 } as const;
/** The shortest and the longest time of mixed work before the job that is cut, in milliseconds. */
const [MIN_WORK_MS, MAX_WORK_MS] = [3000, 6000] as const;
/** How long after a job begins the power goes at most, in milliseconds. */
const SPAN_MS: Readonly<Record<JobName, number>> = {
  scan: 2500,
  pair: 3000,
  key: 400,
  setting: 400,
  session: 1500,
};
const TARGETS = Object.keys(SPAN_MS) as JobName[];

/** Cuts the power so many times, each kind of work in turn; a row of a table for each. */
export async function cutsPower(world: DeviceWorld, cuts: number): Promise<void> {
  const random = seededRandom(FUZZ_SEED);
  const draw = (below: number): number => ((random(1)[0] ?? 0) * 256 + (random(1)[0] ?? 0)) % below;
  const ollama = new FakeOllama();
  await using models = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ollama.handle,
  );
  const rootDisk = await world.makeRootDisk("root");
  const dataDisk = await makeCard(world);
  const known = newAcknowledged();
  const rows: string[] = [];
  for (let cut = 0; cut <= cuts; cut++) {
    const options = { dataDisk, rootDisk, modelPort: models.addr.port };
    const machine = await world.switchOn(options);
    const readyMs = await untilReady(machine);
    const kept = await assertKept(machine, known);
    if (cut > 0) rows.push(`${rows.pop()} ${kept} | ${(readyMs / 1000).toFixed(0)} s |`);
    if (cut === cuts) break;
    // One of each is done before the first cut, so that there is something to lose.
    if (cut === 0) { for (const name of TARGETS) await JOBS[name](machine, known, () => {}); }
    const target = TARGETS[cut % TARGETS.length] ?? "scan";
    const said = await workAndCut(machine, { known, target, draw });
    rows.push(`| ${cut + 1} | ${said} |`);
    await assertSound(dataDisk, `${world.folder}/sound-${cut}`);
  }
  await models.shutdown();
  await Deno.stdout.write(new TextEncoder().encode(["", HEAD, ...rows, ""].join("\n")));
  assert.ok(known.firstFrames.length > 0 && known.pairings.length > 0);
  assert.ok(known.usage.counted > 0);
}

const HEAD =
  `| cut | in the midst of | before it | acknowledged so far | there after | usage gone | ready in |
| --- | --- | --- | --- | --- | --- | --- |`;

// Works at random, then at one kind of thing, and takes the power away in it; what it was.
async function workAndCut(
  machine: Machine,
  { known, target, draw }: {
    known: Acknowledged;
    target: JobName;
    draw: (below: number) => number;
  },
): Promise<string> {
  const state = { isOn: true, isIn: false };
  const expectFailure = (error: unknown): void => {
    // What was on its way when the power went.
    if (state.isOn) throw error;
  };
  const use = useModels(machine, { known, isOn: () => state.isOn }).catch(expectFailure);
  const counts = new Map<JobName, number>();
  const begun = Promise.withResolvers<void>();
  const work = (async () => {
    const until = Date.now() + MIN_WORK_MS + draw(MAX_WORK_MS - MIN_WORK_MS);
    while (Date.now() < until) {
      const name = TARGETS[draw(TARGETS.length)] ?? "session";
      await JOBS[name](machine, known, () => {});
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    state.isIn = true;
    await JOBS[target](machine, known, begun.resolve);
    state.isIn = false;
  })();
  work.catch(begun.reject);
  const delay = draw(SPAN_MS[target]);
  await begun.promise;
  await new Promise((resolve) => setTimeout(resolve, delay));
  state.isOn = false;
  known.usage.cutAtMs = Date.now();
  const where = `${target}, ${state.isIn ? "" : "done "}${delay} ms in`;
  await machine.cutPower();
  await work.catch(expectFailure);
  await use;
  const before = [...counts].map(([name, count]) => `${count} ${name}`).join(", ") ||
    "nothing else";
  return `${where} | ${before}`;
}

// A card of games: empty files, whose names are what a library is about.
async function makeCard({ folder, makeDataDisk }: DeviceWorld): Promise<string> {
  const card = `${folder}/card`;
  for (const [system, count] of Object.entries(GAMES)) {
    for (let at = 0; at < count; at++) {
      const place = `${card}/games/${system}/${at % 20}`;
      if (at < 20) await Deno.mkdir(place, { recursive: true });
      const extension = system === "snes" ? "sfc" : "gba";
      await Deno.writeTextFile(`${place}/Game ${at} (Europe).${extension}`, "");
    }
  }
  return await makeDataDisk("data", { folder: card });
}

/** Looks at the data folder as it lies on a disk that lost its power. */
async function assertSound(dataDisk: string, folder: string): Promise<void> {
  await copyOffDisk(dataDisk, { from: "/latchkey", to: folder });
  for (const name of ["latchkey.sqlite", "library.sqlite"]) {
    using database = new DatabaseSync(`${folder}/latchkey/${name}`);
    const all = (sql: string): unknown[] => database.prepare(sql).all().map((row) => ({ ...row }));
    assert.deepEqual(all("PRAGMA integrity_check"), [{ integrity_check: "ok" }], name);
    assert.deepEqual(all("PRAGMA foreign_key_check"), [], name);
  }
  for await (const { name, isFile } of Deno.readDir(`${folder}/latchkey`)) {
    const { mode } = await Deno.stat(`${folder}/latchkey/${name}`);
    if (isFile) assert.equal((mode ?? 0) & 0o777, 0o600, name);
  }
  await Deno.remove(folder, { recursive: true });
}
