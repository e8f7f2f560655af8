// What the page of the real service tells of the device before anybody has paired.

import assert from "node:assert/strict";
import { PORT, withAppInProcess } from "../support/app_in_process.ts";

const OWN = "192.0.2.20";

async function pageOf(toml: string, host: string): Promise<string> {
  let html = "";
  const edges = {
    hostName: () => "my.handheld",
    ownAddresses: () => [OWN],
    reachableUrls: (port: number) => [`http://${OWN}:${port}`, "http://[2001:db8::1]:1"],
    loadMdns: () => new Promise<never>(() => {}),
  };
  await withAppInProcess({ toml, edges }, async ({ request }) => {
    const response = await request("/app/", { headers: { Host: host }, from: "192.0.2.7" });
    assert.equal(response.status, 200);
    html = await response.text();
  });
  return html;
}

const ROWS: [what: string, toml: string, name: string | undefined][] = [
  ["is announced has its host's name", "", "my"],
  [
    "is announced under another name has that",
    '[service]\ndevice_name = "secret"\n[discovery]\ninstance_name = "Living room"',
    "Living room",
  ],
  ["is not announced has none", '[discovery]\nenabled = false\ninstance_name = "x"', undefined],
];
for (const [what, toml, name] of ROWS) {
  Deno.test(`the page of a device that ${what}`, async () => {
    const html = await pageOf(toml, `${OWN}:${PORT}`);
    assert.equal(/data-device="([^"]*)"/.exec(html)?.[1], name);
    assert.ok(!html.includes("data-elsewhere"));
    assert.ok(!html.includes("secret"));
  });
}

Deno.test("the page under another name leads to the device's likeliest address", async () => {
  const html = await pageOf("", `router.lan:${PORT}`);
  assert.ok(html.includes(`data-elsewhere="http://${OWN}:${PORT}"`), html);
  assert.ok(!html.includes("data-device"));
});
