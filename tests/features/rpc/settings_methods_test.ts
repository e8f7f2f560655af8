import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { ConfigError } from "../../../src/edges/config/config.ts";
import { createDispatcher } from "../../../src/features/rpc/dispatcher.ts";
import {
  MAX_SETTING_CHARACTERS,
  MAX_SETTING_ENTRIES,
  settingsMethods,
} from "../../../src/features/rpc/methods/settings_methods.ts";
import { Notifications } from "../../../src/features/rpc/notifications.ts";
import type { ApiSettings } from "../../../src/features/settings/api_settings.ts";
import { PhoneSettings } from "../../../src/features/settings/phone_settings.ts";
import { memoryPhoneSettings } from "../../support/memory_phone_settings.ts";
import { configOf } from "../../support/settings.ts";

const CONFIG = configOf(`
  [service]
  encryption = true
  [security]
  allowed_ips = ["192.0.2.1"]
  host_names = ["models.example"]
  allowed_origins = ["https://app.example"]
  allow_run = ["hello"]
  [models]
  allow = ["qwen3:4b"]
`);

// What the phone's app knows from Core, as it is at first.
const PHONE = {
  runZapScript: true,
  debugLogging: false,
  audioScanFeedback: false,
  readersAutoDetect: false,
  readersScanMode: "tap",
  readersScanExitDelay: 0,
  readersScanIgnoreSystems: [],
  errorReporting: false,
};

type Who = "member" | "admin" | "device";

interface Asked {
  result: unknown;
  error?: { code: number; message: string; data?: { code: string } };
  changes: ApiSettings[];
}

async function ask(
  who: Who,
  method: string,
  options: {
    params?: unknown;
    update?: (change: ApiSettings) => string[];
    phone?: PhoneSettings;
    checkWritable?: () => void;
  } = {},
): Promise<Asked> {
  const changes: ApiSettings[] = [];
  const dispatcher = createDispatcher({
    methods: settingsMethods({
      current: () => CONFIG,
      update: (change) => {
        changes.push(change);
        const changed = options.update?.(change) ?? Object.keys(change);
        return { changed, needsRestart: ["service.listen"] };
      },
      phone: options.phone ?? new PhoneSettings(memoryPhoneSettings(), new Notifications()),
      checkWritable: options.checkWritable ?? (() => {}),
      reload: () => ({ changed: [], needsRestart: [] }),
    }),
    roleOf: () => who === "member" ? "member" : "admin",
    log: silentLogger,
  });
  const request = { jsonrpc: "2.0", id: 1, method, params: options.params };
  const caller = {
    isLocal: who === "device",
    address: "192.0.2.1",
    clientId: "id-1",
    requestId: "r.1",
  };
  const answer = JSON.parse(await dispatcher.handle(JSON.stringify(request), caller) ?? "");
  return { result: answer.result, error: answer.error, changes };
}

Deno.test("settings shows a member what concerns it, and an admin all", async () => {
  const member = await ask("member", "settings");
  assert.deepEqual(member.result, {
    encryption: true,
    discovery: { enabled: true },
    ...PHONE,
  });
  // The names are the published ones; null for no name, 0 for no limit, as in the file.
  const all = {
    encryption: true,
    allowedIps: ["192.0.2.1"],
    metricsAllow: [],
    hostNames: ["models.example"],
    allowedOrigins: ["https://app.example"],
    allowRun: ["hello"],
    discovery: { enabled: true, instanceName: null },
    models: {
      allow: ["qwen3:4b"],
      maxConcurrent: 4,
      queue: 256,
      perKeyPerMinute: 0,
      perKeyTokensPerDay: 0,
    },
    limits: {
      unknownConnections: 64,
      connectionsPerAddress: 8,
      knownConnections: 320,
      connectionsPerKey: 256,
      waitingConnections: 256,
      connectionWaitS: 10,
    },
    logLevel: "info",
    keepHistory: true,
    ...PHONE,
  };
  assert.deepEqual((await ask("admin", "settings")).result, all);
  assert.deepEqual((await ask("device", "settings")).result, all);
});

Deno.test("settings.update keeps what the app sets for itself, and asks the owner's for none of it", async () => {
  const phone = new PhoneSettings(memoryPhoneSettings(), new Notifications());
  const params = {
    runZapScript: false,
    readersScanMode: "hold",
    readersScanIgnoreSystems: ["SNES"],
    errorReporting: false,
  };
  const { result, changes } = await ask("admin", "settings.update", { params, phone });
  const changed = ["runZapScript", "readersScanMode", "readersScanIgnoreSystems"];
  assert.deepEqual(result, { changed, needsRestart: [] });
  assert.deepEqual(changes, []);
  const shown = await ask("member", "settings", { phone });
  assert.deepEqual(shown.result, {
    encryption: true,
    discovery: { enabled: true },
    ...PHONE,
    ...params,
  });
  const refused = await ask("member", "settings.update", { params: PHONE, phone });
  assert.equal(refused.error?.data?.code, "forbidden");
  for (const bad of [{ readersScanMode: "other" }, { readersScanExitDelay: -1 }]) {
    const { error } = await ask("admin", "settings.update", { params: bad, phone });
    assert.equal(error?.code, -32602, JSON.stringify(bad));
  }
});

Deno.test("the app's switch for debugging is the log level", async () => {
  for (
    const [debugLogging, changes] of [[true, [{ logLevel: "debug" }]], [false, []]] as const
  ) {
    const asked = await ask("admin", "settings.update", { params: { debugLogging } });
    assert.deepEqual(asked.changes, changes);
  }
  const both = { debugLogging: true, allowRun: ["x"] };
  const asked = await ask("admin", "settings.update", { params: both });
  assert.deepEqual(asked.changes, [{ logLevel: "debug", allowRun: ["x"] }]);
});

Deno.test("settings that were kept in another shape are as they are at first", async () => {
  const kept = { runZapScript: "5", readersScanMode: "{", errorReporting: "true" };
  const phone = new PhoneSettings({ read: () => kept, write: () => {} }, new Notifications());
  const { result } = await ask("member", "settings", { phone });
  assert.deepEqual(result, {
    encryption: true,
    discovery: { enabled: true },
    ...PHONE,
    errorReporting: true,
  });
});

const CHANGE = { allowedIps: ["10.0.0.0/8"], discovery: { enabled: false, instanceName: null } };

// Who, the change, and the code of the refusal.
const RIGHTS: [Who, object, string | undefined][] = [
  ["member", CHANGE, "forbidden"],
  ["admin", CHANGE, undefined],
  ["device", CHANGE, undefined],
  ["admin", { encryption: false }, "forbidden"],
  ["admin", { encryption: true }, "forbidden"],
  ["admin", { ...CHANGE, encryption: false }, "forbidden"],
  ["device", { encryption: false }, undefined],
  ["member", { models: { allow: [] } }, "forbidden"],
  ["admin", { models: { allow: ["qwen3"], maxConcurrent: 2, queue: 1 } }, undefined],
  ["device", { models: { perKeyPerMinute: 0, perKeyTokensPerDay: 9 } }, undefined],
  ["admin", { logLevel: "debug", allowRun: [], allowedOrigins: [] }, undefined],
];
for (const [who, params, code] of RIGHTS) {
  Deno.test(`settings.update by a ${who}: ${JSON.stringify(params)} ${code ?? "works"}`, async () => {
    const { result, error, changes } = await ask(who, "settings.update", { params });
    assert.equal(error?.data?.code, code);
    assert.deepEqual(changes, code === undefined ? [params] : []);
    const { changed = [] } = result as { changed?: string[] } ?? {};
    assert.deepEqual(changed.sort(), code === undefined ? Object.keys(params).sort() : []);
  });
}

const BAD_PARAMS: unknown[] = [
  [],
  { encryption: "yes" },
  { dataDir: "/" },
  { discovery: { service: "_x._tcp" } },
  { discovery: null },
  { allowedIps: [1] },
  { allowedIps: Array(MAX_SETTING_ENTRIES + 1).fill("10.0.0.1") },
  { allowRun: ["x".repeat(MAX_SETTING_CHARACTERS + 1)] },
  { models: { upstream: "http://10.0.0.9" } },
  { models: { queue: "1" } },
  { models: { allow: "qwen3" } },
  { logLevel: "loud" },
  { encryption: null },
  { allowedIps: null },
  { discovery: { instanceName: "x".repeat(MAX_SETTING_CHARACTERS + 1) } },
  { "discovery.enabled": true },
];
for (const params of BAD_PARAMS) {
  const shown = JSON.stringify(params).slice(0, 40);
  Deno.test(`settings.update refuses ${shown}`, async () => {
    const { error, changes } = await ask("device", "settings.update", { params });
    assert.equal(error?.code, -32602);
    assert.deepEqual(changes, []);
  });
}

Deno.test("settings.update takes lists and entries of the greatest length", async () => {
  const params = {
    allowRun: Array(MAX_SETTING_ENTRIES).fill("x".repeat(MAX_SETTING_CHARACTERS)),
  };
  const { changes } = await ask("admin", "settings.update", { params });
  assert.deepEqual(changes, [params]);
});

function failing(error: Error): () => never {
  return () => {
    throw error;
  };
}

Deno.test("settings.update tells the device what is wrong, and others without its paths", async () => {
  const message = "Cannot read /data/settings.toml: line 4: security.allowed_ips.0: no";
  const params = { allowedIps: ["x"] };
  const update = failing(new ConfigError(message));
  const local = await ask("device", "settings.update", { params, update });
  assert.equal(local.error?.message, message);
  const remote = await ask("admin", "settings.update", { params, update });
  assert.equal(remote.error?.message, "Not all of these settings can be taken");
  assert.equal(remote.error?.data?.code, "bad_request");
});

Deno.test("settings.update says of a change what was expected, whoever asks", async () => {
  const message = "Cannot change limits.connection_wait_s: expected 1 to 60";
  const params = { limits: { connectionWaitS: 0 } };
  const update = failing(new AppError("bad_request", message));
  for (const who of ["device", "admin"] as const) {
    const { error } = await ask(who, "settings.update", { params, update });
    assert.deepEqual([error?.message, error?.data?.code], [message, "bad_request"], who);
  }
});

Deno.test("settings.update passes refusals on and hides mistakes of ours", async () => {
  const params = { allowedIps: [] };
  const refused = failing(new AppError("unavailable", "There is no configuration to change"));
  const { error } = await ask("admin", "settings.update", { params, update: refused });
  assert.equal(error?.data?.code, "unavailable");
  const broken = failing(new Error("ENOSPC /data/settings.toml"));
  const crash = await ask("admin", "settings.update", { params, update: broken });
  assert.equal(crash.error?.code, -32603);
  assert.doesNotMatch(JSON.stringify(crash.error), /data\/settings/);
});

const BOTH = { runZapScript: false, readersScanMode: "hold", allowedIps: [] };

Deno.test("settings.update takes nothing where the store cannot keep it", async () => {
  const phone = new PhoneSettings(memoryPhoneSettings(), new Notifications());
  const checkWritable = failing(new AppError("unavailable", "No space left on the device"));
  for (const params of [BOTH, { allowedIps: [] }]) {
    const options = { params, phone, checkWritable };
    const { error, changes } = await ask("admin", "settings.update", options);
    assert.equal(error?.message, "No space left on the device");
    assert.deepEqual([changes, phone.read()["runZapScript"]], [[], true]);
  }
  const broken = new PhoneSettings({
    read: () => ({}),
    write: failing(new AppError("unavailable", "The device's storage fails")),
  }, new Notifications());
  const { error, changes } = await ask("admin", "settings.update", { params: BOTH, phone: broken });
  assert.equal(error?.data?.code, "unavailable");
  assert.deepEqual(changes, []);
});

Deno.test("settings.update takes the app's part back where the rest is refused", async () => {
  const phone = new PhoneSettings(memoryPhoneSettings(), new Notifications());
  phone.update({ readersScanMode: "hold", errorReporting: true });
  const before = phone.read();
  const params = { ...BOTH, readersScanMode: "tap" };
  const update = (): never => {
    assert.equal(phone.read()["runZapScript"], false);
    throw new AppError("unavailable", "No space left on the device");
  };
  const { error } = await ask("admin", "settings.update", { params, phone, update });
  assert.equal(error?.message, "No space left on the device");
  assert.deepEqual(phone.read(), before);
  const taken = await ask("admin", "settings.update", {
    params,
    phone,
    update: () => ["allowedIps"],
  });
  const changed = ["allowedIps", "runZapScript", "readersScanMode"];
  assert.deepEqual(taken.result, { changed, needsRestart: ["service.listen"] });
});

const UNKNOWN: [unknown, string][] = [
  [
    { models: { upstream: "http://192.0.2.9" } },
    "models.upstream is set in the configuration file, and a change of it needs a restart",
  ],
  [{ discovery: { enabld: true } }, 'discovery: unknown key (did you mean "enabled"?)'],
  [{ encrpytion: true }, 'unknown key (did you mean "encryption"?)'],
  [{ "/etc/secret.toml": 1 }, "unknown key"],
];
for (const who of ["admin", "device"] as const) {
  for (const [params, text] of UNKNOWN) {
    Deno.test(`settings.update tells a ${who} of ${JSON.stringify(params)}: ${text}`, async () => {
      const { error, changes } = await ask(who, "settings.update", { params });
      assert.deepEqual(error, { code: -32602, message: `Invalid params: ${text}` });
      assert.deepEqual(changes, []);
    });
  }
}

Deno.test("settings.update tells a member nothing of what can be changed", async () => {
  const { error } = await ask("member", "settings.update", { params: { listen: "x" } });
  assert.equal(error?.data?.code, "forbidden");
});
