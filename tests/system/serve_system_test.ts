// How the service starts and ends as a process.

import assert from "node:assert/strict";
import { utf8 } from "../../src/base/bytes.ts";
import {
  callLocal,
  runLatchkey,
  startService,
  withDataDir,
  writeConfig,
} from "../support/service_process.ts";
import { until } from "../support/until.ts";

const STUBBORN = `[[action]]
name = "stubborn"
match = "stubborn"
command = ["sh", "-c", "trap '' TERM; sleep 4; sleep 4"]`;

Deno.test("a second Ctrl+C ends the service while it still waits for an action", () =>
  withDataDir(async (dataDir) => {
    const service = await startService({ dataDir, tables: STUBBORN });
    await callLocal(service.baseUrl, "run", { text: "stubborn" });
    Deno.kill(service.pid, "SIGINT");
    await until("it stops", () => /INFO +Stopping/.test(service.output()));
    assert.equal(await service.stop("SIGINT"), 1);
    assert.match(service.output(), /Stopped at once/);
    assert.doesNotMatch(service.output(), /INFO +Stopped/);
  }));

/** For how many looks in a row nothing is taken by the other side until it takes nothing at all. */
const STALLED_LOOKS = 10;

// Waits until the connection from this port has bytes for which the other side has no room.
async function untilStalled(port: number): Promise<void> {
  const local = port.toString(16).toUpperCase().padStart(4, "0");
  const pattern = new RegExp(`^ *\\d+: \\w+:${local} \\w+:\\w+ 01 (\\w+):`, "m");
  let before = "";
  let looks = 0;
  await until("the answers wait", () => {
    const [, unsent = ""] = pattern.exec(Deno.readTextFileSync("/proc/net/tcp")) ?? [];
    looks = Number.parseInt(unsent, 16) > 0 && unsent === before ? looks + 1 : 0;
    before = unsent;
    return looks === STALLED_LOOKS;
  });
}

Deno.test("a local client that asks and reads nothing does not hold up a stop", () =>
  withDataDir(async (dataDir) => {
    const service = await startService({ dataDir });
    const { hostname, port } = new URL(service.baseUrl);
    using client = await Deno.connect({ hostname, port: Number(port) });
    const request = `GET /app/ HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`;
    // More answers than the sockets of both sides hold; where they are full, no request is read.
    const asked = client.write(utf8(request.repeat(10_000))).catch(() => {});
    await untilStalled(Number(port));
    assert.equal(await service.stop(), 0);
    assert.match(service.output(), /INFO +Stopped/);
    assert.doesNotMatch(service.output(), /ERROR/);
    await asked;
  }));

Deno.test("an address that the device does not have is told in one line, with its key", () =>
  withDataDir(async (dataDir) => {
    await writeConfig({ dataDir, listen: "192.0.2.55:0" });
    const { code, stdout, stderr } = await runLatchkey("serve", "--config", `${dataDir}.toml`);
    assert.deepEqual([code, stdout], [1, ""]);
    const lines = stderr.trim().split("\n").filter((line) => !/ INFO +No display /.test(line));
    assert.deepEqual(lines, [
      "Cannot listen on 192.0.2.55, as listen in [service] says: this device has no " +
      "such address",
    ]);
  }));

Deno.test("a port that needs a right is told in one line, with its key", () =>
  withDataDir(async (dataDir) => {
    await writeConfig({ dataDir, listen: "127.0.0.1:81" });
    // As root without the one right, so that everything else is as in the other tests.
    const main = new URL("../../src/main.ts", import.meta.url).pathname;
    const serve = [Deno.execPath(), "run", "-A", main, "serve", "--config", `${dataDir}.toml`];
    const isRoot = Deno.uid() === 0;
    const { code, stderr } = await new Deno.Command(isRoot ? "setpriv" : "env", {
      args: isRoot ? ["--bounding-set", "-net_bind_service", ...serve] : serve,
      env: { NO_COLOR: "1" },
    }).output();
    const lines = new TextDecoder().decode(stderr).trim().split("\n")
      .filter((line) => !/ INFO +No display /.test(line));
    assert.deepEqual([code, lines], [1, [
      "Cannot listen on port 81, as listen in [service] says: it needs root or " +
      "CAP_NET_BIND_SERVICE. Name a port from 1024 on",
    ]]);
  }));

/** What 4 GB of output may cost; with a new buffer for each chunk it was 80 to 113 MiB. */
const MAX_OUTPUT_GROWTH_MIB = 40;

const LOUD = `[[action]]
name = "loud"
match = "loud"
command = ["sh", "-c", "head -c 4000000000 /dev/zero"]`;

Deno.test("gigabytes of an action's output cost little memory", () =>
  withDataDir(async (dataDir) => {
    const service = await startService({ dataDir, tables: LOUD });
    try {
      const before = await service.residentMiB();
      await callLocal(service.baseUrl, "run", { text: "loud" });
      let worst = 0;
      await until("it is over", async () => {
        worst = Math.max(worst, await service.residentMiB() - before);
        return service.output().includes("Action ended");
      }, { limitMs: 120_000 });
      assert.ok(worst <= MAX_OUTPUT_GROWTH_MIB, `${worst} MiB`);
    } finally {
      assert.equal(await service.stop(), 0);
    }
  }));
