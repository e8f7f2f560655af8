import assert from "node:assert/strict";
import { localBaseUrl } from "../../../src/edges/cli/configuration.ts";
import { configOf } from "../../support/settings.ts";

const ROWS: [trustedProxies: string[], url: string][] = [
  [[], "http://127.0.0.1:7600"],
  [["192.168.1.20", "127.0.0.2", "::1"], "http://127.0.0.1:7600"],
  [["127.0.0.1"], "http://[::1]:7600"],
  [["127.0.0.0/8", "10.0.0.0/8"], "http://[::1]:7600"],
  [["::ffff:127.0.0.1"], "http://[::1]:7600"],
];
for (const [trustedProxies, url] of ROWS) {
  Deno.test(`beside the proxies ${trustedProxies.join(" ")} the device asks itself at ${url}`, () => {
    assert.equal(localBaseUrl(configWith(trustedProxies)), url);
  });
}

Deno.test("a device without an address of its own is told so", () => {
  for (const trustedProxies of [["127.0.0.1", "::1"], ["0.0.0.0/0", "::/0"]]) {
    assert.throws(() => localBaseUrl(configWith(trustedProxies)), {
      name: "CommandError",
      message: /trusted_proxies in \[security\] has both 127\.0\.0\.1 and ::1\..* 127\.0\.0\.2$/,
    });
  }
});

function configWith(trustedProxies: readonly string[]): ReturnType<typeof configOf> {
  return configOf(
    `service.listen = "127.0.0.1:7600"\nsecurity.trusted_proxies = ${
      JSON.stringify(trustedProxies)
    }`,
  );
}
