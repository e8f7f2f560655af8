// Devices that are not as they should be: a data disk that is full, read-only or missing, a clock that
// starts in 1970 and jumps, little memory, few descriptors. Each either serves, or says what is wrong.

import assert from "node:assert/strict";
import { connectPhone, type PhonePairing } from "../support/reference_phone.ts";
import { systemTest } from "../support/system_test.ts";
import {
  callLocally,
  type DeviceWorld,
  pairFromOutside,
  untilReady,
  untilSo,
  whyNoDevice,
  withDevices,
} from "./device.ts";
import type { Machine } from "./machine.ts";
import { HANDHELD } from "./machine_kind.ts";

async function pairHere(machine: Machine): Promise<PhonePairing> {
  const { pin } = await callLocally(machine, "clients.pair.start") as { pin: string };
  return await pairFromOutside(machine, pin);
}

const LOG = "/var/log/latchkey.log";

const FAULTS: Readonly<Record<string, (world: DeviceWorld, dataDisk: string) => Promise<void>>> = {
  async "a disk that fills up"({ switchOn }, dataDisk): Promise<void> {
    const machine = await switchOn({ dataDisk });
    await untilReady(machine);
    await machine.waitFor(/device: listens/);
    const pairing = await pairHere(machine);
    await machine.run("dd if=/dev/zero of=/data/full bs=64k 2>/dev/null; sync; true");
    // Nothing can be written, so nobody is let in on a promise.
    const answer = await connectPhone(machine.baseUrl, pairing)
      .then((phone) => phone.call("version")).then(() => "served", () => "refused");
    assert.equal(answer, "refused");
    await machine.run("rm /data/full; sync");
    await untilSo(async () => {
      try {
        const phone = await connectPhone(machine.baseUrl, pairing);
        await phone.call("version");
        await phone.close();
        return true;
      } catch {
        return undefined;
      }
    }, "a session after there was room again");
  },
  async "a disk that cannot be written"({ switchOn }, dataDisk): Promise<void> {
    const machine = await switchOn({ dataDisk, options: ["device.data=read-only"] });
    await machine.waitFor(/device: started/);
    await machine.waitFor(/device: listens/);
    const log = await untilSo(async () => {
      const text = await machine.run(`cat ${LOG}`);
      return /Cannot/.test(text) ? text : undefined;
    }, "a line that says what is wrong");
    assert.match(log, /Cannot .*\/data\/latchkey/);
    assert.doesNotMatch(log, /at .*\.js:\d+/);
  },
  async "a disk that is missing, and comes back"({ switchOn }, dataDisk): Promise<void> {
    const first = await switchOn({ dataDisk });
    await untilReady(first);
    await first.waitFor(/device: listens/);
    const pairing = await pairHere(first);
    await first.cutPower();
    const without = await switchOn({ options: ["device.data=missing"] });
    await untilReady(without);
    await assert.rejects(
      connectPhone(without.baseUrl, pairing).then((phone) => phone.call("version")),
    );
    await without.cutPower();
    const again = await switchOn({ dataDisk });
    await untilReady(again);
    const phone = await connectPhone(again.baseUrl, pairing);
    await phone.call("version");
    await phone.close();
  },
  async "a clock that starts in 1970 and jumps"({ switchOn }, dataDisk): Promise<void> {
    const machine = await switchOn({ dataDisk, clock: "1970-01-01T00:00:10" });
    await untilReady(machine);
    await machine.waitFor(/device: listens/);
    const pairing = await pairHere(machine);
    const phone = await connectPhone(machine.baseUrl, pairing);
    await phone.call("version");
    await machine.run("date -s '2026-12-01 12:00:00'");
    await phone.call("version");
    await phone.close();
    const later = await connectPhone(machine.baseUrl, pairing);
    await later.call("version");
    await later.close();
    await pairHere(machine);
  },
  async "256 MB of memory and 256 descriptors"({ switchOn }, dataDisk): Promise<void> {
    const machine = await switchOn({
      dataDisk,
      memoryMiB: 256,
      options: ["device.files=256"],
    });
    await untilReady(machine);
    await machine.waitFor(/device: listens/);
    const pairing = await pairHere(machine);
    const phones = [];
    for (let i = 0; i < 4; i++) {
      const phone = await connectPhone(machine.baseUrl, pairing);
      await phone.call("version");
      phones.push(phone);
    }
    assert.match(await machine.run("cat /proc/meminfo"), /^MemAvailable: +[1-9]\d{4}/m);
    await Promise.all(phones.map((phone) => phone.close()));
    assert.doesNotMatch(await machine.console(), /Out of memory/);
  },
};

systemTest("a device with a fault serves or says what is wrong", {
  whyNot: await whyNoDevice(),
  run: () =>
    withDevices(HANDHELD, async (world) => {
      for (const [name, test] of Object.entries(FAULTS)) {
        const dataDisk = await world.makeDataDisk(name.replaceAll(/\W/g, "-"));
        try {
          await test(world, dataDisk);
        } catch (error) {
          throw new Error(`${name}: ${error instanceof Error ? error.message : error}`, {
            cause: error,
          });
        }
        await world.switchOff();
      }
    }),
});
