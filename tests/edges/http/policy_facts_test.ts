import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import type { LimitName } from "../../../src/edges/http/limits.ts";
import {
  ADDRESSES_LIFETIME_MS,
  createPolicyFacts,
  type PolicySettings,
} from "../../../src/edges/http/policy_facts.ts";
import { isAllowedOrigin, isOwnHost } from "../../../src/edges/http/origins.ts";
import type { PolicyFacts } from "../../../src/edges/http/policy.ts";
import { KeyRing } from "../../../src/features/access/key_ring.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryKeyStore } from "../../support/memory_key_store.ts";
import { seededRandom } from "../../support/seeded_random.ts";

interface Fixture {
  facts: () => PolicyFacts;
  settings: PolicySettings;
  announced: string[];
  addresses: string[];
  addressLooks: () => number;
  keys: KeyRing;
  clock: FakeClock;
}

function setUp(hostName = "Handheld"): Fixture {
  const clock = new FakeClock();
  const random = seededRandom(1);
  const keys = new KeyRing({ store: new MemoryKeyStore(), clock, random, log: silentLogger });
  let looks = 0;
  const fixture: Fixture = {
    settings: {
      encryption: true,
      allowedIps: ["192.0.2.1"],
      metricsAllow: ["192.0.2.2"],
      hostNames: ["tablet.example"],
      allowedOrigins: ["https://app.example"],
      allowRun: ["hello"],
    },
    announced: [],
    addresses: ["192.0.2.7"],
    addressLooks: () => looks,
    keys,
    clock,
    facts: createPolicyFacts({
      settings: () => fixture.settings,
      keys,
      hostName,
      announcedNames: () => fixture.announced,
      addresses: () => {
        looks += 1;
        return fixture.addresses;
      },
      port: () => 7497,
      clock,
    }),
  };
  return fixture;
}

const NAMES: [string, string[]][] = [
  ["handheld", ["handheld", "handheld.local"]],
  ["HandHeld", ["handheld", "handheld.local"]],
  ["handheld.local", ["handheld", "handheld.local"]],
  ["Handheld.Local", ["handheld", "handheld.local"]],
  ["Box.lan.example", ["box.lan.example", "box.lan.example.local", "box", "box.local"]],
  ["my_device", ["my_device", "my_device.local", "my-device", "my-device.local"]],
];
for (const [hostName, expected] of NAMES) {
  Deno.test(`a machine called ${hostName} answers as ${expected.join(" and ")}`, () => {
    const fixture = setUp(hostName);
    fixture.settings = { ...fixture.settings, hostNames: [] };
    const { own } = fixture.facts();
    assert.deepEqual(own, { hostNames: expected, addresses: ["192.0.2.7"], port: 7497 });
  });
}

Deno.test("a machine answers under the name that it is announced with, as long as it is", () => {
  const fixture = setUp();
  fixture.announced = ["Handheld-2.local"];
  const known = { own: fixture.facts().own, allowedOrigins: [] };
  assert.equal(isOwnHost("handheld-2.local:7497", known), true);
  assert.equal(isAllowedOrigin("http://handheld-2.local:7497", known), true);
  assert.equal(isOwnHost("handheld-3.local", known), false);
  fixture.announced = [];
  const later = { own: fixture.facts().own, allowedOrigins: [] };
  assert.equal(isOwnHost("handheld-2.local:7497", later), false);
});

Deno.test("a machine answers under names of the owner's choosing, from the next request on", () => {
  const fixture = setUp();
  const known = { own: fixture.facts().own, allowedOrigins: [] };
  assert.equal(isOwnHost("tablet.example", known), true);
  assert.equal(isOwnHost("Tablet.Example:8443", known), true);
  assert.equal(isAllowedOrigin("https://tablet.example", known), true);
  assert.equal(isOwnHost("evil.tablet.example", known), false);
  fixture.settings = { ...fixture.settings, hostNames: [] };
  assert.equal(
    isOwnHost("tablet.example", { own: fixture.facts().own, allowedOrigins: [] }),
    false,
  );
});

Deno.test("settings hold from the next request on, and for the one under way as they were", () => {
  const fixture = setUp();
  const before = fixture.facts();
  fixture.settings = {
    ...fixture.settings,
    encryption: false,
    allowedIps: ["203.0.113.0/24"],
    allowedOrigins: [],
    allowRun: ["bye"],
  };
  const after = fixture.facts();
  const gist = (facts: PolicyFacts): unknown[] => [
    facts.encryption,
    facts.allowedOrigins,
    ["192.0.2.1", "203.0.113.9"].map((address) => facts.isAllowedIp(address)),
    ["hello", "bye"].map((text) => facts.isAllowedText(text)),
  ];
  assert.deepEqual(gist(before), [true, ["https://app.example"], [true, false], [true, false]]);
  assert.deepEqual(gist(after), [false, [], [false, true], [false, true]]);
});

Deno.test("addresses are looked up again after 5 s and not before", () => {
  const fixture = setUp();
  fixture.facts();
  assert.equal(fixture.addressLooks(), 0);
  assert.deepEqual(fixture.facts().own.addresses, ["192.0.2.7"]);
  fixture.addresses = ["192.0.2.8"];
  fixture.clock.advance(ADDRESSES_LIFETIME_MS - 1);
  assert.deepEqual(fixture.facts().own.addresses, ["192.0.2.7"]);
  assert.equal(fixture.addressLooks(), 1);
  fixture.clock.advance(1);
  assert.deepEqual(fixture.facts().own.addresses, ["192.0.2.8"]);
  assert.equal(fixture.addressLooks(), 2);
});

Deno.test("keys are judged at every request", () => {
  const { facts, keys, clock } = setUp();
  const { isKeyRequired, findKey } = facts();
  const scopesOf = (text: string | undefined): unknown => findKey(text)?.scopes;
  const required = (): boolean[] => (["rpc", "events", "run"] as const).map(isKeyRequired);
  assert.deepEqual([required(), scopesOf(undefined)], [[false, false, false], undefined]);
  const { text } = keys.create({ name: "x", scopes: ["rpc", "run"], lifetimeMs: 1_000 });
  assert.deepEqual([required(), scopesOf(text), scopesOf("x")], [[true, false, true], [
    "rpc",
    "run",
  ], undefined]);
  clock.advance(1_000);
  assert.deepEqual([required(), scopesOf(text)], [[true, false, true], undefined]);
});

Deno.test("limits are one for all requests; general, pairing and upgrades are apart", () => {
  const { facts, clock } = setUp();
  const admit = (limit: LimitName): boolean => facts().admit(limit, "192.0.2.1");
  assert.deepEqual([admit("pairing"), admit("pairing")], [true, false]);
  assert.equal(Array.from({ length: 30 }, () => admit("general")).filter(Boolean).length, 20);
  assert.equal(facts().admit("pairing", "192.0.2.2"), true);
  clock.advance(1_000);
  assert.deepEqual([admit("pairing"), admit("general"), admit("general")], [true, true, false]);
  assert.equal(Array.from({ length: 300 }, () => admit("upgrade")).filter(Boolean).length, 200);
  clock.advance(100);
  assert.equal(Array.from({ length: 300 }, () => admit("upgrade")).filter(Boolean).length, 20);
});

Deno.test("metrics have a list of addresses of their own", () => {
  const { facts, settings } = setUp();
  const inLists = (address: string): boolean[] => [
    facts().isAllowedIp(address),
    facts().isMetricsIp(address),
  ];
  assert.deepEqual(["192.0.2.1", "192.0.2.2"].map(inLists), [[true, false], [false, true]]);
  assert.deepEqual(settings.metricsAllow, ["192.0.2.2"]);
});
