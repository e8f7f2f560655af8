import assert from "node:assert/strict";
import type { AppError } from "../../../src/base/app_error.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { MAX_KEY_MODELS, MAX_MODEL_NAME_CHARACTERS } from "../../../src/features/access/api_key.ts";
import { makeKey, type NewKey } from "../../../src/features/access/new_key.ts";
import { SHARED_FLUSH_MS, SharedKeyRing } from "../../../src/features/access/shared_key_ring.ts";
import { createModelKeyCheck } from "../../../src/features/models/model_key_check.ts";
import { assertAppError } from "../../support/app_error.ts";
import { settle } from "../../support/fake_actions.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemorySharedKeyStore } from "../../support/memory_shared_key_store.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const WANTED: NewKey = { name: "tablet", scopes: ["models"], models: ["qwen3:4b"] };

interface Fixture {
  ring: SharedKeyRing;
  store: MemorySharedKeyStore;
  clock: FakeClock;
  warnings: string[];
}

async function withRing(test: (fixture: Fixture) => Promise<void>): Promise<void> {
  const store = new MemorySharedKeyStore();
  const clock = new FakeClock();
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (message: string) => warnings.push(message) };
  const ring = new SharedKeyRing({ store, clock, random: seededRandom(3), log });
  await test({ ring, store, clock, warnings });
  store.isAway = false;
  await ring.close();
  assert.equal(clock.timerCount, 0);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(() => "none", (error: AppError) => error.code);
}

Deno.test("a shared key opens until it is revoked, and only as itself", async () => {
  await withRing(async ({ ring }) => {
    const { text, key } = await ring.create(WANTED);
    assert.deepEqual((await ring.authenticate(text))?.models, ["qwen3:4b"]);
    for (const wrong of [undefined, "", `${text}x`, text.replace(/.$/, "A") + "", "lk_x"]) {
      if (wrong === text) continue;
      assert.equal(await ring.authenticate(wrong), undefined, wrong);
    }
    assert.equal(await ring.revoke(key.keyId), true);
    assert.equal(await ring.revoke(key.keyId), false);
    assert.equal(await ring.authenticate(text), undefined);
    assert.equal((await ring.list()).length, 1);
    assert.equal(await ring.purgeRevoked(), 1);
    assert.deepEqual(await ring.list(), []);
  });
});

Deno.test("a shared key ends with its lifetime", async () => {
  await withRing(async ({ ring, clock }) => {
    const { text } = await ring.create({ ...WANTED, lifetimeMs: 1000 });
    clock.stepWall(999);
    assert.ok(await ring.authenticate(text));
    clock.stepWall(1);
    assert.equal(await ring.authenticate(text), undefined);
  });
});

Deno.test("a shared key is for models alone", async () => {
  await withRing(async ({ ring }) => {
    const other = { ...WANTED, scopes: ["models", "rpc"] as const };
    assert.equal(await codeOf(ring.create(other)), "bad_request");
    assert.deepEqual(await ring.list(), []);
  });
});

Deno.test("nothing is let in while the store is away", async () => {
  await withRing(async ({ ring, store }) => {
    const { text } = await ring.create(WANTED);
    store.isAway = true;
    assert.equal(await codeOf(ring.authenticate(text)), "unavailable");
    assert.equal(await codeOf(ring.create(WANTED)), "unavailable");
    store.isAway = false;
    assert.ok(await ring.authenticate(text));
  });
});

Deno.test("uses are written at times, and tried again", async () => {
  await withRing(async ({ ring, store, clock }) => {
    const { text, key } = await ring.create(WANTED);
    const usedAtMs = clock.wallMs();
    await ring.authenticate(text);
    assert.equal((await ring.list())[0]?.lastUsedAtMs, usedAtMs);
    assert.equal((await store.find(key.keyId))?.lastUsedAtMs, undefined);
    store.isAway = true;
    clock.advance(SHARED_FLUSH_MS);
    await settle();
    store.isAway = false;
    clock.advance(SHARED_FLUSH_MS);
    await settle();
    assert.equal((await store.find(key.keyId))?.lastUsedAtMs, usedAtMs);
  });
});

Deno.test("createModelKeyCheck() tells apart what the gateway must", async () => {
  await withRing(async ({ ring }) => {
    const { text, key } = await ring.create(WANTED);
    const check = createModelKeyCheck(ring);
    assert.deepEqual(await check(text), {
      kind: "accepted",
      key: { keyId: key.keyId, models: ["qwen3:4b"] },
    });
    assert.deepEqual(await check(undefined), { kind: "unknown" });
    const wrong = createModelKeyCheck({ authenticate: () => ({ ...key, scopes: ["rpc"] }) });
    assert.deepEqual(await wrong(text), { kind: "wrong_scope" });
  });
});

const MODELS: [string, Partial<NewKey>, boolean][] = [
  ["no models", { models: undefined }, true],
  ["one model", { models: ["a"] }, true],
  ["as many as there may be", { models: Array(MAX_KEY_MODELS).fill("a") }, true],
  ["a long name", { models: ["x".repeat(MAX_MODEL_NAME_CHARACTERS)] }, true],
  ["an empty list", { models: [] }, false],
  ["too many", { models: Array(MAX_KEY_MODELS + 1).fill("a") }, false],
  ["an empty name", { models: [""] }, false],
  ["too long a name", { models: ["x".repeat(MAX_MODEL_NAME_CHARACTERS + 1)] }, false],
  ["models without their scope", { scopes: ["rpc"], models: ["a"] }, false],
];
for (const [what, change, isTaken] of MODELS) {
  Deno.test(`makeKey() ${isTaken ? "takes" : "refuses"} ${what}`, () => {
    const parts = { clock: new FakeClock(), random: seededRandom(1) };
    const wanted = { ...WANTED, ...change };
    if (isTaken) assert.deepEqual(makeKey(wanted, parts).key.models, wanted.models);
    else assertAppError(() => makeKey(wanted, parts), "bad_request");
  });
}

Deno.test("uses that cannot be saved are told of, but not with every try of an outage", async () => {
  await withRing(async ({ ring, store, clock, warnings }) => {
    const { text } = await ring.create(WANTED);
    await ring.authenticate(text);
    store.isAway = true;
    clock.advance(SHARED_FLUSH_MS);
    await settle();
    // The connection tells that the store is away.
    assert.deepEqual(warnings, []);
    store.isAway = false;
    store.saveLastUsed = () => Promise.reject(new Error("no such table"));
    clock.advance(SHARED_FLUSH_MS);
    await settle();
    assert.equal(warnings.length, 1);
  });
});
