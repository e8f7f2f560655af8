// A whole device, from power-on to a paired phone: a kernel with a real panel and real buttons, the
// image as it is shipped, and a phone outside that reads the panel as a person's camera would.

import assert from "node:assert/strict";
import { connectPhone } from "../support/reference_phone.ts";
import { systemTest } from "../support/system_test.ts";
import { pairFromOutside, untilReady, untilSo, whyNoDevice, withDevices } from "./device.ts";
import { HANDHELD } from "./machine_kind.ts";
import { parsePpm, readQr, readText } from "./panel.ts";

const HOLD_MS = 4000;

systemTest("a handheld starts, shows a PIN for a chord, pairs, and gives the panel back", {
  whyNot: await whyNoDevice(),
  run: () =>
    withDevices(HANDHELD, async ({ folder, makeDataDisk, switchOn }) => {
      const dataDisk = await makeDataDisk("data");
      const machine = await switchOn({ dataDisk });
      await untilReady(machine);
      await machine.waitFor(/device: listens/);
      const before = await machine.panel();

      await machine.hold("ctrl-ret", HOLD_MS);
      const url = await untilSo(
        async () => readQr(parsePpm(await machine.panel())),
        "a QR code on the panel",
      );
      const picture = parsePpm(await machine.panel());
      const text = await readText(picture, folder);
      const [, first = "", second = ""] = /\b(\d{3})\s+(\d{3})\b/.exec(text) ?? [];
      const pin = first + second;
      assert.match(pin, /^\d{6}$/, text);
      // The code leads to the device's own address, with the PIN that is written beside it.
      assert.match(url, /^http:\/\/10\.0\.2\.15:7497\/app\//);
      assert.ok(url.includes(pin), `${url} has no ${pin}`);
      assert.match(text, /type this PIN/i);

      const pairing = await pairFromOutside(machine, pin);
      const phone = await connectPhone(machine.baseUrl, pairing);
      assert.equal((await phone.call("version") as Record<string, unknown>)["platform"], "linux");
      assert.equal(await phone.call("run", { text: "touch:proof" }), null);
      assert.equal((await machine.run("sleep 1; ls /tmp/proof")).trim(), "/tmp/proof");
      await phone.close();
      // What was on the panel before is there again.
      await untilSo(
        async () => (await machine.panel()).every((byte, at) => byte === before[at]) || undefined,
        "the panel as it was",
      );
    }),
});
