import assert from "node:assert/strict";
import {
  isAllowedOrigin,
  isOwnHost,
  isOwnPage,
  type OwnNames,
} from "../../../src/edges/http/origins.ts";

const OWN: OwnNames = {
  hostNames: ["handheld", "handheld.local"],
  addresses: ["192.0.2.7", "2001:db8::7", "fe80::7%wlan0", "::ffff:198.51.100.7"],
  port: 7497,
};
const KNOWN = { own: OWN, allowedOrigins: ["https://App.example", "http://kiosk:8080"] };

const ALLOWED = [
  ...["capacitor://localhost", "ionic://localhost", "https://zaparoo.app", "HTTPS://Zaparoo.App"],
  ...["http://localhost", "https://localhost", "http://localhost:7497", "https://localhost:7497"],
  ...["http://127.0.0.1:7497", "https://127.0.0.1:7497"],
  ...["http://handheld", "http://handheld:7497", "https://handheld.local", "http://HANDHELD:7497"],
  ...["http://handheld.local:7497"],
  ...["http://192.0.2.7:7497", "https://192.0.2.7:7497", "http://[2001:db8::7]:7497"],
  ...["http://[fe80::7]:7497", "http://198.51.100.7:7497"],
  ...["https://app.example", "https://APP.example", "http://kiosk:8080"],
];
for (const origin of ALLOWED) {
  Deno.test(`isAllowedOrigin() lets ${origin} in`, () => {
    assert.equal(isAllowedOrigin(origin, KNOWN), true);
  });
}

const FOREIGN = [
  ...["null", "", "*", "file://", "https://evil.example", "about:blank", "blob:null/x"],
  ...["http://zaparoo.app", "https://zaparoo.app:8443", "https://www.zaparoo.app"],
  ...[
    "https://zaparoo.app.evil.example",
    "https://zaparoo.app/",
    "https://zaparoo.app@evil.example",
  ],
  ...["capacitor://localhost:7497", "capacitor://evil", "ionic://localhost/", "file://localhost"],
  ...[
    "http://localhost:7498",
    "http://localhost.evil.example",
    "http://localhost./",
    "ws://localhost",
  ],
  ...["http://127.0.0.1", "https://127.0.0.1", "http://127.0.0.1:7498", "http://127.0.0.2:7497"],
  ...[
    "http://127.1:7497",
    "http://0x7f000001:7497",
    "http://2130706433:7497",
    "http://0.0.0.0:7497",
  ],
  ...["http://[::1]:7498", "http://[::ffff:127.0.0.1]:7497"],
  ...["http://handheld:80:7497", "http://handheld:7498", "http://handheld.evil.example:7497"],
  ...[
    "http://192.0.2.7",
    "http://192.0.2.7:7498",
    "http://192.0.2.8:7497",
    "http://[2001:db8::8]:7497",
  ],
  ...["http://[2001:DB8:0::7]:7497", "http://[fe80::7%wlan0]:7497"],
  ...["http://app.example", "https://app.example:8443", "https://app.example/", "http://kiosk"],
  ...["http://localhost:7497/x", "http://user@localhost:7497", "http://localhost:7497?x"],
  ...["http://localhost http://localhost", " http://localhost", "http://localhost\t"],
];
for (const origin of FOREIGN) {
  Deno.test(`isAllowedOrigin() keeps ${JSON.stringify(origin)} out`, () => {
    assert.equal(isAllowedOrigin(origin, KNOWN), false);
  });
}

Deno.test("isAllowedOrigin() knows the port of a scheme where the device listens on it", () => {
  const known = { own: { ...OWN, port: 80 }, allowedOrigins: [] };
  const origins = [
    "http://192.0.2.7",
    "http://127.0.0.1",
    "https://192.0.2.7",
    "http://192.0.2.7:80",
  ];
  // The last is how nobody writes it: browsers leave the port of the scheme out.
  assert.deepEqual(origins.map((origin) => isAllowedOrigin(origin, known)), [
    true,
    true,
    false,
    false,
  ]);
});

Deno.test("isAllowedOrigin() follows the device's addresses", () => {
  const origin = "http://203.0.113.5:7497";
  assert.equal(isAllowedOrigin(origin, KNOWN), false);
  const own = { ...OWN, addresses: ["203.0.113.5"] };
  assert.equal(isAllowedOrigin(origin, { own, allowedOrigins: [] }), true);
});

const HOSTS: [host: string | null, expected: boolean][] = [
  ["localhost", true],
  ["localhost:7497", true],
  ["LocalHost:1", true],
  ["127.0.0.1", true],
  ["127.0.0.1:7497", true],
  ["192.0.2.99:7497", true],
  ["203.0.113.1", true],
  ["[::1]:7497", true],
  ["[2001:db8::99]", true],
  ["handheld", true],
  ["handheld:7497", true],
  ["HANDHELD.local", true],
  ["handheld.local:7497", true],
  ["zaparoo.app", true],
  ["app.example:8443", true],
  ["kiosk", true],
  [null, false],
  ["", false],
  [":7497", false],
  ["evil.example", false],
  ["evil.example:7497", false],
  ["localhost.evil.example", false],
  ["handheld.evil.example", false],
  ["evilhandheld", false],
  ["127.0.0.1.evil.example", false],
  ["evil.example/127.0.0.1", false],
  ["localhost/x", false],
  ["localhost?x", false],
  ["evil.example@127.0.0.1", false],
  ["localhost#evil.example", false],
  ["localhost#", false],
  ["localhost?", false],
  ["@localhost", false],
  ["localhost\\evil.example", false],
  ["localhost evil.example", false],
  ["localhost:port", false],
  ["localhost:99999", false],
  ["::1", false],
  ["[::1", false],
];
for (const [host, expected] of HOSTS) {
  Deno.test(`isOwnHost() says ${expected} of ${JSON.stringify(host)}`, () => {
    assert.equal(isOwnHost(host, KNOWN), expected);
  });
}

const PAGE_HOSTS: [host: string | null, isOwn: boolean][] = [
  ["192.0.2.7:7497", true],
  ["[2001:db8::7]:7497", true],
  ["HANDHELD.local:7497", true],
  ["handheld", true],
  ["localhost:7497", true],
  ["127.0.0.1:7497", true],
  // By https through a proxy, whose own port is not in the header.
  ["app.example", true],
  ["kiosk:8080", true],
  ["192.0.2.7", false],
  ["192.0.2.8:7497", false],
  ["router.lan:7497", false],
  ["handheld:7498", false],
  ["handheld:7497/x", false],
  ["user@handheld:7497", false],
  ["", false],
  [null, false],
];
for (const [host, isOwn] of PAGE_HOSTS) {
  Deno.test(`a page under ${host} ${isOwn ? "may" : "may not"} talk to the device`, () => {
    assert.equal(isOwnPage(host, KNOWN), isOwn);
  });
}
