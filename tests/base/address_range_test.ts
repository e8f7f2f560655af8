import assert from "node:assert/strict";
import { isSubrange, parseAddressRange } from "../../src/base/address_range.ts";

const RULES: [text: string, bits: 32 | 128, prefix: number][] = [
  ["192.0.2.1", 32, 32],
  ["0.0.0.0/0", 32, 0],
  ["10.0.0.0/8", 32, 8],
  ["192.0.2.1/32", 32, 32],
  ["::1", 128, 128],
  ["::/0", 128, 0],
  ["2001:db8::/128", 128, 128],
  ["::ffff:192.168.1.0/96", 32, 0],
  ["::ffff:192.168.1.0/120", 32, 24],
  ["::ffff:c0a8:100/120", 32, 24],
  ["0:0:0:0:0:FFFF:192.168.1.0/128", 32, 32],
  ["::ffff:192.168.1.7", 32, 32],
];
for (const [text, bits, prefix] of RULES) {
  Deno.test(`parseAddressRange() takes ${text}`, () => {
    const range = parseAddressRange(text);
    assert.deepEqual([range?.bits, range?.prefix], [bits, prefix]);
  });
}

const NO_RULES = [
  ...["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8.0", "10.0.0.0/ 8"],
  ...["10.0.0.0/0x8", "10.0.0.0/1e1", "10.0.0.0/8/8", "/8", "10.0.0.0/0008", "name/8", "10.0.0/8"],
  ...["", "localhost", "::1%eth0/64", "[::1]/64", "010.0.0.1", "0x7f.1"],
  // An IPv4 network with its prefix left as it was: the owner meant /120, not all of IPv4.
  ...["::ffff:192.168.1.0/24", "::ffff:192.168.1.0/95", "::ffff:0:0/0", "::ffff:c0a8:100/64"],
];
for (const text of NO_RULES) {
  Deno.test(`parseAddressRange() refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseAddressRange(text), undefined);
  });
}

const SUBRANGES: [inner: string, outer: string, expected: boolean][] = [
  ["10.1.0.0/16", "10.0.0.0/8", true],
  ["10.0.0.0/8", "10.0.0.0/8", true],
  ["10.0.0.0/7", "10.0.0.0/8", false],
  ["11.0.0.0/16", "10.0.0.0/8", false],
  ["::ffff:10.1.0.0/112", "10.0.0.0/8", true],
  ["fd00::/8", "fc00::/7", true],
  ["a00::/16", "10.0.0.0/8", false],
];
for (const [inner, outer, expected] of SUBRANGES) {
  Deno.test(`isSubrange() says ${expected} of ${inner} in ${outer}`, () => {
    const [small, large] = [parseAddressRange(inner), parseAddressRange(outer)];
    assert.ok(small !== undefined && large !== undefined);
    assert.equal(isSubrange(small, large), expected);
  });
}
