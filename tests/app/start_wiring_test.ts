// What a start does not wait for and does not load.

import assert from "node:assert/strict";
import { REMOTE, withAppInProcess } from "../support/app_in_process.ts";
import { settle } from "../support/fake_socket.ts";
import { socketsInProcess } from "../support/sockets_in_process.ts";

const UPGRADE = { headers: { Upgrade: "websocket", Connection: "Upgrade" } };

Deno.test("the cipher is loaded for the first socket from another host, not before", async () => {
  const { upgrade } = socketsInProcess();
  let loads = 0;
  const edges = { upgradeWebSocket: upgrade, loadAead: () => void (loads += 1) };
  await withAppInProcess({ edges }, async ({ request }) => {
    await request("/api", UPGRADE);
    await settle(2);
    assert.equal(loads, 0);
    await request("/api", { ...UPGRADE, from: REMOTE });
    await settle(2);
    assert.equal(loads, 1);
  });
});

Deno.test("a start does not wait for what announces the device", async () => {
  const edges = { loadMdns: () => new Promise<never>(() => {}) };
  await withAppInProcess({ toml: "[discovery]\nenabled = true", edges }, async ({ request }) => {
    assert.equal((await request("/health")).status, 200);
  });
});
