// From the release before this one to this one and back, over the data and the configuration of an
// owner, by the steps of docs/flashing.md.

import assert from "node:assert/strict";
import { connectPhone, type PhonePairing, replay } from "../support/reference_phone.ts";
import {
  callLocally,
  type DeviceWorld,
  getTarball,
  pairHere,
  serves,
  untilReady,
  untilSo,
} from "./device.ts";
import type { Machine } from "./machine.ts";
import { pairByPanel } from "./pairing.ts";
import { writeToDisk } from "./root_disk.ts";

const CONFIG = "/etc/latchkey/config.toml";
const DATA = "/data/latchkey";

/** What the owner wrote, in words that both releases know. */
const OWNERS = `# Mine, kept as it is: überall.
[service]
data_dir = "${DATA}"
encryption = true
device_name = "living room"

[buttons]
pair = ["KEY_LEFTCTRL", "KEY_ENTER"]

[[action]]
name = "touch"
match = "touch:(?P<name>[a-z]+)"
command = ["/bin/touch", "/tmp/\${name}"]
exclusive = false
`;

const REPLACE = {
  // docs/flashing.md, "Upgrade".
  upgrade: `rm -r /usr/lib/latchkey
    tar -xzf /data/new.tar.gz -C / && /usr/lib/latchkey/enable-service`,
  // docs/flashing.md, "Roll back".
  rollBack: `rm -r /usr/lib/latchkey
    mv ${CONFIG} ${CONFIG}.mine
    tar -xzf /data/old.tar.gz -C /
    mv ${CONFIG}.mine ${CONFIG}
    /usr/lib/latchkey/enable-service
    mv ${DATA}/latchkey.sqlite.v*.bak ${DATA}/latchkey.sqlite
    rm -f ${DATA}/latchkey.sqlite-wal ${DATA}/latchkey.sqlite-shm`,
} as const;

/** Upgrades a device, rolls it back, and upgrades it again. */
export async function upgradesAndRollsBack(world: DeviceWorld): Promise<void> {
  const { kind, folder } = world;
  const disk = `${folder}/disk`;
  await Deno.mkdir(disk);
  await Deno.copyFile(await getTarball(kind, "previous"), `${disk}/old.tar.gz`);
  await Deno.copyFile(await getTarball(kind, "this"), `${disk}/new.tar.gz`);
  const dataDisk = await world.makeDataDisk("data", { size: "192M", folder: disk });
  const rootDisk = await world.makeRootDisk("root");
  await writeToDisk(rootDisk, { path: CONFIG, text: OWNERS });
  const machine = await world.switchOn({ dataDisk, rootDisk });
  await untilReady(machine);
  assert.equal(await readVersion(machine), "0.1.0");
  const phone = await pairHere(machine);
  const { firstFrame } = await useOnce(machine, phone);
  await callLocally(machine, "keys.new", { name: "kept", scopes: ["models"] });
  await callLocally(machine, "settings.update", { allowRun: ["kept:.*"] });

  await replaceProgram(machine, "upgrade");
  assert.match(await readVersion(machine), /^latchkey-/);
  await assertKept(machine, phone);
  assert.ok(firstFrame !== undefined);
  assert.deepEqual((await replay(machine.baseUrl, [firstFrame])).received, []);
  assert.match(await machine.run(`ls -l ${DATA}`), /^-rw-------.* latchkey\.sqlite\.v\d+\.bak$/m);
  const later = await pairByPanel(machine, folder);

  await replaceProgram(machine, "rollBack");
  assert.equal(await readVersion(machine), "0.1.0");
  await assertKept(machine, phone);
  // It was paired after the copy was made.
  assert.equal(await serves(machine, later), false);

  await replaceProgram(machine, "upgrade");
  assert.match(await readVersion(machine), /^latchkey-/);
  await assertKept(machine, phone);
}

async function readVersion(machine: Machine): Promise<string> {
  const { version } = await callLocally(machine, "version") as Record<string, unknown>;
  return String(version);
}

async function useOnce(
  machine: Machine,
  pairing: PhonePairing,
): Promise<{ firstFrame: Awaited<ReturnType<typeof connectPhone>>["firstFrame"] }> {
  const phone = await connectPhone(machine.baseUrl, pairing);
  await phone.call("version");
  const { firstFrame } = phone;
  await phone.close();
  return { firstFrame };
}

async function replaceProgram(machine: Machine, how: keyof typeof REPLACE): Promise<void> {
  const lines = REPLACE[how].split("\n").map((line) => line.trim()).join("; ");
  await machine.run(`set -e; rc-service latchkey stop; ${lines}; rc-service latchkey start`);
  await untilSo(async () => {
    try {
      const response = await fetch(`${machine.baseUrl}/health`);
      await response.body?.cancel();
      return response.ok || undefined;
    } catch {
      return undefined;
    }
  }, "a service that listens");
}

async function assertKept(machine: Machine, pairing: PhonePairing): Promise<void> {
  assert.equal(await machine.run(`cat ${CONFIG}`), OWNERS);
  await useOnce(machine, pairing);
  const { keys } = await callLocally(machine, "keys") as { keys: { name: string }[] };
  assert.deepEqual(keys.map(({ name }) => name), ["kept"]);
  const { allowRun } = await callLocally(machine, "settings") as { allowRun: string[] };
  assert.deepEqual(allowRun, ["kept:.*"]);
  const { brokenAt } = await callLocally(machine, "audit.verify") as { brokenAt: number | null };
  assert.equal(brokenAt, null);
}
