import assert from "node:assert/strict";
import { formatSocketAddress, parseSocketAddress } from "../../src/base/socket_address.ts";

const ADDRESSES: [string, string, number][] = [
  ["127.0.0.1:7497", "127.0.0.1", 7497],
  ["0.0.0.0:0", "0.0.0.0", 0],
  ["255.255.255.255:65535", "255.255.255.255", 65535],
  ["[::1]:7497", "::1", 7497],
  ["[::]:1", "::", 1],
  ["[fd00::a:1]:65535", "fd00::a:1", 65535],
];
for (const [text, hostname, port] of ADDRESSES) {
  Deno.test(`parseSocketAddress() reads ${text}, and formatSocketAddress() writes it`, () => {
    assert.deepEqual(parseSocketAddress(text), { hostname, port });
    assert.equal(formatSocketAddress({ hostname, port }), text);
  });
}

const OTHER_FORMS: [string, string, number][] = [
  ["127.0.0.1:00080", "127.0.0.1", 80],
  ["[FD00:0:0::0A]:80", "fd00::a", 80],
  ["[0:0:0:0:0:0:0:1]:80", "::1", 80],
  ["[::ffff:192.0.2.1]:80", "::ffff:c000:201", 80],
];
for (const [text, hostname, port] of OTHER_FORMS) {
  Deno.test(`parseSocketAddress() brings ${text} into its shortest form`, () => {
    assert.deepEqual(parseSocketAddress(text), { hostname, port });
  });
}

const NO_ADDRESSES = [
  ...["", ":", ":80", "80", "127.0.0.1", "127.0.0.1:", "[::1]", "[::1]:", "::1", "::1:80"],
  ...[
    "127.0.0.1:65536",
    "127.0.0.1:99999",
    "127.0.0.1:123456",
    "127.0.0.1:000080",
    "127.0.0.1:-1",
    "127.0.0.1:+1",
  ],
  ...["127.0.0.1:1e3", "127.0.0.1:0x50", "127.0.0.1: 80", "127.0.0.1:80 ", "127.0.0.1:８０"],
  ...["256.0.0.1:80", "127.1:80", "2130706433:80", "0x7f.0.0.1:80", "127.0.0.01:80"],
  ...["010.0.0.1:80", "127.0.0.1.:80", "1.2.3.4.5:80", "127.0.0.1/8:80", "١٢٧.0.0.1:80"],
  ...["localhost:80", "device.local:80", "[localhost]:80", "[127.0.0.1]:80", "[]:80"],
  ...["[::1%lo]:80", "[::1%25lo]:80", "[fe80::1%eth0]:80", "[:::1]:80", "[1::2::3]:80"],
  ...["[12345::]:80", "[1:2:3:4:5:6:7]:80", "[::1]]:80", "[[::1]:80", "[::1]80", "[::g]:80"],
  ...["http://127.0.0.1:80", "user@127.0.0.1:80", "127.0.0.1:80/", "127.0.0.1:80\n", "\n[::1]:80"],
  ...["[:\t:1]:80", "[::\n1]:80", "[ ::1]:80", "127.0\n.0.1:80"],
];
for (const text of NO_ADDRESSES) {
  Deno.test(`parseSocketAddress() refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseSocketAddress(text), undefined);
  });
}
