// The commands by which an owner looks after a running service, as scripts and people run them.

import assert from "node:assert/strict";
import { pairPhone } from "../support/reference_phone.ts";
import {
  callLocal,
  openPairing,
  runLatchkey,
  type ServiceProcess,
  withService,
} from "../support/service_process.ts";
import { until } from "../support/until.ts";

Deno.test("status tells how the service is reached and who is there, for people and scripts", async () => {
  await withOwner(async ({ service, run }) => {
    await pairPhone(service.baseUrl, { pin: await openPairing(service.baseUrl) });
    const { code, stdout } = await run("status");
    assert.equal(code, 0);
    assert.match(stdout, /^service {5}ready, \d+\.\d+\.\d+$/m);
    assert.match(stdout, /^address {5}http:\/\/127\.0\.0\.1:\d+ \(this device alone\)$/m);
    assert.match(stdout, /^paired {6}1 client$/m);
    assert.match(stdout, /^playing {5}nothing$/m);
    assert.match(stdout, /\nLast audit entries\n(.*\n)* {2}\S+ {2}paired\n/);
    // Output that is no terminal has no styles.
    assert.ok(!stdout.includes("[32m"));
    const status = JSON.parse((await run("status", "--json")).stdout);
    assert.deepEqual(
      [status.state, status.addresses, status.encryption, status.clients, status.sessions],
      ["ready", [], false, 1, 0],
    );
    assert.equal(status.audit.at(-1).event, "paired");
  });
});

Deno.test("lists are JSON where asked, the same as the service answers", async () => {
  await withOwner(async ({ service, run }) => {
    await pairPhone(service.baseUrl, { pin: await openPairing(service.baseUrl) });
    const lists: [string[], string][] = [[["clients"], "clients"], [["keys"], "keys"], [
      ["actions"],
      "actions",
    ]];
    for (const [args, method] of lists) {
      const { stdout } = await run(...args, "--json");
      assert.deepEqual(JSON.parse(stdout), await callLocal(service.baseUrl, method), method);
    }
    const entries = (await run("audit", "--json")).stdout.trim().split("\n");
    assert.ok(entries.some((entry) => JSON.parse(entry).event === "paired"));
  });
});

Deno.test("pair --json tells what happens as an object a line", async () => {
  await withOwner(async ({ service, config }) => {
    const pairing = runLatchkey("pair", "--json", "--config", config);
    const shown = await untilShown(service.baseUrl);
    await pairPhone(service.baseUrl, { pin: shown.pin });
    const { code, stdout } = await pairing;
    assert.equal(code, 0);
    const [pin, ended] = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual([pin.event, pin.pin, pin.role], ["pin", shown.pin, "admin"]);
    assert.deepEqual([ended.event, ended.paired], ["ended", true]);
    assert.match(ended.clientId, /^[0-9a-f-]{36}$/);
  });
});

Deno.test("clients are renamed and get another role", async () => {
  await withOwner(async ({ service, run }) => {
    await pairPhone(service.baseUrl, { pin: await openPairing(service.baseUrl) });
    const clientOf = async (): Promise<{ clientId: string; clientName: string; role: string }> =>
      JSON.parse((await run("clients", "--json")).stdout).clients[0];
    const { clientId } = await clientOf();
    assert.equal((await run("clients", "rename", clientId, "Kitchen phone")).stdout, "Changed.\n");
    assert.equal((await run("clients", "role", clientId, "member")).code, 0);
    const { clientName, role } = await clientOf();
    assert.deepEqual([clientName, role], ["Kitchen phone", "member"]);
    assert.equal((await run("clients", "role", clientId, "king")).code, 2);
    assert.equal((await run("clients", "rename", clientId)).code, 2);
    assert.equal((await run("clients", "rename", "nobody", "x")).code, 1);
  });
});

Deno.test("settings are listed and set", async () => {
  await withOwner(async ({ run }) => {
    assert.match((await run("settings")).stdout, /^encryption {2,}false$/m);
    const { stdout } = await run("settings", "set", "encryption", "true");
    assert.match(stdout, /^Changed: encryption\n/);
    const again = await run("settings", "set", "encryption", "true");
    assert.match(again.stdout, /^Unchanged: it already has this value\.\n/);
    assert.equal((await run("settings", "set", "discovery.instanceName", "living room")).code, 0);
    const settings = JSON.parse((await run("settings", "--json")).stdout);
    assert.deepEqual([settings.encryption, settings.discovery.instanceName], [true, "living room"]);
    for (const wrong of [["set", "nonsense", "1"], ["set", "encryption", "maybe"]]) {
      const { code, stderr } = await run("settings", ...wrong);
      assert.equal(code, 1);
      assert.match(stderr, /^Refused: /);
    }
  });
});

interface Owner {
  readonly service: ServiceProcess;
  readonly config: string;
  /** Runs a command with the service's configuration. */
  run(...args: string[]): ReturnType<typeof runLatchkey>;
}

async function withOwner(test: (owner: Owner) => Promise<void>): Promise<void> {
  await withService({}, async (service, config) => {
    await test({ service, config, run: (...args) => runLatchkey(...args, "--config", config) });
  });
}

async function untilShown(baseUrl: string): Promise<{ pin: string }> {
  let shown: unknown = null;
  await until(
    "a PIN is shown",
    async () => (shown = await callLocal(baseUrl, "clients.pair.current")) !== null,
  );
  return shown as { pin: string };
}
