// What anybody in the network sends to the group of multicast DNS costs the device little memory, and
// it is found all the same.

import assert from "node:assert/strict";
import { addRemoteHost, type RemoteHost, whyNoRemoteHost } from "../support/remote_host.ts";
import { startService, withDataDir } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const JUNK_PACKETS = 3000;

/** What a flood may cost for good; before there were limits it took 145 MiB. */
const MAX_GROWTH_MIB = 40;

const whyNot = await whyNoRemoteHost();

async function runScript(host: RemoteHost, script: string): Promise<void> {
  const text = `
    import { createSocket } from "node:dgram";
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    await new Promise((bound) => socket.bind(5353, "0.0.0.0", bound));
    socket.addMembership("224.0.0.251", "${host.address}");
    socket.setMulticastInterface("${host.address}");
    socket.setMulticastLoopback(false);
    const send = (bytes) =>
      new Promise((sent) => socket.send(bytes, 5353, "224.0.0.251", () => sent()));
    ${script}
    socket.close();`;
  const { code } = await host.run(Deno.execPath(), "eval", text);
  assert.equal(code, 0);
}

// Asks for the service and waits for the multicast answer of the device.
const ASK = `
  const labels = ["_zaparoo", "_tcp", "local"];
  const name = labels.map((label) => String.fromCharCode(label.length) + label).join("") + "\\0";
  const head = Buffer.from("000000000001000000000000", "hex");
  const question = Buffer.concat([head, Buffer.from(name), Buffer.from("000c0001", "hex")]);
  const heard = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("No answer")), 8000).unref?.();
    socket.on("message", (bytes) => {
      if ((bytes[2] & 0x80) !== 0 && bytes.includes("flooded")) resolve();
    });
  });
  await send(question);
  await heard;
  setTimeout(() => Deno.exit(0), 0);`;

const FLOOD = `
  for (let n = 0; n < ${JUNK_PACKETS}; n++) {
    await send(crypto.getRandomValues(Buffer.alloc(1400)));
    if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }`;

systemTest("a flood of junk costs little memory, and the device still answers to its name", {
  whyNot,
  run: () =>
    withDataDir(async (dataDir) => {
      const host = await addRemoteHost(77);
      const service = await startService({
        dataDir,
        listen: "[::]:0",
        tables: '[discovery]\ninstance_name = "flooded"',
      });
      try {
        await until("it is announced", () => service.output().includes("Announced"));
        await runScript(host, ASK);
        const before = await service.residentMiB();
        await runScript(host, FLOOD);
        await new Promise((resolve) => setTimeout(resolve, 3000));
        const growth = await service.residentMiB() - before;
        assert.ok(growth <= MAX_GROWTH_MIB, `${growth} MiB`);
        await runScript(host, ASK);
        assert.doesNotMatch(service.output(), /Cannot announce/);
      } finally {
        assert.equal(await service.stop(), 0);
        await host.remove();
      }
    }),
});
