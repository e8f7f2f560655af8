// The key methods where several gateways share keys for models, and while their store is away.

import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import { DOOR_SCOPES, KEY_SCOPES } from "../../../src/features/access/api_key.ts";
import { KeyRing } from "../../../src/features/access/key_ring.ts";
import { SharedKeyRing } from "../../../src/features/access/shared_key_ring.ts";
import { createDispatcher } from "../../../src/features/rpc/dispatcher.ts";
import { keyMethods } from "../../../src/features/rpc/methods/key_methods.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryKeyStore } from "../../support/memory_key_store.ts";
import { MemorySharedKeyStore } from "../../support/memory_shared_key_store.ts";
import { seededRandom } from "../../support/seeded_random.ts";

interface Fixture {
  /** The result of a method, or the code of its error. */
  call(method: string, params?: object): Promise<unknown>;
  store: MemorySharedKeyStore;
}

async function withKeys(test: (fixture: Fixture) => Promise<void>): Promise<void> {
  const clock = new FakeClock();
  const log = silentLogger;
  const store = new MemorySharedKeyStore();
  const shared = new SharedKeyRing({ store, clock, random: seededRandom(1), log });
  const keys = new KeyRing({ store: new MemoryKeyStore(), clock, random: seededRandom(2), log });
  const dispatcher = createDispatcher({
    methods: keyMethods({
      keys,
      shared,
      scopes: KEY_SCOPES,
      doors: DOOR_SCOPES,
      onAdded: () => {},
      onChanged: () => {},
      onRevoked: () => {},
      onOpened: () => {},
    }),
    roleOf: () => "admin",
    log,
  });
  await test({
    call: async (method, params) => {
      const caller = { isLocal: true, address: "127.0.0.1", clientId: undefined, requestId: "r" };
      const request = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
      const { result, error } = JSON.parse(await dispatcher.handle(request, caller) ?? "");
      return error === undefined ? result : error.data?.code ?? error.code;
    },
    store,
  });
  store.isAway = false;
  await shared.close();
}

async function newKey(
  { call }: Fixture,
  scopes: string[],
): Promise<{ keyId: string; shared: boolean }> {
  return await call("keys.new", { name: "key", scopes }) as { keyId: string; shared: boolean };
}

async function listed(
  { call }: Fixture,
): Promise<{ keyIds: string[]; sharedUnavailable: boolean }> {
  const { keys, sharedUnavailable } = await call("keys") as {
    keys: { keyId: string }[];
    sharedUnavailable: boolean;
  };
  return { keyIds: keys.map(({ keyId }) => keyId), sharedUnavailable };
}

Deno.test("keys for models are shared, others are the device's own, and both are listed", async () => {
  await withKeys(async (fixture) => {
    const own = await newKey(fixture, ["rpc"]);
    const shared = await newKey(fixture, ["models"]);
    assert.deepEqual([own.shared, shared.shared], [false, true]);
    assert.equal(
      await fixture.call("keys.new", { name: "x", scopes: ["rpc", "models"] }),
      "bad_request",
    );
    assert.deepEqual(await listed(fixture), {
      keyIds: [own.keyId, shared.keyId],
      sharedUnavailable: false,
    });
  });
});

Deno.test("keys of both kinds are revoked and purged", async () => {
  await withKeys(async (fixture) => {
    const { call } = fixture;
    const own = await newKey(fixture, ["rpc"]);
    const shared = await newKey(fixture, ["models"]);
    assert.equal(await call("keys.delete", { keyId: shared.keyId }), null);
    assert.equal(await call("keys.delete", { keyId: own.keyId }), null);
    assert.equal(await call("keys.delete", { keyId: own.keyId }), "not_found");
    assert.equal(await call("keys.delete", { keyId: "nobodyyy" }), "not_found");
    assert.deepEqual(await call("keys.purge"), { purged: 2, sharedUnavailable: false });
  });
});

Deno.test("the device's own keys are listed and purged while the shared store is away", async () => {
  await withKeys(async (fixture) => {
    const { call, store } = fixture;
    const own = await newKey(fixture, ["rpc"]);
    await newKey(fixture, ["models"]);
    store.isAway = true;
    assert.deepEqual(await listed(fixture), { keyIds: [own.keyId], sharedUnavailable: true });
    await call("keys.delete", { keyId: own.keyId });
    assert.deepEqual(await call("keys.purge"), { purged: 1, sharedUnavailable: true });
  });
});

Deno.test("a shared store that fails otherwise is not taken for one that is away", async () => {
  await withKeys(async ({ call, store }) => {
    store.list = () => Promise.reject(new Error("broken"));
    assert.equal(await call("keys"), -32603);
  });
});

Deno.test("the device's own keys are made and revoked while the shared store is away", async () => {
  await withKeys(async (fixture) => {
    const { call, store } = fixture;
    const shared = await newKey(fixture, ["models"]);
    store.isAway = true;
    const own = await newKey(fixture, ["run"]);
    assert.equal(await call("keys.delete", { keyId: own.keyId }), null);
    assert.equal(await call("keys.delete", { keyId: shared.keyId }), "unavailable");
    assert.equal(await call("keys.new", { name: "x", scopes: ["models"] }), "unavailable");
  });
});

Deno.test("limits of both kinds of keys change, the device's own while the store is away too", async () => {
  const update = (keyId: string): [string, object] => [
    "keys.update",
    { keyId, limits: { perMinute: 7 } },
  ];
  await withKeys(async (fixture) => {
    const { call, store } = fixture;
    const shared = await newKey(fixture, ["models"]);
    const changed = await call(...update(shared.keyId)) as { limits: object; shared: boolean };
    assert.deepEqual([changed.limits, changed.shared], [{ perMinute: 7 }, true]);
    assert.deepEqual((await store.find(shared.keyId))?.limits, { perMinute: 7 });
    assert.equal(await call(...update("nobodyyy")), "not_found");
    assert.equal(
      await call("keys.update", { keyId: shared.keyId, limits: { weight: 0 } }),
      "bad_request",
    );
    const own = await newKey(fixture, ["rpc"]);
    store.isAway = true;
    assert.equal(await call(...update(shared.keyId)), "unavailable");
    // For a key of other scopes there is nothing to limit, whatever the store says.
    assert.equal(await call(...update(own.keyId)), "bad_request");
  });
});
