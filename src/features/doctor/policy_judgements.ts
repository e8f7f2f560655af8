// Judgements on whom the configuration lets in, and to what: mistakes that work, and that somebody
// else would profit from.

import { isInRange, parseAddressRange } from "../../base/address_range.ts";
import { isLoopbackAddress } from "../../base/ip_address.ts";
import { fail, type Finding, ok, skip, warn } from "./check.ts";
import type { EncryptionFacts, KeyFacts, ModelFacts, RunPatternFacts } from "./doctor_facts.ts";
import { LOOPBACK_LISTENERS } from "./network_judgements.ts";
import { isPrivateRange, parseRule } from "./private_ranges.ts";

/** The shortest prefix of a range in allowed_ips, by the bits of its addresses. */
export const MIN_PREFIX = { 32: 8, 128: 32 } as const;

/** From this prefix on, public addresses are one host (IPv4) or one network (IPv6). */
export const NARROW_PREFIX = { 32: 32, 128: 64 } as const;

/** A pattern that lets through this share of unrelated texts is no restriction. */
export const TOO_WIDE_SHARE = 0.5;

/** After this time without use, a key is likely forgotten, in milliseconds. */
export const UNUSED_KEY_MS: number = 90 * 86_400_000;

/** Judges encryption. */
export function judgeEncryption({ encryption, hostname }: EncryptionFacts): Finding {
  if (encryption) return ok("required from other hosts");
  if (hostname !== undefined && isLoopbackAddress(hostname)) {
    return ok("optional, but no other host reaches the service");
  }
  return fail(
    "other hosts may talk in plaintext",
    "Set encryption = true in [service]",
  );
}

/** Judges the rules of allowed_ips. */
export function judgeAllowedIps(rules: readonly string[]): Finding {
  if (rules.length === 0) return ok("none");
  const ranges = rules.map((rule) => ({ rule, range: parseRule(rule) }));
  const wide = ranges.filter(({ range }) => range.prefix < MIN_PREFIX[range.bits]);
  if (wide.length > 0) {
    return fail(
      `${rulesOf(wide)} is far too wide`,
      "Name the hosts, or the local network alone, such as 192.168.1.0/24",
    );
  }
  const open = ranges.filter(({ range }) =>
    range.prefix < NARROW_PREFIX[range.bits] && !isPrivateRange(range)
  );
  if (open.length > 0) {
    return warn(
      `${rulesOf(open)} is a range of the internet`,
      "Name the hosts, or the local network alone, such as 192.168.1.0/24",
    );
  }
  return ok(rules.join(", "));
}

/** Judges the rules of trusted_proxies: from such an address nobody is the device itself. */
export function judgeTrustedProxies(rules: readonly string[]): Finding {
  if (rules.length === 0) return ok("none");
  const ranges = rules.flatMap((rule) => parseAddressRange(rule) ?? []);
  const [four = false, six = false] = LOOPBACK_LISTENERS.map((address) =>
    ranges.some((range) => isInRange(address, range))
  );
  const advice = "Give a proxy on the device an address of its own, such as 127.0.0.2 " +
    "(docs/models.md)";
  if (four && six) {
    return fail("no program on the device counts as its own, `latchkey pair` among them", advice);
  }
  if (four) {
    return warn("programs that ask 127.0.0.1 count as other hosts: only [::1] is local", advice);
  }
  const found = rules.join(", ");
  return ok(six ? `${found}; local is 127.0.0.1, and not [::1]` : found);
}

function rulesOf(ranges: readonly { rule: string }[]): string {
  return ranges.map(({ rule }) => rule).join(", ");
}

/** Judges the patterns of allow_run. */
export function judgeAllowRun(patterns: readonly RunPatternFacts[]): Finding {
  if (patterns.length === 0) return ok("none");
  const wide = patterns.filter(({ tried, matched }) => matched >= tried * TOO_WIDE_SHARE);
  if (wide.length > 0) {
    return fail(
      `${patternsOf(wide)} lets nearly every text through`,
      "Write patterns that match what other hosts are to run and nothing else",
    );
  }
  const unclaimed = patterns.flatMap(({ pattern, unclaimed: text }) =>
    text === undefined ? [] : [{ pattern, text }]
  );
  const [example] = unclaimed;
  if (example !== undefined) {
    return warn(
      `${patternsOf(unclaimed)} lets through what no action takes, such as "${example.text}"`,
      "Narrow it to match in [[action]], or add the action that it is meant for",
    );
  }
  return ok(patterns.map(({ pattern }) => pattern).join(", "));
}

function patternsOf(patterns: readonly { pattern: string }[]): string {
  return patterns.map(({ pattern }) => `"${pattern}"`).join(", ");
}

/** Judges the origins of allowed_origins. */
export function judgeAllowedOrigins(origins: readonly string[]): Finding {
  if (origins.length === 0) return ok("none beyond the published apps");
  const anybody = origins.filter((origin) => origin.toLowerCase() === "null");
  const plain = origins.filter((origin) => origin.toLowerCase().startsWith("http://"));
  if (anybody.length + plain.length === 0) return ok(origins.join(", "));
  const complaints = [
    ...(anybody.length > 0 ? ['"null" is what any page can be'] : []),
    ...(plain.length > 0 ? [`${plain.join(", ")} can be forged by whoever is on the way`] : []),
  ];
  return warn(complaints.join("; "), "Name origins that begin with https:// alone");
}

/** Judges the API keys, and for what other hosts need one. */
export function judgeKeys({ nowMs, allowedIps, required, keys }: KeyFacts): Finding {
  if (allowedIps > 0 && !required.includes("rpc")) {
    return warn(
      "none is needed, so every host in allowed_ips may call the API",
      "Make one, and every call needs it: latchkey keys add NAME --scope rpc --expires 90d",
    );
  }
  const shut = required.filter((scope) => !keys.some(({ scopes }) => scopes.includes(scope)));
  const closed = shut.length === 0
    ? ""
    : `; other hosts need one for ${shut.join(", ")} and there is none, which stays so until: ` +
      "latchkey keys open SCOPE";
  const endless = keys.filter(({ expiresAtMs }) => expiresAtMs === undefined);
  const unused = keys.filter(({ lastUsedAtMs, createdAtMs }) =>
    nowMs - (lastUsedAtMs ?? createdAtMs) >= UNUSED_KEY_MS
  );
  const complaints = [
    ...(endless.length > 0 ? [`never ending: ${idsOf(endless)}`] : []),
    ...(unused.length > 0 ? [`unused for 90 days: ${idsOf(unused)}`] : []),
  ];
  if (complaints.length > 0) {
    return warn(
      complaints.join("; ") + closed,
      "Revoke what nobody needs (latchkey keys revoke ID), and make keys with --expires",
    );
  }
  return ok(`${keys.length === 0 ? "none" : `${keys.length} in force, each with an end`}${closed}`);
}

function idsOf(keys: readonly { keyId: string }[]): string {
  return keys.map(({ keyId }) => keyId).join(", ");
}

/** Judges the model gateway. */
export function judgeModels(facts: ModelFacts): Finding {
  const { enabled, isUpstreamReached, allowed, scopes, fleetProblems } = facts;
  const { hostname, allowedIps, trustedProxies } = facts;
  if (!enabled) return skip("the gateway is off");
  if (!isUpstreamReached) {
    return fail("the upstream does not answer", "Start it, or correct upstream in [models]");
  }
  if (fleetProblems.length > 0) {
    return fail(
      fleetProblems.join("; "),
      "Start it, or correct database_url and redis_url in [models]",
    );
  }
  if (allowed === 0) return warn("no model may be used", "Name models as allow in [models]");
  if (scopes !== undefined && !scopes.includes("models")) {
    return warn(
      "no key opens the gateway",
      "Make one: latchkey keys add NAME --scope models --expires 90d",
    );
  }
  const isLoopbackOnly = hostname !== undefined && isLoopbackAddress(hostname);
  const sound = `the upstream answers, models allowed: ${allowed}`;
  if (allowedIps === 0 || isLoopbackOnly) return ok(sound);
  // Phones need the other addresses, so a proxy cannot be the only way in everywhere.
  if (trustedProxies > 0) return ok(`${sound}; past the proxy keys travel over plain http`);
  return warn(
    "other hosts send their keys over plain http, where whoever reads the network reads them",
    "On a network that is not yours alone, put a proxy with TLS in front (docs/models.md)",
  );
}
