import assert from "node:assert/strict";
import type { BucketRate } from "../../../src/base/token_bucket.ts";
import {
  AddressLimiter,
  GENERAL_RATE,
  MAX_LIMITED_ADDRESSES,
  PAIRING_RATE,
} from "../../../src/edges/http/limits.ts";

const HERE = "192.0.2.1";

// How many of so many requests at one moment pass.
function admitted(
  limiter: AddressLimiter,
  burst: { address?: string; nowMs: number; requests?: number },
): number {
  const { address = HERE, nowMs, requests = 50 } = burst;
  return Array.from({ length: requests }, () => limiter.admit(address, nowMs)).filter(Boolean)
    .length;
}

// Moments, and how many of 50 requests pass then.
const RUNS: [string, BucketRate, [nowMs: number, passed: number][]][] = [
  ["the general limit", GENERAL_RATE, [
    [0, 20],
    [599, 0],
    [600, 1],
    [1_200, 1],
    [4_200, 5],
    [16_200, 20],
    [1_000_000, 20],
  ]],
  ["the limit of pairing", PAIRING_RATE, [
    [0, 1],
    [999, 0],
    [1_000, 1],
    [1_999, 0],
    [2_000, 1],
    [60_000, 1],
  ]],
];
for (const [name, rate, moments] of RUNS) {
  Deno.test(`${name} passes exactly what is due`, () => {
    const limiter = new AddressLimiter(rate);
    const seen = moments.map(([nowMs]) => [nowMs, admitted(limiter, { nowMs })]);
    assert.deepEqual(seen, moments);
  });
}

Deno.test("the general limit passes 20 at once and 100 in each minute after", () => {
  const limiter = new AddressLimiter(GENERAL_RATE);
  assert.equal(admitted(limiter, { nowMs: 0 }), 20);
  let passed = 0;
  for (let nowMs = 100; nowMs <= 60_000; nowMs += 100) {
    passed += admitted(limiter, { nowMs, requests: 3 });
  }
  assert.equal(passed, 100);
});

const TOGETHER: [string, string, string, boolean][] = [
  ["two IPv4 addresses", HERE, "192.0.2.2", false],
  ["two spellings of an IPv4 address", HERE, "::ffff:192.0.2.1", true],
  ["two addresses of one /64", "2001:db8::1", "2001:db8:0:0:ffff::1", true],
  ["two /64 side by side", "2001:db8:0:1::1", "2001:db8:0:2::1", false],
  ["a link-local address over two interfaces", "fe80::1%eth0", "fe80::1%wlan0", true],
];
for (const [what, first, second, isTogether] of TOGETHER) {
  Deno.test(`AddressLimiter counts ${what} ${isTogether ? "together" : "apart"}`, () => {
    const limiter = new AddressLimiter(PAIRING_RATE);
    assert.equal(limiter.admit(first, 0), true);
    assert.equal(limiter.admit(second, 0), !isTogether);
  });
}

Deno.test("AddressLimiter remembers so many addresses and forgets the longest unseen", () => {
  assert.equal(MAX_LIMITED_ADDRESSES, 4096);
  const limiter = new AddressLimiter(PAIRING_RATE, 2);
  assert.equal(limiter.admit("192.0.2.1", 0), true);
  assert.equal(limiter.admit("192.0.2.2", 0), true);
  assert.equal(limiter.admit("192.0.2.1", 0), false);
  assert.equal(limiter.admit("192.0.2.3", 0), true);
  assert.equal(limiter.admit("192.0.2.1", 0), false);
  assert.equal(limiter.admit("192.0.2.2", 0), true);
});
