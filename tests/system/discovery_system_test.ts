// The device is found in the local network by somebody else's program on another host, tells nothing
// but its name and port, and is gone from there as soon as it stops.

import assert from "node:assert/strict";
import { allDone } from "../support/all_done.ts";
import { type AvahiBrowser, type FoundService, startAvahi, whyNoAvahi } from "../support/avahi.ts";
import { addRemoteHost, type RemoteHost, whyNoRemoteHost } from "../support/remote_host.ts";
import { callLocal, startService, withDataDir } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const SERVICE = "_zaparoo._tcp";
const FIND_LIMIT_MS = 15_000;
const whyNot = await whyNoRemoteHost() ?? await whyNoAvahi();

async function withBrowser(
  number: number,
  test: (host: RemoteHost, browser: AvahiBrowser) => Promise<void>,
): Promise<void> {
  const host = await addRemoteHost(number);
  try {
    const browser = await startAvahi(host);
    try {
      await test(host, browser);
    } finally {
      await browser.stop();
    }
  } finally {
    await host.remove();
  }
}

// Packets that end too early, as anybody in the network can send them.
async function sendNonsense(host: RemoteHost): Promise<void> {
  const script = `
    import { createSocket } from "node:dgram";
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    socket.bind(5353, "0.0.0.0", async () => {
      socket.setMulticastInterface("${host.address}");
      for (const hex of ["000000", "000000000001000000000000016100", "00008400000000010000000001"]) {
        await new Promise((sent) => socket.send(Buffer.from(hex, "hex"), 5353, "224.0.0.251", sent));
      }
      socket.close();
    });`;
  const { code } = await host.run(Deno.execPath(), "eval", script);
  assert.equal(code, 0);
}

async function untilFound(
  browser: AvahiBrowser,
  isRight: (found: readonly FoundService[]) => boolean,
): Promise<FoundService[]> {
  const endMs = performance.now() + FIND_LIMIT_MS;
  for (;;) {
    const found = await browser.browse(SERVICE);
    if (isRight(found) || performance.now() > endMs) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

systemTest("another host finds the device by name and port alone, and no longer after a stop", {
  whyNot,
  run: () =>
    withBrowser(70, async (host, browser) => {
      await withDataDir(async (dataDir) => {
        const service = await startService({
          dataDir,
          listen: "[::]:0",
          tables: '[discovery]\ninstance_name = "Ann\'s den"',
        });
        const port = Number(new URL(service.baseUrl).port);
        try {
          const expected = [{
            instance: "Ann's den",
            host: `${Deno.hostname().split(".")[0]}.local`,
            address: host.deviceAddress,
            port,
            text: "",
          }];
          assert.deepEqual(await untilFound(browser, ({ length }) => length > 0), expected);
          await sendNonsense(host);
          assert.equal((await browser.browse(SERVICE)).length, 1);
          assert.doesNotMatch(service.output(), /Cannot announce/);
          await callLocal(service.baseUrl, "settings.update", {
            discovery: { instanceName: "attic" },
          });
          const renamed = await untilFound(browser, ([one]) => one?.instance === "attic");
          assert.deepEqual(renamed.map(({ instance }) => instance), ["attic"]);
        } finally {
          assert.equal(await service.stop(), 0);
        }
        // The goodbye is enough, within a second: the records themselves would last for minutes.
        assert.deepEqual(await untilFound(browser, ({ length }) => length === 0), []);
      });
    }),
});

systemTest("a network that comes after the start is announced in, and one that goes ends nothing", {
  whyNot,
  run: () =>
    withDataDir(async (dataDir) => {
      const service = await startService({
        dataDir,
        listen: "[::]:0",
        tables: '[discovery]\ninstance_name = "late"',
      });
      try {
        await withBrowser(71, async (_host, browser) => {
          const found = await untilFound(browser, ({ length }) => length > 0);
          assert.deepEqual(found.map(({ instance }) => instance), ["late"]);
        });
        // The interface is gone together with the other host.
        assert.deepEqual(await callLocal(service.baseUrl, "health"), {
          status: "ok",
          state: "ready",
        });
        assert.doesNotMatch(service.output(), /Unexpected/);
      } finally {
        assert.equal(await service.stop(), 0);
      }
    }),
});

systemTest("a device that shall not be found, or only serves itself, is silent", {
  whyNot,
  run: () =>
    withBrowser(72, async (_host, browser) => {
      await withDataDir(async (dataDir) => {
        const hidden = await startService({ dataDir: `${dataDir}1`, listen: "[::]:0" });
        const local = await startService({
          dataDir: `${dataDir}2`,
          tables: "[discovery]\nenabled = true",
        });
        try {
          // As long as an announcement takes.
          await new Promise((resolve) => setTimeout(resolve, 1500));
          assert.deepEqual(await browser.browse(SERVICE), []);
        } finally {
          await allDone([hidden.stop(), local.stop()]);
        }
      });
    }),
});
