// The methods about keys, the audit log and the settings, called through the dispatcher: all of
// them are the owner's alone.

import assert from "node:assert/strict";
import { ConfigError } from "../../../src/edges/config/config.ts";
import { AuditLog } from "../../../src/features/access/audit_log.ts";
import { AppError } from "../../../src/base/app_error.ts";
import { type LogFields, silentLogger } from "../../../src/base/log.ts";
import { DOOR_SCOPES, KEY_SCOPES } from "../../../src/features/access/api_key.ts";
import { KeyRing } from "../../../src/features/access/key_ring.ts";
import { createDispatcher } from "../../../src/features/rpc/dispatcher.ts";
import { auditMethods, MAX_AUDIT_PAGE } from "../../../src/features/rpc/methods/audit_methods.ts";
import { Notifications } from "../../../src/features/rpc/notifications.ts";
import { keyMethods } from "../../../src/features/rpc/methods/key_methods.ts";
import { PhoneSettings } from "../../../src/features/settings/phone_settings.ts";
import { memoryPhoneSettings } from "../../support/memory_phone_settings.ts";
import { settingsMethods } from "../../../src/features/rpc/methods/settings_methods.ts";
import type { SettingsOutcome } from "../../../src/features/settings/live_settings.ts";
import { SqliteAuditStore } from "../../../src/edges/sqlite/audit_store.ts";
import { SqliteKeyStore } from "../../../src/edges/sqlite/key_store.ts";
import { openSample } from "../../edges/sqlite/samples.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { seededRandom } from "../../support/seeded_random.ts";

interface Fixture {
  /** The result of a method, or the code of its error. */
  call(method: string, params?: object, isLocal?: boolean): Promise<unknown>;
  keys: KeyRing;
  audit: AuditLog;
  clock: FakeClock;
  events: string[];
  reload: { run: () => SettingsOutcome };
  logged: LogFields[];
}

async function withDevice(test: (device: Fixture) => Promise<void>): Promise<void> {
  using database = openSample();
  const clock = new FakeClock(1_790_000_000_999);
  const log = silentLogger;
  const events: string[] = [];
  const logged: LogFields[] = [];
  const reload: Fixture["reload"] = { run: () => ({ changed: [], needsRestart: [] }) };
  const store = new SqliteKeyStore(database);
  const keys = new KeyRing({ store, clock, random: seededRandom(3), log });
  const audit = new AuditLog({ store: new SqliteAuditStore(database), clock, log });
  const dispatcher = createDispatcher({
    methods: [
      ...keyMethods({
        keys,
        scopes: KEY_SCOPES,
        doors: DOOR_SCOPES,
        onAdded: ({ keyId }) => events.push(`added ${keyId}`),
        onChanged: () => {},
        onRevoked: (keyId) => events.push(`revoked ${keyId}`),
        onOpened: (scope) => events.push(`opened ${scope}`),
      }),
      ...auditMethods({ audit }),
      ...settingsMethods({
        current: () => {
          throw new TypeError("nobody asks");
        },
        update: () => ({ changed: [], needsRestart: [] }),
        phone: new PhoneSettings(memoryPhoneSettings(), new Notifications()),
        checkWritable: () => {},
        reload: () => reload.run(),
      }),
    ],
    roleOf: () => "admin",
    log: { ...silentLogger, error: (_message, fields = {}) => logged.push(fields) },
  });
  await test({
    call: async (method, params, isLocal = true) => {
      const caller = { isLocal, address: "192.0.2.1", clientId: "id-1", requestId: "r.1" };
      const request = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
      const { result, error } = JSON.parse(await dispatcher.handle(request, caller) ?? "");
      return error === undefined ? result : error.data?.code ?? error.code;
    },
    keys,
    audit,
    clock,
    events,
    reload,
    logged,
  });
}

const CALLS: [string, object | undefined][] = [
  ["keys", undefined],
  ["keys.new", { name: "script", scopes: ["rpc"] }],
  ["keys.delete", { keyId: "aaaaaaaa" }],
  ["keys.purge", undefined],
  ["keys.open", { scope: "rpc" }],
  ["audit", undefined],
  ["audit.verify", undefined],
  ["settings.reload", undefined],
];
for (const [method, params] of CALLS) {
  Deno.test(`${method} is closed to an admin on another host`, async () => {
    await withDevice(async ({ call, keys, events }) => {
      assert.equal(await call(method, params, false), "forbidden");
      assert.deepEqual([keys.list(), events], [[], []]);
      assert.notEqual(await call(method, params), "forbidden");
    });
  });
}

Deno.test("keys.new tells the key once, and keys never again", async () => {
  await withDevice(async ({ call, keys, events }) => {
    const wanted = { name: "script", scopes: ["run", "rpc"], expiresIn: 60 };
    const { key, nowRequired, ...record } = await call("keys.new", wanted) as {
      key: string;
      keyId: string;
      nowRequired: string[];
    };
    assert.deepEqual(nowRequired, ["rpc", "run"]);
    assert.equal(keys.authenticate(key)?.keyId, record.keyId);
    assert.deepEqual(record, {
      keyId: key.slice(3, 11),
      name: "script",
      scopes: ["rpc", "run"],
      models: null,
      limits: {},
      shared: false,
      createdAt: 1_790_000_000,
      expiresAt: 1_790_000_060,
      lastUsedAt: null,
      revokedAt: null,
    });
    const shown = await call("keys");
    assert.deepEqual(shown, {
      keys: [{ ...record, lastUsedAt: 1_790_000_000 }],
      required: ["rpc", "run"],
    });
    assert.ok(!JSON.stringify(shown).includes(key.slice(12)));
    assert.deepEqual(events, [`added ${record.keyId}`]);
  });
});

Deno.test("keys.new without an end lives for ever", async () => {
  await withDevice(async ({ call, keys, clock }) => {
    const { key, expiresAt } = await call("keys.new", { name: "x", scopes: ["rpc"] }) as {
      key: string;
      expiresAt: unknown;
    };
    assert.equal(expiresAt, null);
    clock.advance(200 * 366 * 24 * 3_600_000);
    assert.ok(keys.authenticate(key) !== undefined);
  });
});

const BAD_KEYS: [string, object, unknown][] = [
  ["no name", { scopes: ["rpc"] }, -32602],
  ["no list of scopes", { name: "x" }, -32602],
  ["a scope that there is not", { name: "x", scopes: ["root"] }, -32602],
  ["a lifetime of none", { name: "x", scopes: ["rpc"], expiresIn: 0 }, -32602],
  ["half a second", { name: "x", scopes: ["rpc"], expiresIn: 0.5 }, -32602],
  ["a lifetime beyond dates", { name: "x", scopes: ["rpc"], expiresIn: 1e12 }, -32602],
  ["a key of its own", { name: "x", scopes: ["rpc"], key: "lk_" }, -32602],
  ["an empty name", { name: "", scopes: ["rpc"] }, "bad_request"],
  ["no scope", { name: "x", scopes: [] }, "bad_request"],
];
for (const [what, params, expected] of BAD_KEYS) {
  Deno.test(`keys.new refuses ${what}`, async () => {
    await withDevice(async ({ call, keys, events }) => {
      assert.equal(await call("keys.new", params), expected);
      assert.deepEqual([keys.list(), events], [[], []]);
    });
  });
}

Deno.test("keys.delete revokes a key once, and keys.purge forgets it", async () => {
  await withDevice(async ({ call, keys, events }) => {
    const { text, key: { keyId } } = keys.create({ name: "x", scopes: ["rpc"] });
    assert.equal(await call("keys.delete", { keyId: "aaaaaaaa" }), "not_found");
    assert.equal(await call("keys.delete", {}), -32602);
    assert.equal(await call("keys.delete", { keyId }), null);
    assert.equal(await call("keys.delete", { keyId }), "not_found");
    assert.deepEqual(events, [`revoked ${keyId}`]);
    assert.equal(keys.authenticate(text), undefined);
    const { keys: [shown] } = await call("keys") as { keys: { revokedAt: number }[] };
    assert.equal(shown?.revokedAt, 1_790_000_000);
    assert.deepEqual(await call("keys.purge"), { purged: 1 });
    assert.deepEqual(await call("keys.purge"), { purged: 0 });
    assert.deepEqual(await call("keys"), { keys: [], required: ["rpc"] });
    assert.deepEqual(await call("keys.open", { scope: "rpc" }), { changed: true });
    assert.deepEqual(await call("keys.open", { scope: "rpc" }), { changed: false });
    assert.equal(await call("keys.open", { scope: "models" }), -32602);
    assert.deepEqual(await call("keys"), { keys: [], required: [] });
    assert.deepEqual(events, [`revoked ${keyId}`, "opened rpc"]);
  });
});

Deno.test("audit shows entries oldest first, from where it is told", async () => {
  await withDevice(async ({ call, audit }) => {
    for (let i = 0; i < 101; i++) audit.record("session_opened", { i });
    const idsOf = async (params?: object): Promise<number[]> => {
      const { entries } = await call("audit", params) as { entries: { id: number }[] };
      return entries.map(({ id }) => id);
    };
    assert.deepEqual(await idsOf(), Array.from({ length: 100 }, (_, i) => i + 2));
    assert.deepEqual(await idsOf({ limit: 2 }), [100, 101]);
    assert.deepEqual(await idsOf({ limit: 2, afterId: 0 }), [1, 2]);
    assert.deepEqual(await idsOf({ limit: MAX_AUDIT_PAGE, afterId: 99 }), [100, 101]);
    assert.deepEqual(await idsOf({ afterId: 101 }), []);
  });
});

Deno.test("audit shows when, what, the facts and the hash", async () => {
  await withDevice(async ({ call, audit }) => {
    audit.record("client_removed", { clientId: "id-1" });
    const hash = audit.list({ limit: 1 })[0]?.hash.toHex();
    const details = { clientId: "id-1" };
    const at = "2026-09-21T14:13:20.999Z";
    const entry = { id: 1, at, event: "client_removed", details, hash };
    assert.deepEqual(await call("audit"), { entries: [entry] });
    assert.deepEqual(await call("audit.verify"), {
      entries: 1,
      brokenAt: null,
      refusalBrokenAt: null,
      cutAt: null,
    });
    const anchor = `1:${hash}`;
    assert.equal((await call("audit.verify", { anchor }) as { cutAt: unknown }).cutAt, null);
    const other = `2:${hash}`;
    assert.equal((await call("audit.verify", { anchor: other }) as { cutAt: unknown }).cutAt, 2);
    assert.equal(await call("audit.verify", { anchor: "1" }), -32602);
    audit.recordRefusal("session_refused", { address: "192.0.2.1" });
  });
});

const BAD_PAGES = [{ limit: 0 }, { limit: MAX_AUDIT_PAGE + 1 }, { limit: 1.5 }, { afterId: -1 }];
for (const params of BAD_PAGES) {
  Deno.test(`audit refuses ${JSON.stringify(params)}`, async () => {
    await withDevice(async ({ call }) => assert.equal(await call("audit", params), -32602));
  });
}

Deno.test("settings.reload tells what has changed", async () => {
  await withDevice(async ({ call, reload }) => {
    const outcome = { changed: ["encryption", "logLevel"], needsRestart: ["service.listen"] };
    reload.run = () => outcome;
    assert.deepEqual(await call("settings.reload"), outcome);
  });
});

Deno.test("settings.reload passes on what is wrong with the settings", async () => {
  await withDevice(async ({ call, reload, logged }) => {
    reload.run = () => {
      throw new AppError("unavailable", "There is no configuration to read again");
    };
    assert.equal(await call("settings.reload"), "unavailable");
    reload.run = () => {
      throw new ConfigError("Cannot read config.toml: line 2: invalid value");
    };
    assert.equal(await call("settings.reload"), "bad_request");
    assert.deepEqual(logged, []);
  });
});

Deno.test("settings.reload takes a mistake of ours for one", async () => {
  await withDevice(async ({ call, reload, logged }) => {
    reload.run = () => {
      throw new TypeError("Cannot read properties of undefined");
    };
    assert.equal(await call("settings.reload"), -32603);
    assert.equal(logged.length, 1);
  });
});
