import assert from "node:assert/strict";
import { pair } from "../../src/sdk/connect.ts";
import { deviceBaseUrl, deviceSocketUrl } from "../../src/sdk/device_address.ts";

const ADDRESSES: [text: string, base: string, socket: string][] = [
  ["192.168.1.5", "http://192.168.1.5:7497", "ws://192.168.1.5:7497/api/v0.1"],
  ["handheld.local", "http://handheld.local:7497", "ws://handheld.local:7497/api/v0.1"],
  ["192.168.1.5:80", "http://192.168.1.5", "ws://192.168.1.5/api/v0.1"],
  ["[fd00::5]", "http://[fd00::5]:7497", "ws://[fd00::5]:7497/api/v0.1"],
  ["[fd00::5]:9000/", "http://[fd00::5]:9000", "ws://[fd00::5]:9000/api/v0.1"],
  ["http://192.168.1.5/", "http://192.168.1.5", "ws://192.168.1.5/api/v0.1"],
  ["HTTPS://home.test/den//", "https://home.test/den", "wss://home.test/den/api/v0.1"],
  ["home.test:80/den", "http://home.test/den", "ws://home.test/den/api/v0.1"],
];
for (const [text, base, socket] of ADDRESSES) {
  Deno.test(`the device at ${text} is found`, () => {
    assert.equal(deviceBaseUrl(text), base);
    assert.equal(deviceSocketUrl(text), socket);
  });
}

Deno.test("deviceSocketUrl() leaves the address of a WebSocket alone", () => {
  for (const url of ["ws://192.168.1.5:7497/api", "WSS://home.test/den/api/v0.1"]) {
    assert.equal(deviceSocketUrl(url), url);
  }
});

const NO_ADDRESSES = [
  ...["", "http://", "ftp://a", "a b", "/api", "http://me@a", "http://:secret@a", "a?key=1"],
  ...["http://a#b", "fd00::5"],
];
for (const text of NO_ADDRESSES) {
  Deno.test(`${JSON.stringify(text)} is no address of a device`, () => {
    const expected = {
      name: "RangeError",
      message: "Expected the address of a device, such as 192.168.1.5:7497",
    };
    assert.throws(() => deviceBaseUrl(text), expected);
    assert.throws(() => deviceSocketUrl(text), expected);
  });
}

Deno.test("pair() asks the device, and not the page that it runs in", async () => {
  const asked: string[] = [];
  const fetch = (url: string): Promise<Response> => {
    asked.push(url);
    return Promise.resolve(Response.json({ error: "no pairing in progress" }, { status: 400 }));
  };
  const options = { pin: "123456", name: "App", fetch };
  await assert.rejects(pair({ ...options, baseUrl: "192.168.1.5" }), { code: "no_pairing" });
  assert.deepEqual(asked, ["http://192.168.1.5:7497/api/pair/start"]);
  await assert.rejects(pair({ ...options, baseUrl: "" }), RangeError);
  assert.equal(asked.length, 1);
});
