// How much of the world a rule of allowed_ips lets in.

import { convertIPv4ToBinary, convertIPv6ToBinary } from "hono/utils/ipaddr";
import { normalizeAddress } from "../base/ip_address.ts";

/** A rule as a range of addresses. */
export interface AddressRange {
  /** 32 for IPv4, 128 for IPv6. */
  readonly bits: 32 | 128;
  /** How many of them are fixed. */
  readonly prefix: number;
  /** The first address, as a number. */
  readonly value: bigint;
}

/** Ranges that no route of the internet leads to, and those of private overlay networks. */
const PRIVATE_RANGES: readonly AddressRange[] = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "127.0.0.0/8",
  "fc00::/7",
  "fe80::/10",
  "::1",
].map(parseRange);

/** The range of a rule that the configuration has accepted. */
export function parseRange(rule: string): AddressRange {
  const [text = "", prefixText] = rule.split("/");
  const normal = normalizeAddress(text);
  if (normal.includes(":")) {
    return { bits: 128, prefix: Number(prefixText ?? 128), value: convertIPv6ToBinary(normal) };
  }
  const written = Number(prefixText ?? (text.includes(":") ? 128 : 32));
  // A rule for ::ffff:10.0.0.0/104 means the IPv4 range 10.0.0.0/8.
  const prefix = Math.max(0, text.includes(":") ? written - 96 : written);
  return { bits: 32, prefix, value: convertIPv4ToBinary(normal) };
}

/** Whether all of a range lies in private networks. */
export function isPrivateRange(range: AddressRange): boolean {
  return PRIVATE_RANGES.some(({ bits, prefix, value }) =>
    bits === range.bits && prefix <= range.prefix &&
    firstBits(value, { bits, prefix }) === firstBits(range.value, { bits, prefix })
  );
}

function firstBits(value: bigint, range: { bits: number; prefix: number }): bigint {
  return value >> BigInt(range.bits - range.prefix);
}
