// Ranges of IP addresses in CIDR notation: the one place that says what a rule such as
// "192.168.1.0/24" holds. The arithmetic is ipaddr.js's; which spellings are taken is ours.

import ipaddr from "ipaddr.js";
import { isIpAddress, normalizeAddress } from "./ip_address.ts";

/** How many bits of ::ffff:a.b.c.d stand before the IPv4 address (RFC 4291, section 2.5.5.2). */
export const MAPPED_PREFIX_BITS = 96;

/** A range of addresses, IPv4 inside IPv6 as IPv4. */
export interface AddressRange {
  /** 32 for IPv4, 128 for IPv6. */
  readonly bits: 32 | 128;
  /** How many of them are fixed. */
  readonly prefix: number;
  /** An address of the range. */
  readonly base: ipaddr.IPv4 | ipaddr.IPv6;
}

/**
 * The range of an address or of a CIDR rule; undefined for every other text. ::ffff:10.0.0.0/104 is
 * 10.0.0.0/8; fewer than 96 bits would be more than IPv4 and are no rule.
 */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [address = "", prefixText, ...rest] = text.split("/");
  if (!isIpAddress(address) || rest.length > 0) return undefined;
  const writtenBits = address.includes(":") ? 128 : 32;
  if (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText)) return undefined;
  const written = Number(prefixText ?? writtenBits);
  if (written > writtenBits) return undefined;
  const base = ipaddr.parse(normalizeAddress(address));
  const bits = base.kind() === "ipv4" ? 32 : 128;
  const prefix = bits < writtenBits ? written - MAPPED_PREFIX_BITS : written;
  return prefix < 0 ? undefined : { bits, prefix, base };
}

/** Whether an address is in a range; false for a text that is no address. */
export function isInRange(address: string, range: AddressRange): boolean {
  const normal = normalizeAddress(address);
  if (!isIpAddress(normal)) return false;
  return matches(ipaddr.parse(normal), range);
}

/** Whether all of `inner` is in `outer`. */
export function isSubrange(inner: AddressRange, outer: AddressRange): boolean {
  return outer.prefix <= inner.prefix && matches(inner.base, outer);
}

function matches(address: ipaddr.IPv4 | ipaddr.IPv6, { base, prefix }: AddressRange): boolean {
  return address.kind() === base.kind() && address.match(base, prefix);
}
