import assert from "node:assert/strict";
import { type LogFields, silentLogger } from "../../../src/base/log.ts";
import type { ApiKey, KeyScope } from "../../../src/features/access/api_key.ts";
import { KeyRing } from "../../../src/features/access/key_ring.ts";
import type { NewKey } from "../../../src/features/access/new_key.ts";
import { assertAppError } from "../../support/app_error.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryKeyStore } from "../../support/memory_key_store.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const LIGHTS: NewKey = { name: "Lights", scopes: ["run"] };
const HOUR_MS = 3_600_000;

interface Fixture {
  ring: KeyRing;
  store: MemoryKeyStore;
  clock: FakeClock;
  errors: [string, LogFields][];
  infos: [string, LogFields][];
}

function setUp(): Fixture {
  const store = new MemoryKeyStore();
  const clock = new FakeClock();
  const errors: [string, LogFields][] = [];
  const infos: [string, LogFields][] = [];
  const log = {
    ...silentLogger,
    info: (message: string, fields: LogFields = {}) => infos.push([message, fields]),
    error: (message: string, fields: LogFields = {}) => errors.push([message, fields]),
  };
  return {
    ring: new KeyRing({ store, clock, random: seededRandom(1), log }),
    store,
    clock,
    errors,
    infos,
  };
}

// What a ring says of a text, and what it asked its store for that.
function judge(fixture: Fixture, text: string | undefined): [ApiKey | undefined, string[]] {
  fixture.store.calls.length = 0;
  return [fixture.ring.authenticate(text), [...fixture.store.calls]];
}

Deno.test("create() keeps a key whose text opens it", () => {
  const { ring, store, clock } = setUp();
  const { text, key } = ring.create({ ...LIGHTS, lifetimeMs: HOUR_MS });
  assert.equal(key.keyId, text.slice(3, 11));
  const { keyId, secretHash, ...rest } = key;
  assert.equal(secretHash.length, 32);
  assert.deepEqual(rest, {
    name: "Lights",
    scopes: ["run"],
    models: undefined,
    createdAtMs: clock.wallMs(),
    expiresAtMs: clock.wallMs() + HOUR_MS,
    lastUsedAtMs: undefined,
    revokedAtMs: undefined,
  });
  assert.deepEqual(store.find(keyId), key);
  assert.deepEqual(ring.authenticate(text), key);
});

Deno.test("create() says for which scopes other hosts need a key from now on", () => {
  const { ring, infos } = setUp();
  const told = "Other hosts need a key from now on";
  assert.deepEqual(ring.create({ name: "a", scopes: ["rpc", "models"] }).nowRequired, ["rpc"]);
  assert.deepEqual(ring.create({ name: "b", scopes: ["rpc", "run"] }).nowRequired, ["run"]);
  assert.deepEqual(ring.create({ name: "c", scopes: ["rpc", "run"] }).nowRequired, []);
  assert.deepEqual(infos, [[told, { scope: "rpc" }], [told, { scope: "run" }]]);
});

Deno.test("create() keeps nothing that the key's text could be made from", () => {
  const { ring, store } = setUp();
  const { text } = ring.create(LIGHTS);
  const secret = Uint8Array.fromBase64(text.slice(12), { alphabet: "base64url" });
  const kept = JSON.stringify(
    store.list(),
    (_name, value) => value instanceof Uint8Array ? value.toHex() : value,
  );
  for (const form of [text.slice(12), secret.toHex(), secret.toBase64()]) {
    assert.ok(!kept.includes(form));
  }
});

Deno.test("create() writes scopes once each and in their order", () => {
  const { ring } = setUp();
  const scopes: KeyScope[] = ["models", "rpc", "models", "run", "events"];
  assert.deepEqual(ring.create({ name: "x", scopes }).key.scopes, [
    "rpc",
    "events",
    "run",
    "models",
  ]);
});

const REFUSED: [string, NewKey][] = [
  ["an empty name", { ...LIGHTS, name: "" }],
  ["a name of 65 characters", { ...LIGHTS, name: "x".repeat(65) }],
  ["no scope", { ...LIGHTS, scopes: [] }],
  ["an unknown scope", { ...LIGHTS, scopes: ["rpc", "admin" as KeyScope] }],
];
for (const [what, wanted] of REFUSED) {
  Deno.test(`create() refuses ${what}`, () => {
    const { ring } = setUp();
    assertAppError(() => ring.create(wanted), "bad_request");
    assert.deepEqual([ring.list(), ring.required()], [[], []]);
  });
}

Deno.test("create() takes names of 1 and of 64 characters", () => {
  const { ring } = setUp();
  const names = ["x", "x".repeat(64)];
  for (const name of names) ring.create({ ...LIGHTS, name });
  assert.deepEqual(ring.list().map(({ name }) => name), names);
});

Deno.test("create() hands out no key that was not kept", () => {
  const { ring, store } = setUp();
  store.isBroken = true;
  assert.throws(() => ring.create(LIGHTS), /disk full/);
  assert.deepEqual(ring.required(), []);
});

// The texts that open nothing, made from a valid and a revoked key.
const WRONG: [string, (valid: string, revoked: string) => string | undefined][] = [
  ["missing", () => undefined],
  ["empty", () => ""],
  ["malformed", () => "lk_nonsense"],
  ["malformed and long", () => "x".repeat(100_000)],
  ["of another kind", (valid) => valid.replace("lk_", "sk_")],
  ["in another spelling", (valid) => valid.toUpperCase()],
  ["one character short", (valid) => valid.slice(0, -1)],
  ["of an unknown id", (valid) => `lk_00000000_${valid.slice(12)}`],
  ["the stand-in for a missing one", () => `lk_00000000_${"A".repeat(43)}`],
  ["of a known id with another secret", (valid) => `${valid.slice(0, 12)}${"A".repeat(43)}`],
  [
    "of a known id with another key's secret",
    (valid, revoked) => valid.slice(0, 12) + revoked.slice(12),
  ],
  ["revoked", (_valid, revoked) => revoked],
];
for (const [what, textOf] of WRONG) {
  Deno.test(`authenticate() finds nothing and does the same work for a key that is ${what}`, () => {
    const fixture = setUp();
    const valid = fixture.ring.create(LIGHTS).text;
    const { text: revoked, key } = fixture.ring.create(LIGHTS);
    fixture.ring.revoke(key.keyId);
    assert.deepEqual(judge(fixture, textOf(valid, revoked)), [undefined, ["find"]]);
    assert.equal(fixture.ring.flush(), true);
    assert.deepEqual(fixture.ring.list().map(({ lastUsedAtMs }) => lastUsedAtMs), [
      undefined,
      undefined,
    ]);
  });
}

Deno.test("authenticate() finds nothing and does the same work for a key that is expired", () => {
  const fixture = setUp();
  const { text } = fixture.ring.create({ ...LIGHTS, lifetimeMs: HOUR_MS });
  fixture.clock.advance(HOUR_MS);
  assert.deepEqual(judge(fixture, text), [undefined, ["find"]]);
});

Deno.test("authenticate() finds nothing where there are no keys at all", () => {
  const fixture = setUp();
  assert.deepEqual(judge(fixture, `lk_00000000_${"A".repeat(43)}`), [undefined, ["find"]]);
});

Deno.test("authenticate() takes a key until the last millisecond of its life, by the wall clock", () => {
  const { ring, clock } = setUp();
  const { text } = ring.create({ ...LIGHTS, lifetimeMs: HOUR_MS });
  clock.advance(HOUR_MS - 1);
  assert.notEqual(ring.authenticate(text), undefined);
  clock.stepWall(1);
  assert.equal(ring.authenticate(text), undefined);
  clock.stepWall(365 * 24 * HOUR_MS);
  assert.equal(ring.authenticate(text), undefined);
});

Deno.test("authenticate() takes a key without an end for ever", () => {
  const { ring, clock } = setUp();
  const { text } = ring.create(LIGHTS);
  clock.stepWall(100 * 365 * 24 * HOUR_MS);
  assert.deepEqual(ring.authenticate(text)?.scopes, ["run"]);
});

Deno.test("authenticate() tells keys apart", () => {
  const { ring } = setUp();
  const keys = ["a", "b", "c"].map((name) => ring.create({ ...LIGHTS, name }));
  assert.deepEqual(keys.map(({ text }) => ring.authenticate(text)?.name), ["a", "b", "c"]);
});

Deno.test("authenticate() says nothing of a key that is revoked between two uses", () => {
  const { ring } = setUp();
  const { text, key } = ring.create(LIGHTS);
  assert.notEqual(ring.authenticate(text), undefined);
  ring.revoke(key.keyId);
  assert.equal(ring.authenticate(text), undefined);
});

Deno.test("revoke() refuses an unknown key and one that is revoked already", () => {
  const { ring, clock } = setUp();
  const { key } = ring.create(LIGHTS);
  assertAppError(() => ring.revoke("00000000"), "not_found");
  ring.revoke(key.keyId);
  const revokedAtMs = clock.wallMs();
  clock.advance(1);
  assertAppError(() => ring.revoke(key.keyId), "not_found");
  assert.deepEqual(ring.list(), [{ ...key, revokedAtMs }]);
});

Deno.test("isRequired() stays true when the last key is revoked, expired and purged", () => {
  const { ring, clock } = setUp();
  assert.equal(ring.isRequired("run"), false);
  const { key, nowRequired } = ring.create({ ...LIGHTS, lifetimeMs: HOUR_MS });
  assert.deepEqual(nowRequired, ["run"]);
  assert.deepEqual(ring.create(LIGHTS).nowRequired, []);
  for (const { keyId } of ring.list().slice(1)) ring.revoke(keyId);
  clock.advance(HOUR_MS);
  assert.equal(ring.isRequired("run"), true);
  ring.revoke(key.keyId);
  assert.equal(ring.purgeRevoked(), 2);
  assert.deepEqual([ring.isRequired("run"), ring.isRequired("rpc")], [true, false]);
});

Deno.test("a key for models changes nothing for other transports", () => {
  const { ring } = setUp();
  assert.deepEqual(ring.create({ name: "x", scopes: ["models"] }).nowRequired, []);
  assert.deepEqual(ring.required(), []);
});

Deno.test("open() lets others in again, once no key of the scope is in force", () => {
  const { ring, clock } = setUp();
  assert.equal(ring.open("run"), false);
  ring.create({ ...LIGHTS, lifetimeMs: HOUR_MS });
  const { key } = ring.create(LIGHTS);
  ring.create({ name: "x", scopes: ["rpc"] });
  assertAppError(() => ring.open("run"), "conflict");
  ring.revoke(key.keyId);
  assertAppError(() => ring.open("run"), "conflict");
  clock.advance(HOUR_MS);
  assert.equal(ring.open("run"), true);
  assert.deepEqual(ring.required(), ["rpc"]);
});

Deno.test("isInForce() is true of a valid key and its scopes alone", () => {
  const { ring, clock } = setUp();
  const { key: { keyId } } = ring.create({ ...LIGHTS, lifetimeMs: HOUR_MS });
  const { key: other } = ring.create(LIGHTS);
  assert.deepEqual([ring.isInForce(keyId, "run"), ring.isInForce(keyId, "rpc")], [true, false]);
  assert.equal(ring.isInForce("zzzzzzzz", "run"), false);
  ring.revoke(other.keyId);
  assert.equal(ring.isInForce(other.keyId, "run"), false);
  clock.advance(HOUR_MS - 1);
  assert.equal(ring.isInForce(keyId, "run"), true);
  clock.advance(1);
  assert.equal(ring.isInForce(keyId, "run"), false);
});

Deno.test("purgeRevoked() leaves valid keys", () => {
  const { ring } = setUp();
  const { key: first } = ring.create(LIGHTS);
  const { key: second } = ring.create(LIGHTS);
  ring.revoke(first.keyId);
  assert.equal(ring.purgeRevoked(), 1);
  assert.deepEqual([ring.list(), ring.required()], [[second], ["run"]]);
});

Deno.test("a use is told at once and written with the next flush, whatever their number", () => {
  const { ring, store, clock } = setUp();
  const first = ring.create(LIGHTS);
  const second = ring.create(LIGHTS);
  for (let i = 0; i < 100; i++) {
    clock.advance(1);
    ring.authenticate(first.text);
  }
  const usedAtMs = clock.wallMs();
  ring.authenticate(second.text);
  clock.advance(5);
  assert.deepEqual(ring.list().map(({ lastUsedAtMs }) => lastUsedAtMs), [usedAtMs, usedAtMs]);
  assert.deepEqual(store.list().map(({ lastUsedAtMs }) => lastUsedAtMs), [undefined, undefined]);
  assert.ok(!store.calls.includes("saveLastUsed"));
  assert.equal(ring.flush(), true);
  assert.deepEqual(store.list().map(({ lastUsedAtMs }) => lastUsedAtMs), [usedAtMs, usedAtMs]);
  assert.equal(store.calls.filter((call) => call === "saveLastUsed").length, 1);
});

Deno.test("flush() writes nothing where nothing was used since", () => {
  const { ring, store } = setUp();
  const { text } = ring.create(LIGHTS);
  ring.authenticate(text);
  ring.flush();
  store.calls.length = 0;
  assert.equal(ring.flush(), true);
  assert.deepEqual(store.calls, []);
});

Deno.test("flush() that failed is logged and tried again with what came since", () => {
  const { ring, store, clock, errors } = setUp();
  const first = ring.create(LIGHTS);
  const second = ring.create(LIGHTS);
  ring.authenticate(first.text);
  const firstUseMs = clock.wallMs();
  store.isBroken = true;
  assert.equal(ring.flush(), false);
  assert.equal(errors.length, 1);
  assert.match(String(errors[0]?.[1]["error"]), /disk full/);
  clock.advance(7);
  ring.authenticate(second.text);
  store.isBroken = false;
  assert.equal(ring.flush(), true);
  assert.deepEqual(store.list().map(({ lastUsedAtMs }) => lastUsedAtMs), [
    firstUseMs,
    firstUseMs + 7,
  ]);
  assert.equal(errors.length, 1);
});

Deno.test("a key is taken while its use cannot be written", () => {
  const { ring, store } = setUp();
  const { text } = ring.create(LIGHTS);
  store.isBroken = true;
  assert.notEqual(ring.authenticate(text), undefined);
});

Deno.test("a key for models has limits of its own, which change while it is used", () => {
  const { ring, store } = setUp();
  const models = { name: "tablet", scopes: ["models"] as const };
  const { text, key } = ring.create({ ...models, limits: { perMinute: 5 } });
  assert.deepEqual(ring.authenticate(text)?.limits, { perMinute: 5 });
  const changed = ring.setLimits(key.keyId, { perMinute: null, weight: 2 });
  assert.deepEqual(changed.limits, { weight: 2 });
  assert.deepEqual(ring.authenticate(text)?.limits, { weight: 2 });
  assertAppError(() => ring.setLimits(key.keyId, { weight: 0 }), "bad_request");
  assert.deepEqual(store.find(key.keyId)?.limits, { weight: 2 });
  // Of other transports there is nothing to limit.
  assertAppError(() => ring.create({ ...LIGHTS, limits: { weight: 2 } }), "bad_request");
  const { key: other } = ring.create(LIGHTS);
  assertAppError(() => ring.setLimits(other.keyId, { weight: 2 }), "bad_request");
  ring.revoke(key.keyId);
  assertAppError(() => ring.setLimits(key.keyId, { weight: 3 }), "not_found");
  assertAppError(() => ring.setLimits("nobodyyy", { weight: 3 }), "not_found");
});
