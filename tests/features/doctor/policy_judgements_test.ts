import type {
  KeyFacts,
  ModelFacts,
  RunPatternFacts,
} from "../../../src/features/doctor/doctor_facts.ts";
import {
  judgeAllowedIps,
  judgeAllowedOrigins,
  judgeAllowRun,
  judgeEncryption,
  judgeKeys,
  judgeModels,
  judgeTrustedProxies,
  UNUSED_KEY_MS,
} from "../../../src/features/doctor/policy_judgements.ts";
import { testJudgement } from "./rows.ts";

testJudgement(judgeEncryption, [
  ["on", { encryption: true, hostname: undefined }, "ok", /required/],
  [
    "off on every interface",
    { encryption: false, hostname: undefined },
    "fail",
    /encryption = true/,
  ],
  ["off at one address", { encryption: false, hostname: "10.0.0.5" }, "fail", /plaintext/],
  ["off on every IPv4 address", { encryption: false, hostname: "0.0.0.0" }, "fail", /plaintext/],
  ["off on loopback", { encryption: false, hostname: "127.0.0.1" }, "ok", /no other host/],
  ["off on loopback of IPv6", { encryption: false, hostname: "::1" }, "ok", /no other host/],
]);

testJudgement(judgeAllowedIps, [
  ["none", [], "ok", /none/],
  [
    "a local network",
    ["192.168.1.0/24", "10.0.0.0/8"],
    "ok",
    /^192\.168\.1\.0\/24, 10\.0\.0\.0\/8/,
  ],
  ["every IPv4 address", ["0.0.0.0/0"], "fail", /^0\.0\.0\.0\/0 is far too wide\. Name/],
  ["every IPv6 address", ["10.0.0.1", "::/0"], "fail", /^::\/0 is/],
  ["every IPv4 address, written in IPv6", ["::ffff:0.0.0.0/96"], "fail", /too wide/],
  ["seven bits", ["10.0.0.0/7"], "fail", /too wide/],
  ["eight public bits", ["8.0.0.0/8"], "warn", /8\.0\.0\.0\/8 is a range of the internet/],
  ["31 bits of IPv6", ["2001:db8::/31"], "fail", /too wide/],
  ["32 bits of IPv6", ["2001:db8::/32"], "warn", /range of the internet/],
  ["a public network of IPv6", ["2001:db8::/64"], "ok", /2001/],
  ["more than a network of IPv6", ["2001:db8::/63"], "warn", /range/],
  ["a private network of IPv6", ["fd12:3456::/32"], "ok", /fd12/],
  ["a public host", ["203.0.113.7", "2001:db8::7"], "ok", /203/],
  ["two public hosts", ["203.0.113.6/31"], "warn", /203\.0\.113\.6\/31 is/],
  ["wide and open", ["203.0.113.0/24", "0.0.0.0/1"], "fail", /^0\.0\.0\.0\/1 is far too wide/],
]);

testJudgement(judgeTrustedProxies, [
  ["none", [], "ok", /^none\. $/],
  ["another host", ["192.168.1.20", "10.0.0.0/8"], "ok", /^192\.168\.1\.20, 10\.0\.0\.0\/8\. $/],
  ["an address of its own", ["127.0.0.2"], "ok", /^127\.0\.0\.2\. $/],
  ["the device's own", ["192.168.1.20", "127.0.0.1"], "warn", /ask 127\.0\.0\.1 .* 127\.0\.0\.2/],
  ["a range with the device's own", ["127.0.0.0/8"], "warn", /only \[::1\] is local/],
  ["the device's own in IPv6", ["::1"], "ok", /^::1; local is 127\.0\.0\.1, and not \[::1\]\. $/],
  ["both", ["127.0.0.1", "::1"], "fail", /^no program on the device counts as its own, .*pair/],
  ["everybody", ["0.0.0.0/0", "::/0"], "fail", /no program/],
]);

function pattern(facts: Partial<RunPatternFacts>): RunPatternFacts {
  return { pattern: "tv:.*", tried: 10, matched: 0, unclaimed: undefined, ...facts };
}

testJudgement(judgeAllowRun, [
  ["none", [], "ok", /none/],
  ["narrow", [pattern({}), pattern({ pattern: "radio" })], "ok", /^tv:\.\*, radio/],
  [
    "all texts",
    [pattern({ pattern: ".*", matched: 10 })],
    "fail",
    /^"\.\*" lets nearly every text/,
  ],
  ["half of all texts", [pattern({ matched: 5 })], "fail", /^"tv:\.\*" lets nearly/],
  ["less than half", [pattern({ matched: 4 })], "ok", /tv/],
  [
    "what no action takes",
    [pattern({ unclaimed: "tv:7" }), pattern({ pattern: "radio" })],
    "warn",
    /^"tv:\.\*" lets through what no action takes, such as "tv:7"\. Narrow/,
  ],
  [
    "both",
    [pattern({ unclaimed: "tv:7" }), pattern({ pattern: ".+", matched: 9, unclaimed: "x" })],
    "fail",
    /^"\.\+" lets/,
  ],
]);

testJudgement(judgeAllowedOrigins, [
  ["none", [], "ok", /none beyond/],
  ["https", ["https://a.example", "capacitor://a"], "ok", /^https:\/\/a\.example, capacitor/],
  ["http", ["https://a.example", "HTTP://b.example"], "warn", /^HTTP:\/\/b\.example can be forged/],
  ["null", ["null"], "warn", /^"null" is what any page can be\. Name/],
  ["both", ["null", "http://b"], "warn", /^"null".*; http:\/\/b can/],
]);

const NOW_MS = Date.UTC(2026, 5, 1);

function keyFacts(
  key: Partial<KeyFacts["keys"][number]> | undefined,
  { allowedIps = 1, required = ["rpc"] }: Partial<KeyFacts> = {},
): KeyFacts {
  const sound = {
    keyId: "abcd1234",
    scopes: ["rpc"] as const,
    createdAtMs: NOW_MS - 1,
    expiresAtMs: NOW_MS + 1,
    lastUsedAtMs: undefined,
  };
  const keys = key === undefined ? [] : [{ ...sound, ...key }];
  return { nowMs: NOW_MS, allowedIps, required, keys };
}

testJudgement(judgeKeys, [
  ["none, none needed", keyFacts(undefined, { allowedIps: 0, required: [] }), "ok", /^none/],
  [
    "none, but hosts are let in",
    keyFacts(undefined, { required: [] }),
    "warn",
    /^none is needed, so every host.*keys add/,
  ],
  [
    "a key for models alone, but hosts are let in",
    keyFacts({ scopes: ["models"] }, { required: ["events"] }),
    "warn",
    /^none is needed, so every host/,
  ],
  [
    "the last one is gone, the door stays shut",
    keyFacts(undefined, { required: ["rpc", "run"] }),
    "ok",
    /^none; other hosts need one for rpc, run and there is none.*keys open/,
  ],
  ["sound", keyFacts({}), "ok", /^1 in force/],
  [
    "without an end",
    keyFacts({ expiresAtMs: undefined }),
    "warn",
    /^never ending: abcd1234\. Revoke/,
  ],
  [
    "without an end, and of no scope that is closed",
    keyFacts({ expiresAtMs: undefined, scopes: ["models"] }, { required: ["rpc"] }),
    "warn",
    /^never ending: abcd1234; other hosts need one for rpc and there is none.*keys open/,
  ],
  [
    "never used, young enough",
    keyFacts({ createdAtMs: NOW_MS - UNUSED_KEY_MS + 1 }),
    "ok",
    /in force/,
  ],
  [
    "never used, too old",
    keyFacts({ createdAtMs: NOW_MS - UNUSED_KEY_MS }),
    "warn",
    /^unused for 90 days: abcd1234/,
  ],
  [
    "old and used lately",
    keyFacts({ createdAtMs: 0, lastUsedAtMs: NOW_MS - UNUSED_KEY_MS + 1 }),
    "ok",
    /in force/,
  ],
  [
    "forgotten and without an end",
    keyFacts({ createdAtMs: 0, lastUsedAtMs: NOW_MS - UNUSED_KEY_MS, expiresAtMs: undefined }),
    "warn",
    /^never ending: abcd1234; unused for 90 days: abcd1234/,
  ],
]);

function models(facts: Partial<ModelFacts>): ModelFacts {
  return {
    enabled: true,
    isUpstreamReached: true,
    allowed: 2,
    scopes: ["rpc", "models"],
    fleetProblems: [],
    hostname: undefined,
    allowedIps: 0,
    trustedProxies: 0,
    ...facts,
  };
}

testJudgement(judgeModels, [
  ["off", models({ enabled: false, isUpstreamReached: false }), "skip", /off/],
  ["sound", models({}), "ok", /models allowed: 2/],
  ["no upstream", models({ isUpstreamReached: false }), "fail", /upstream does not answer\. Start/],
  [
    "no store",
    models({ fleetProblems: ["the store does not answer"] }),
    "fail",
    /^the store.*redis_url/,
  ],
  ["no model", models({ allowed: 0 }), "warn", /no model may be used/],
  ["no key", models({ scopes: ["rpc"] }), "warn", /no key opens.*--scope models/],
  ["keys in plaintext", models({ allowedIps: 1 }), "warn", /keys over plain http.*TLS in front/],
  [
    "a proxy in front",
    models({ allowedIps: 1, trustedProxies: 1 }),
    "ok",
    /models allowed: 2; past the proxy keys travel over plain http/,
  ],
  [
    "a proxy as the only way in",
    models({ allowedIps: 1, trustedProxies: 1, hostname: "127.0.0.1" }),
    "ok",
    /models allowed: 2\. $/,
  ],
  ["loopback alone", models({ allowedIps: 1, hostname: "127.0.0.1" }), "ok", /models allowed/],
  ["another address", models({ allowedIps: 1, hostname: "192.0.2.1" }), "warn", /plain http/],
  ["keys that cannot be told", models({ scopes: undefined }), "ok", /models allowed: 2/],
]);
