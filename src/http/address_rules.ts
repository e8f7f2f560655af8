// allowed_ips: addresses and CIDR ranges, IPv4 and IPv6.

import { convertIPv4ToBinary, convertIPv6ToBinary } from "hono/utils/ipaddr";
import { isAddressRule, isIpAddress, normalizeAddress } from "../base/ip_address.ts";

interface Range {
  readonly bits: number;
  readonly prefix: number;
  readonly value: bigint;
}

/** Tells whether an address is in one of the rules; RangeError for a rule that is none. */
export function compileAddressRules(rules: readonly string[]): (address: string) => boolean {
  const ranges = rules.map(parseRule);
  return (address) => {
    const normal = normalizeAddress(address);
    if (!isIpAddress(normal)) return false;
    const { bits, value } = toBinary(normal);
    return ranges.some((range) =>
      range.bits === bits && firstBits(value, range) === firstBits(range.value, range)
    );
  };
}

function parseRule(rule: string): Range {
  if (!isAddressRule(rule)) throw new RangeError(`Cannot use rule: ${JSON.stringify(rule)}`);
  const [text = "", prefixText] = rule.split("/");
  const normal = normalizeAddress(text);
  const { bits, value } = toBinary(normal);
  const written = prefixText === undefined ? undefined : Number(prefixText);
  // A rule for ::ffff:10.0.0.0/104 means the IPv4 range 10.0.0.0/8.
  const isMapped = text.includes(":") && bits === 32;
  const prefix = written === undefined ? bits : Math.max(0, isMapped ? written - 96 : written);
  return { bits, value, prefix };
}

function toBinary(normal: string): { bits: number; value: bigint } {
  return normal.includes(":")
    ? { bits: 128, value: convertIPv6ToBinary(normal) }
    : { bits: 32, value: convertIPv4ToBinary(normal) };
}

function firstBits(value: bigint, range: Range): bigint {
  return value >> BigInt(range.bits - range.prefix);
}
