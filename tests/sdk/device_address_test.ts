import assert from "node:assert/strict";
import { pair } from "../../src/sdk/connect.ts";
import { deviceBaseUrl, deviceSocketUrl } from "../../src/sdk/device_address.ts";
import vectors from "../vectors/addresses.json" with { type: "json" };

for (const [text, base] of Object.entries(vectors.bases)) {
  Deno.test(`the device at ${text} is found`, () => {
    assert.equal(deviceBaseUrl(text), base);
    assert.equal(deviceBaseUrl(base), base);
    assert.equal(deviceSocketUrl(text), `${base.replace("http", "ws")}/api/v0.1`);
  });
}

Deno.test("deviceSocketUrl() leaves the address of a WebSocket alone", () => {
  for (const url of ["ws://192.168.1.5:7497/api", "WSS://home.test/den/api/v0.1"]) {
    assert.equal(deviceSocketUrl(url), url);
  }
});

for (const text of vectors.refused) {
  Deno.test(`${JSON.stringify(text)} is no address of a device`, () => {
    const expected = {
      name: "RangeError",
      message: "Expected the address of a device, such as 192.168.1.5:7497",
    };
    assert.throws(() => deviceBaseUrl(text), expected);
    if (!text.startsWith("ws:")) assert.throws(() => deviceSocketUrl(text), expected);
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
