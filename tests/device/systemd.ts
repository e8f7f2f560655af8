// The unit as it is shipped, under Debian's systemd and udev: a user of its own that has the panel and
// the buttons and little else, and a service that is started again when it is gone.

import assert from "node:assert/strict";
import { connectPhone } from "../support/reference_phone.ts";
import { type DeviceWorld, untilReady, untilSo } from "./device.ts";
import { pairByPanel, usePhone } from "./pairing.ts";

/** Starts a device under systemd, pairs a phone by its panel, and ends the service in two ways. */
export async function servesUnderSystemd({ folder, switchOn }: DeviceWorld): Promise<void> {
  const machine = await switchOn();
  await untilReady(machine);
  const pairing = await pairByPanel(machine, folder);
  await usePhone(machine, { pairing, proof: "/run/latchkey/proof" });

  const show = async (name: string): Promise<string> =>
    (await machine.run(`systemctl show latchkey --value -p ${name}`)).trim();
  const pid = await show("MainPID");
  const status = await machine.run(`cat /proc/${pid}/status`);
  // No user of root's, no right of root's, every call filtered.
  assert.match(status, /^Uid:\s+(?!0\b)(\d+)\s+\1\s+\1\s+\1$/m);
  assert.match(status, /^CapEff:\s+0+$/m);
  assert.match(status, /^NoNewPrivs:\s+1$/m);
  assert.match(status, /^Seccomp:\s+2$/m);
  assert.match(await machine.run("stat -c %a /var/lib/private/latchkey"), /^700$/m);
  assert.equal((await machine.run("systemctl --failed --quiet --no-legend")).trim(), "");

  await machine.run(`kill -KILL ${pid}`);
  const started = await untilSo(async () => {
    const now = await show("MainPID");
    return now !== pid && now !== "0" ? now : undefined;
  }, "another process of the service");
  const phone = await untilSo(
    () => connectPhone(machine.baseUrl, pairing).catch(() => undefined),
    "a service that listens again",
  );
  assert.ok(await phone.call("version"));
  await phone.close();
  assert.equal(await show("NRestarts"), "1");

  await machine.run("systemctl stop latchkey");
  assert.equal(await show("Result"), "success");
  assert.equal(await show("ExecMainStatus"), "0");
  await assert.rejects(machine.run(`ls /proc/${started}`));
}
