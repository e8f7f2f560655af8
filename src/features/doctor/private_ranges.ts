// Which rules of allowed_ips stay inside private networks.

import { type AddressRange, isSubrange, parseAddressRange } from "../../base/address_range.ts";

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
].map(parseRule);

/** The range of a rule that the configuration has accepted; RangeError for what is none. */
export function parseRule(rule: string): AddressRange {
  const range = parseAddressRange(rule);
  if (range === undefined) throw new RangeError(`Cannot use rule: ${JSON.stringify(rule)}`);
  return range;
}

/** Whether all of a range lies in private networks. */
export function isPrivateRange(range: AddressRange): boolean {
  return PRIVATE_RANGES.some((known) => isSubrange(range, known));
}
