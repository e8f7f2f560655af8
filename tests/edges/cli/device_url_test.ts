import assert from "node:assert/strict";
import { parseDeviceUrl } from "../../../src/edges/cli/device_url.ts";

const ADDRESSES: [string, string][] = [
  ["192.168.1.5", "http://192.168.1.5:7497"],
  ["handheld.local", "http://handheld.local:7497"],
  ["192.168.1.5:80", "http://192.168.1.5"],
  ["192.168.1.5:9000", "http://192.168.1.5:9000"],
  ["[fe80::1]", "http://[fe80::1]:7497"],
  ["http://192.168.1.5:7497/", "http://192.168.1.5:7497"],
  ["https://den.example", "https://den.example"],
  ["http://192.168.1.5", "http://192.168.1.5"],
];
for (const [text, url] of ADDRESSES) {
  Deno.test(`parseDeviceUrl() reads ${text}`, () => assert.equal(parseDeviceUrl(text), url));
}

const NO_ADDRESSES = [
  ...["", "http://", "ftp://a", "ws://a", "a b", "http://a/path", "a?b", "http://user@a"],
  ...["http://a#b", "fe80::1"],
];
for (const text of NO_ADDRESSES) {
  Deno.test(`parseDeviceUrl() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseDeviceUrl(text), {
      name: "UsageError",
      message: "Expected the address of a device, such as http://192.168.1.5:7497",
    });
  });
}
