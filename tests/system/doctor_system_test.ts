// The doctor on whole devices: a healthy one about which there is nothing to say, and planted
// faults, each found by its code. Nothing it looks at is changed by it.

import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { askHealth, isAnswered, tryGuard } from "../../src/edges/doctor/network_look.ts";
import { diagnose } from "../../src/app/diagnose.ts";
import { parseConfig } from "../../src/edges/config/config.ts";
import { SETTINGS_FILE } from "../../src/features/settings/settings_file.ts";
import { DATABASE_FILE } from "../../src/edges/sqlite/stores.ts";
import {
  type Diagnosis,
  run,
  runDoctor,
  serveUnprivileged,
  whyNotUnprivileged,
} from "../features/doctor/unprivileged.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { addRemoteHost, type RemoteHost, whyNoRemoteHost } from "../support/remote_host.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const REST_MS = 500;

const HOST_NUMBER = 80;
const whyNot = await whyNoRemoteHost() ?? await whyNotUnprivileged();

// A device: its folder, its port, and the file of its configuration, written anew for each look.
interface Device {
  readonly folder: string;
  readonly dataDir: string;
  readonly port: number;
  configure(settings?: Settings): Promise<string>;
}

interface Settings {
  readonly listen?: string;
  readonly dataDir?: string;
  readonly service?: string;
  readonly security?: string;
  readonly action?: string;
  readonly models?: string;
  readonly display?: string;
}

async function withDevice(test: (device: Device) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  const dataDir = `${folder}/data`;
  const port = freePort();
  let files = 0;
  try {
    await test({
      folder,
      dataDir,
      port,
      async configure(settings = {}): Promise<string> {
        const { listen = `[::]:${port}`, service = "encryption = true" } = settings;
        const { security = "", action = "", models = "", display } = settings;
        const file = `${folder}/config${++files}.toml`;
        const text = `[service]\nlisten = "${listen}"\n` +
          `data_dir = "${settings.dataDir ?? dataDir}"\n${service}\n` +
          `[security]\n${security}\n${action}\n[models]\n${models}\n` +
          `[display]\n${display ?? `kind = "file"\nfile = "${folder}/pin.png"`}\n` +
          `[discovery]\nenabled = false\n`;
        await Deno.writeTextFile(file, text);
        return file;
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  listener.close();
  return listener.addr.port;
}

// A healthy device that runs, and another host that reaches it.
async function withRunningDevice(
  settings: Settings & { loopbackOnly?: boolean },
  test: (device: Device, host: RemoteHost, stop: StopService) => Promise<void>,
): Promise<void> {
  const host = await addRemoteHost(HOST_NUMBER);
  try {
    await withDevice(async (device) => {
      const listen = settings.loopbackOnly ? { listen: `127.0.0.1:${device.port}` } : {};
      const stop = await serveUnprivileged(await device.configure({ ...settings, ...listen }));
      let isStopped = false;
      const stopOnce: StopService = async (signal) => {
        if (!isStopped) await stop(signal);
        isStopped = true;
      };
      try {
        await test(device, host, stopOnce);
      } finally {
        await stopOnce("SIGTERM");
      }
    });
  } finally {
    await host.remove();
  }
}

type StopService = (signal: Deno.Signal) => Promise<void>;

function assertComplaints(
  diagnosis: Diagnosis,
  expected: { fail?: string[]; warn?: string[] },
): void {
  const { fail = [], warn = [] } = expected;
  assert.deepEqual(diagnosis.codesOf("fail"), fail, diagnosis.output);
  assert.deepEqual(diagnosis.codesOf("warn"), warn, diagnosis.output);
  assert.equal(diagnosis.code, fail.length > 0 ? 1 : 0);
}

systemTest("doctor has nothing to say about a healthy device", {
  whyNot,
  run: async () => {
    const upstream = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response(null, { status: 404 }),
    );
    const settings: Settings = {
      security: 'allowed_ips = ["10.213.80.0/24"]\nallow_run = ["tv:[0-9]+"]\n' +
        'allowed_origins = ["https://a.example"]\ntrusted_proxies = ["10.213.80.9"]',
      action: '[[action]]\nname = "tv"\nmatch = "tv:[0-9]+"\ncommand = ["true", "$0"]',
      models:
        `enabled = true\nupstream = "http://127.0.0.1:${upstream.addr.port}"\nallow = ["m:1"]`,
    };
    await withRunningDevice(settings, async (device, host) => {
      const file = await device.configure(settings);
      const key = ["keys", "add", "x", "--scope", "rpc,models", "--expires", "30d"];
      assert.equal((await run([...key, "--config", file])).code, 0);
      const diagnosis = await runDoctor(file);
      assertComplaints(diagnosis, {});
      assert.deepEqual(diagnosis.codesOf("skip"), ["mdns"]);
      const { checks } = diagnosis;
      for (const address of ["127.0.0.1", host.deviceAddress, host.deviceAddress6]) {
        assert.ok(checks["listeners"]?.found.includes(address), checks["listeners"]?.found);
      }
      assert.match(checks["service"]?.found ?? "", /^it runs, process \d+$/);
      assert.equal(checks["permissions"]?.found, "the service runs as user 1000");
      const text = await run(["doctor", "--config", file]);
      assert.equal(text.code, 0);
      const lines = text.output.trimEnd().split("\n");
      assert.equal(lines.length, Object.keys(checks).length);
      assert.ok(lines.every((line) => /^(ok|skip) +[a-z_]+ +\S/.test(line)), text.output);
      // The same without a proxy, and so without TLS.
      const security = settings.security?.replace(/^trusted_proxies.*$/m, "") ?? "";
      const plain = await runDoctor(await device.configure({ ...settings, security }));
      assertComplaints(plain, { warn: ["models"] });
      assert.match(plain.checks["models"]?.found ?? "", /over plain http/);
      // Other hosts do not reach the gateway.
      const closed = security.replace(/^allowed_ips.*$/m, "");
      const alone = await runDoctor(await device.configure({ ...settings, security: closed }));
      assert.equal(alone.checks["models"]?.status, "ok");
    });
    await upstream.shutdown();
  },
});

// A fault of a device that does not run: how it is planted, and the codes that complain beside
// the service's.
type Fault = [string, (device: Device) => Promise<string>, { fail?: string[]; warn?: string[] }];

const FAULTS: readonly Fault[] = [
  ["no fault", (device) => device.configure(), {}],
  ["an action whose program is missing", (device) =>
    device.configure({
      action: '[[action]]\nname = "tv"\nmatch = "tv"\ncommand = ["/usr/bin/no-such-tv"]',
    }), { fail: ["actions"] }],
  ["a data folder that others may read", async (device) => {
    await Deno.mkdir(device.dataDir, { mode: 0o755 });
    return await device.configure();
  }, { fail: ["data_folder"] }],
  ["a damaged database", async (device) => {
    await makeDatabase(device);
    const path = `${device.dataDir}/${DATABASE_FILE}`;
    const bytes = await Deno.readFile(path);
    bytes.fill(0xff, 4096, 8192);
    await Deno.writeFile(path, bytes);
    return await device.configure();
  }, { fail: ["database"] }],
  ["the database of a newer version", async (device) => {
    await makeDatabase(device);
    const database = new DatabaseSync(`${device.dataDir}/${DATABASE_FILE}`);
    database.exec("PRAGMA user_version = 99");
    database.close();
    return await device.configure();
  }, { fail: ["database"] }],
  [
    "an address of another machine",
    (device) => device.configure({ listen: `198.51.100.7:${device.port}` }),
    { fail: ["port"] },
  ],
  [
    "a panel that is not there",
    (device) =>
      device.configure({ display: 'kind = "framebuffer"\nframebuffer = "/dev/no-such-fb"' }),
    {
      fail: ["display"],
    },
  ],
  [
    "a picture's folder that is not there",
    (device) =>
      device.configure({ display: `kind = "file"\nfile = "${device.folder}/none/pin.png"` }),
    {
      fail: ["display"],
    },
  ],
  [
    "no display found by itself",
    (device) => device.configure({ display: 'kind = "auto"\nframebuffer = "/dev/no-such-fb"' }),
    {
      warn: ["display"],
    },
  ],
  ["no encryption", (device) => device.configure({ service: "encryption = false" }), {
    fail: ["encryption"],
  }],
  [
    "allowed_ips for the world",
    (device) => device.configure({ security: 'allowed_ips = ["0.0.0.0/0"]' }),
    {
      fail: ["allowed_ips"],
      // There is no key either.
      warn: ["keys"],
    },
  ],
  [
    "a proxy at the address of the device's own programs",
    (device) => device.configure({ security: 'trusted_proxies = ["127.0.0.1"]' }),
    {
      warn: ["trusted_proxies"],
    },
  ],
  ["allow_run for everything", (device) => device.configure({ security: 'allow_run = [".*"]' }), {
    fail: ["allow_run"],
  }],
  ["allow_run for nothing", (device) => device.configure({ security: 'allow_run = ["tv"]' }), {
    warn: ["allow_run"],
  }],
  [
    "an origin in the clear",
    (device) => device.configure({ security: 'allowed_origins = ["http://a.example"]' }),
    {
      warn: ["allowed_origins"],
    },
  ],
  [
    "a model gateway without a model server",
    (device) =>
      device.configure({ models: `enabled = true\nupstream = "http://127.0.0.1:${device.port}"` }),
    {
      fail: ["models"],
    },
  ],
];

async function makeDatabase(device: Device): Promise<void> {
  const stop = await serveUnprivileged(await device.configure({ listen: "127.0.0.1:0" }));
  await stop("SIGTERM");
}

for (const [name, plant, { fail = [], warn = [] }] of FAULTS) {
  systemTest(`doctor finds ${name}`, {
    whyNot,
    run: () =>
      withDevice(async (device) => {
        const diagnosis = await runDoctor(await plant(device));
        assertComplaints(diagnosis, { fail, warn: ["service", ...warn] });
      }),
  });
}

systemTest("doctor finds a mistake in the configuration and says what serve says", {
  whyNot,
  run: () =>
    withDevice(async (device) => {
      const file = await device.configure({ service: "encrpytion = true" });
      const diagnosis = await runDoctor(file);
      assertComplaints(diagnosis, { fail: ["config"] });
      assert.deepEqual(diagnosis.codesOf("ok"), ["clock", "pairing_time"]);
      const served = await run(["serve", "--config", file]);
      assert.equal(served.output, `${diagnosis.checks["config"]?.found}\n`);
      const none = await runDoctor(`${device.folder}/none.toml`);
      assert.match(none.checks["config"]?.found ?? "", /no such file$/);
    }),
});

systemTest("doctor finds a mistake in the changed settings and judges the rest", {
  whyNot,
  run: () =>
    withDevice(async (device) => {
      await Deno.mkdir(device.dataDir, { mode: 0o700 });
      await Deno.writeTextFile(`${device.dataDir}/${SETTINGS_FILE}`, "[service]\nport = 1\n");
      const diagnosis = await runDoctor(await device.configure());
      assertComplaints(diagnosis, { fail: ["config"], warn: ["service"] });
      assert.equal(diagnosis.checks["encryption"]?.status, "ok");
    }),
});

systemTest("doctor finds root's rights", {
  whyNot,
  run: () =>
    withDevice(async (device) => {
      const diagnosis = await runDoctor(await device.configure(), { asRoot: true });
      assertComplaints(diagnosis, { warn: ["service", "permissions"] });
    }),
});

systemTest("doctor finds a read-only disk under the data and under the picture", {
  whyNot,
  run: () =>
    withDevice(async (device) => {
      const { dataDir } = device;
      await Deno.mkdir(dataDir);
      const file = await device.configure({
        display: `kind = "file"\nfile = "${dataDir}/pin.png"`,
      });
      const diagnosis = await runDoctor(file, { readOnlyFolder: dataDir });
      const warn = ["service", "permissions"];
      assertComplaints(diagnosis, { fail: ["data_folder", "display"], warn });
      assert.match(diagnosis.checks["data_folder"]?.found ?? "", /is on a read-only disk$/);
    }),
});

systemTest("doctor finds another program on the port", {
  whyNot,
  run: () =>
    withDevice(async (device) => {
      const rival = Deno.listen({ hostname: "127.0.0.1", port: device.port });
      // It is silent: nobody waits for it longer than the limit.
      const diagnosis = await runDoctor(await device.configure());
      rival.close();
      assertComplaints(diagnosis, { fail: ["port"], warn: ["service"] });
    }),
});

systemTest("doctor finds a service that is not the configured one", {
  whyNot,
  run: () =>
    withRunningDevice({ loopbackOnly: true }, async (device) => {
      const elsewhere = await device.configure({ dataDir: `${device.folder}/other` });
      assertComplaints(await runDoctor(elsewhere), { fail: ["service", "port"] });
      const otherPort = await device.configure({ listen: `[::]:${freePort()}` });
      assertComplaints(await runDoctor(otherPort), { fail: ["service"] });
    }),
});

systemTest("doctor finds listeners that are missing, and others that should not be there", {
  whyNot,
  run: async () => {
    await withRunningDevice({ loopbackOnly: true }, async (device, host) => {
      const everywhere = await runDoctor(await device.configure());
      assertComplaints(everywhere, { fail: ["listeners", "guard"] });
      assert.ok(everywhere.checks["listeners"]?.found.includes(host.deviceAddress));
      const loopback = await device.configure({ listen: `127.0.0.1:${device.port}` });
      assertComplaints(await runDoctor(loopback), {});
    });
    await withRunningDevice({}, async (device) => {
      const loopback = await device.configure({ listen: `127.0.0.1:${device.port}` });
      assertComplaints(await runDoctor(loopback), { fail: ["listeners"] });
    });
  },
});

systemTest("doctor finds a way in without the guard", {
  whyNot,
  run: () =>
    withRunningDevice({ loopbackOnly: true }, async (device, host) => {
      const bypass = Deno.serve(
        { hostname: host.deviceAddress, port: device.port, reusePort: true, onListen: () => {} },
        () => Response.json({ status: "ok", state: "ready" }),
      );
      const listen = `${host.deviceAddress}:${device.port}`;
      const diagnosis = await runDoctor(await device.configure({ listen }));
      await bypass.shutdown();
      assertComplaints(diagnosis, { fail: ["guard"] });
      assert.match(diagnosis.checks["guard"]?.found ?? "", /HTTP\/2 was answered/);
    }),
});

systemTest("doctor finds keys without an end", {
  whyNot,
  run: () =>
    withRunningDevice({}, async (device) => {
      const file = await device.configure();
      const added = await run(["keys", "add", "x", "--scope", "rpc", "--config", file]);
      const diagnosis = await runDoctor(file);
      assertComplaints(diagnosis, { warn: ["keys"] });
      assert.ok(diagnosis.checks["keys"]?.found.includes(added.output.slice(3, 11)));
      assert.ok(!diagnosis.output.includes(added.output.slice(12).trim()));
    }),
});

systemTest("doctor finds a wrong clock and a missing announcement", {
  whyNot,
  run: () =>
    withRunningDevice({}, async (device) => {
      const file = await device.configure();
      const text = (await Deno.readTextFile(file)).replace(
        "enabled = false",
        "instance_name = 'x'",
      );
      const config = parseConfig(text, { file, env: { isRoot: true } });
      const faultsOf = async (wallMs: number, port: number): Promise<string> => {
        const checks = await diagnose({
          config,
          configFile: file,
          configProblems: [],
          findInstances: () => Promise.resolve([{ name: "X", port, addresses: ["127.0.0.1"] }]),
          clock: new FakeClock(wallMs),
        });
        return checks.flatMap(({ code, status, found }) =>
          status === "fail" ? [`${code}: ${found}`] : []
        ).join();
      };
      assert.equal(await faultsOf(Date.now(), device.port), "");
      assert.match(
        await faultsOf(0, device.port),
        /^clock: it says 1970-01-01 [^,]*, before[^,]*$/,
      );
      assert.match(
        await faultsOf(Date.now(), device.port + 1),
        /^mdns: "x" leads to 127[^,]*, not to[^,]*$/,
      );
    }),
});

systemTest("doctor changes nothing: never started, running, killed and stopped", {
  whyNot,
  run: () =>
    withDevice(async (device) => {
      const file = await device.configure();
      const lookUnseen = async (): Promise<void> => {
        const before = await describeAtRest(device.folder);
        const { checks, codesOf } = await runDoctor(file);
        assert.deepEqual(await describe(device.folder), before);
        assert.deepEqual(codesOf("fail"), []);
        assert.equal(checks["database"]?.status, "ok");
      };
      await lookUnseen();
      for (const signal of ["SIGKILL", "SIGTERM"] as const) {
        const stop = await serveUnprivileged(file);
        await lookUnseen().finally(() => stop(signal));
        await lookUnseen();
      }
    }),
});

// What a service writes off its loop may come, and go again, a moment after it was ready; a slow disk
// holds a part of a file there for longer.
async function describeAtRest(folder: string): Promise<Record<string, string>> {
  const tryDescribe = (): Promise<Record<string, string> | undefined> =>
    describe(folder).catch(() => undefined);
  // The first look has none before it: two looks at once would find no change in anything.
  let last: Record<string, string> | undefined;
  await until("a folder in which nothing changes", async () => {
    const before = last;
    last = await tryDescribe();
    if (last === undefined || Object.keys(last).some((path) => path.endsWith(".part"))) {
      return false;
    }
    return JSON.stringify(before) === JSON.stringify(last);
  }, { pollMs: REST_MS });
  return last ?? {};
}

// What a peer does after the first bytes it is sent, and how the guard's and the service's questions
// end. A peer that is silent costs the whole limit.
const PEERS: [string, string, string, string | undefined][] = [
  ["ends at once", "end", "cut", undefined],
  ["resets", "reset", "cut", undefined],
  ["is silent", "hold", "open", undefined],
  ["refuses for want of room", "HTTP/1.1 503 Service Unavailable\r\n\r\n", "full", undefined],
  ["speaks HTTP/2", "\0\0\x12\x04\0\0\0\0\0", "answered", undefined],
  [
    "is a Latchkey without a guard",
    'HTTP/1.1 200 OK\r\n\r\n{"status":"ok","state":"ready"}',
    "answered",
    "ready",
  ],
  [
    "is some other program",
    'HTTP/1.1 404 Not Found\r\n\r\n{"status":"ok","state":"ready"}',
    "answered",
    undefined,
  ],
  ["talks without an end", "x".repeat(100_000), "answered", undefined],
];
for (const [name, behaviour, outcome, state] of PEERS) {
  Deno.test(`doctor asks a peer that ${name}`, async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const held: Deno.TcpConn[] = [];
    const serving = (async () => {
      for await (const peer of listener) {
        if (behaviour === "reset") {
          // What was sent and is not read makes the close a reset.
          await new Promise((resolve) => setTimeout(resolve, 20));
          peer.close();
          continue;
        }
        await peer.read(new Uint8Array(1024));
        const text = behaviour.length > 5 ? behaviour : "";
        if (text !== "") await peer.write(new TextEncoder().encode(text)).catch(() => {});
        if (behaviour === "hold") held.push(peer);
        else peer.close();
      }
    })();
    assert.equal(await tryGuard(listener.addr), outcome);
    assert.equal(await askHealth(listener.addr), state);
    for (const peer of held) peer.close();
    listener.close();
    await serving;
    assert.equal(await tryGuard(listener.addr), "unreachable");
    assert.equal(await askHealth(listener.addr), undefined);
    assert.equal(await isAnswered(`http://127.0.0.1:${listener.addr.port}/`), false);
  });
}

// Everything in a folder: modes, times of change and contents.
async function describe(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    const { mode, mtime } = await Deno.stat(path);
    const content = isDirectory ? "" : hash("sha256", await Deno.readFile(path));
    found[path] = `${mode} ${mtime?.getTime()} ${content}`;
    if (isDirectory) Object.assign(found, await describe(path));
  }
  return found;
}
