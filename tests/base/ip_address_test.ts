import assert from "node:assert/strict";
import {
  isIpAddress,
  isLoopbackAddress,
  limitKey,
  normalizeAddress,
} from "../../src/base/ip_address.ts";

const SPELLINGS: [string, string][] = [
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::FFFF:192.0.2.1", "192.0.2.1"],
  ["::ffff:c000:201", "192.0.2.1"],
  ["0:0:0:0:0:ffff:c000:0201", "192.0.2.1"],
  ["::ffff:255.255.255.255", "255.255.255.255"],
  ["::ffff:0:0", "0.0.0.0"],
  ["[::ffff:192.0.2.1]", "192.0.2.1"],
  ["2001:DB8::1", "2001:db8::1"],
  ["2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
  ["[2001:db8::1]", "2001:db8::1"],
  ["fe80::1%eth0", "fe80::1"],
  ["::1", "::1"],
  ["::", "::"],
  ["::192.0.2.1", "::c000:201"],
  ["64:ff9b::192.0.2.1", "64:ff9b::c000:201"],
  ["localhost", "localhost"],
];
for (const [address, expected] of SPELLINGS) {
  Deno.test(`normalizeAddress() writes ${address} as ${expected}`, () => {
    assert.equal(normalizeAddress(address), expected);
    assert.equal(normalizeAddress(expected), expected);
  });
}

const KEYS: [string, string][] = [
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:db8:0:0::/64"],
  ["2001:db8:0:1::1", "2001:db8:0:1::/64"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["1:2:3:4:5:6:7::", "1:2:3:4::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["fe80::2%wlan0", "fe80:0:0:0::/64"],
];
for (const [address, expected] of KEYS) {
  Deno.test(`limitKey() counts ${address} under ${expected}`, () => {
    assert.equal(limitKey(address), expected);
  });
}

const LOOPBACK: [string, boolean][] = [
  ["127.0.0.1", true],
  ["127.255.255.254", true],
  ["::ffff:127.0.0.1", true],
  ["::1", true],
  ["0:0:0:0:0:0:0:1", true],
  ["[::1]", true],
  ["128.0.0.1", false],
  ["126.255.255.255", false],
  ["192.168.127.1", false],
  ["::", false],
  ["::2", false],
  ["fe80::1", false],
  ["127.0.0.1.evil.example", false],
];
for (const [address, expected] of LOOPBACK) {
  Deno.test(`isLoopbackAddress() says ${expected} of ${address}`, () => {
    assert.equal(isLoopbackAddress(address), expected);
  });
}

const ADDRESSES = [
  ...["0.0.0.0", "192.0.2.1", "255.255.255.255"],
  ...["::", "::1", "2001:DB8::1", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1", "1:2:3:4:5:6:192.0.2.1"],
];
const NO_ADDRESSES = [
  ...["", " ", "localhost", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.04", "0x7f.0.0.1"],
  ...["192.0.2.1 ", " 192.0.2.1", "192.0.2.1:80", "192.0.2.1\n", "٣.0.0.1"],
  ...[":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::1"],
  ...["[::1]", "::1%eth0", "::1/64", "::256.0.0.1", "::1]@[::2"],
];
for (const text of ADDRESSES) {
  Deno.test(`isIpAddress() takes ${text}`, () => assert.equal(isIpAddress(text), true));
}
for (const text of NO_ADDRESSES) {
  Deno.test(`isIpAddress() refuses ${JSON.stringify(text)}`, () => {
    assert.equal(isIpAddress(text), false);
  });
}
