// allowed_ips: addresses and CIDR ranges, IPv4 and IPv6.

import { isInRange, parseAddressRange } from "../../base/address_range.ts";

/** Tells whether an address is in one of the rules; RangeError for a rule that is none. */
export function compileAddressRules(rules: readonly string[]): (address: string) => boolean {
  const ranges = rules.map((rule) => {
    const range = parseAddressRange(rule);
    if (range === undefined) throw new RangeError(`Cannot use rule: ${JSON.stringify(rule)}`);
    return range;
  });
  return (address) => ranges.some((range) => isInRange(address, range));
}
