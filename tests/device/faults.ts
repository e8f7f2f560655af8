// Devices that are not as they should be. Each either serves, or says what is wrong.

import assert from "node:assert/strict";
import { connectPhone, type PhonePairing } from "../support/reference_phone.ts";
import { connect, pair } from "../../src/sdk/connect.ts";
import { callLocally, type DeviceWorld, pairHere, serves, untilReady, untilSo } from "./device.ts";
import type { Machine } from "./machine.ts";
import { pairAndGivePanelBack } from "./pairing.ts";

const LOG = "/var/log/latchkey.log";
const SCRIPT = "/etc/init.d/S95latchkey";
const CACHE = "/var/cache/latchkey-root";

/** Little memory, few descriptors, no compiled code yet, and a clock that starts in 1970 and jumps. */
export async function bearsPoverty(world: DeviceWorld): Promise<void> {
  const { folder, makeDataDisk, switchOn } = world;
  const machine = await switchOn({
    dataDisk: await makeDataDisk("data"),
    memoryMiB: 256,
    clock: "1970-01-01T00:00:10",
    options: ["device.files=256"],
  });
  await untilReady(machine);
  // What the script asks for is more than it may have.
  const limits = await machine.run("cat /proc/$(cat /run/latchkey.pid)/limits");
  assert.match(limits, /^Max open files +256 +256 /m);
  assert.match(await machine.run("date +%Y"), /^1970$/m);
  // The first start had no compiled code, and left some for the next.
  await untilSo(
    () => machine.run(`find ${CACHE} -type f | grep -q . && echo`).catch(() => undefined),
    "compiled code in the cache",
  );
  const pairing = await pairAndGivePanelBack(machine, folder);
  const phones = [];
  for (let i = 0; i < 4; i++) {
    const phone = await connectPhone(machine.baseUrl, pairing);
    await phone.call("version");
    phones.push(phone);
  }
  await machine.run("date -s '2026-12-01 12:00:00'");
  for (const phone of phones) {
    await phone.call("version");
    await phone.close();
  }
  assert.ok(await serves(machine, pairing));
  await useSdk(machine);
  assert.match(await machine.run("cat /proc/meminfo"), /^MemAvailable: +[1-9]\d{4}/m);
  assert.doesNotMatch(await machine.run("dmesg"), /Out of memory|oom-kill/i);
}

// As an app of somebody else does it, with the SDK: pairs, calls, comes back.
async function useSdk(machine: Machine): Promise<void> {
  const { pin } = await callLocally(machine, "clients.pair.start") as { pin: string };
  const credentials = await pair({ baseUrl: machine.baseUrl, pin, name: "App" });
  const url = `${machine.baseUrl.replace("http", "ws")}/api/v0.1`;
  for (let i = 0; i < 2; i++) {
    const connection = await connect({ url, credentials });
    assert.equal((await connection.call("version")).platform, "linux");
    connection.close();
    await connection.closed;
  }
}

/** A data disk that fills up, cannot be written, is not there, and is there again. */
export async function bearsBadDisks({ makeDataDisk, switchOn }: DeviceWorld): Promise<void> {
  const machine = await switchOn({ dataDisk: await makeDataDisk("data") });
  await untilReady(machine);
  const pairing = await pairHere(machine);
  assert.ok(await serves(machine, pairing));

  await machine.run("dd if=/dev/zero of=/data/full bs=64k 2>/dev/null; sync; true");
  // Nothing can be written, so nobody is let in on a promise.
  assert.equal(await serves(machine, pairing), false);
  await machine.run("rm /data/full; sync");
  await untilServed(machine, pairing);

  const restart = (between: string): Promise<string> =>
    machine.run(`${SCRIPT} stop; ${between}; : >${LOG}; ${SCRIPT} start; true`);
  await restart("mount -o remount,ro /data");
  const log = await untilSo(async () => {
    const text = await machine.run(`cat ${LOG}`);
    return /Cannot/.test(text) ? text : undefined;
  }, "a line that says what is wrong");
  assert.match(log, /Cannot .*\/data\/latchkey/);
  assert.doesNotMatch(log, /at .*\.js:\d+/);

  await restart("umount /data");
  await untilListens(machine);
  assert.equal(await serves(machine, pairing), false);

  await restart("mount -t ext4 /dev/vdb /data");
  await untilListens(machine);
  assert.ok(await serves(machine, pairing));
}

async function untilListens(machine: Machine): Promise<void> {
  await untilSo(
    () => machine.run(`grep "listens on" ${LOG}`).catch(() => undefined),
    "a service that listens",
  );
}

async function untilServed(machine: Machine, pairing: PhonePairing): Promise<void> {
  await untilSo(
    async () => await serves(machine, pairing) || undefined,
    "a session after there was room again",
  );
}
