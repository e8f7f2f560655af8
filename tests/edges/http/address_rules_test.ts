import assert from "node:assert/strict";
import { compileAddressRules } from "../../../src/edges/http/address_rules.ts";

const ROWS: [rule: string, inside: string[], outside: string[]][] = [
  ["192.0.2.7", ["192.0.2.7", "::ffff:192.0.2.7", "::ffff:c000:207"], ["192.0.2.6", "192.0.2.8"]],
  ["192.0.2.7/32", ["192.0.2.7"], ["192.0.2.6"]],
  ["192.0.2.7/31", ["192.0.2.6", "192.0.2.7"], ["192.0.2.5", "192.0.2.8"]],
  ["192.0.2.77/24", ["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0"]],
  ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0", "::a00:0"]],
  ["172.16.0.0/12", ["172.16.0.0", "172.31.255.255"], ["172.15.255.255", "172.32.0.0"]],
  ["128.0.0.0/1", ["128.0.0.0", "255.255.255.255"], ["127.255.255.255", "8000::"]],
  ["0.0.0.0/0", ["0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4"], ["::", "2001:db8::1"]],
  ["2001:db8::7", ["2001:db8::7", "2001:DB8:0:0::7", "[2001:db8::7]"], ["2001:db8::8"]],
  ["2001:db8::/32", ["2001:db8::", "2001:db8:ffff::1"], ["2001:db9::", "2001:db7:ffff::1"]],
  ["2001:db8:0:1::/64", ["2001:db8:0:1:ffff::"], ["2001:db8:0:2::", "2001:db8::"]],
  ["fe80::/10", ["fe80::1", "fe80::1%eth0", "febf::1"], ["fec0::1", "fe7f::1"]],
  ["::/0", ["::", "2001:db8::1"], ["192.0.2.1", "::ffff:192.0.2.1"]],
  ["::1", ["::1"], ["::2", "127.0.0.1"]],
  ["::ffff:10.0.0.0/104", ["10.9.9.9", "::ffff:10.1.1.1"], ["11.0.0.0", "::ffff:11.0.0.0"]],
  ["::ffff:10.0.0.1", ["10.0.0.1"], ["10.0.0.2"]],
];
for (const [rule, inside, outside] of ROWS) {
  Deno.test(`the rule ${rule} holds its addresses and no others`, () => {
    const isAllowed = compileAddressRules([rule]);
    for (const address of inside) assert.equal(isAllowed(address), true, address);
    for (const address of outside) assert.equal(isAllowed(address), false, address);
  });
}

Deno.test("no rule holds nobody", () => {
  const isAllowed = compileAddressRules([]);
  assert.deepEqual(["127.0.0.1", "::1", "192.0.2.1"].map(isAllowed), [false, false, false]);
});

Deno.test("one of several rules is enough", () => {
  const isAllowed = compileAddressRules(["192.0.2.0/30", "2001:db8::1"]);
  const addresses = ["192.0.2.3", "2001:db8::1", "192.0.2.4", "2001:db8::2"];
  assert.deepEqual(addresses.map(isAllowed), [true, true, false, false]);
});

for (const address of ["", "local", "unix", "192.0.2.1.evil.example", "192.0.2.1:80", "1.2.3"]) {
  Deno.test(`no rule holds ${JSON.stringify(address)}, which is no address`, () => {
    assert.equal(compileAddressRules(["0.0.0.0/0", "::/0"])(address), false);
  });
}

const REFUSED = [
  ...["", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/8/8", "10.0.0.0/x", "/8"],
  "::ffff:192.168.1.0/24",
];
for (const rule of REFUSED) {
  Deno.test(`compileAddressRules() refuses ${JSON.stringify(rule)}`, () => {
    assert.throws(() => compileAddressRules(["192.0.2.1", rule]), RangeError);
  });
}
