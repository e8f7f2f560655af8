// What a stop ends, seen by those at the other end: sockets, event streams, programs, the PIN on the
// screen, and what was only in memory.

import assert from "node:assert/strict";
import { REMOTE, withAppInProcess } from "../support/app_in_process.ts";
import { fakePrograms } from "../support/fake_actions.ts";
import { settle } from "../support/fake_socket.ts";
import { socketsInProcess } from "../support/sockets_in_process.ts";
import type { PinDisplay } from "../../src/features/screen/pin_display.ts";

function rpc(method: string, params: object = {}): RequestInit {
  return {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  };
}

Deno.test("a stop closes sockets", async () => {
  const { sockets, upgrade } = socketsInProcess();
  await withAppInProcess({ edges: { upgradeWebSocket: upgrade } }, async ({ app, request }) => {
    await request("/api", { headers: { Upgrade: "websocket", Connection: "Upgrade" } });
    await settle(2);
    assert.deepEqual(sockets.map(({ isClosed }) => isClosed), [false]);
    await app.stop();
    assert.deepEqual(sockets.map(({ isClosed }) => isClosed), [true]);
  });
});

for (const end of ["onclose", "onerror"] as const) {
  Deno.test(`${end} lets go of all that a socket's handlers hold, for the platform keeps it a while`, async () => {
    const { sockets, upgrade } = socketsInProcess();
    await withAppInProcess({ edges: { upgradeWebSocket: upgrade } }, async ({ app, request }) => {
      await request("/api", { headers: { Upgrade: "websocket", Connection: "Upgrade" } });
      await settle(2);
      const [socket] = sockets;
      assert.ok(socket?.onmessage && socket[end]);
      socket[end]?.();
      const { onopen, onmessage, onerror, onclose } = socket;
      assert.deepEqual([onopen, onmessage, onerror, onclose], [null, null, null, null]);
      assert.match(await (await request("/metrics")).text(), /^latchkey_connections\{.*\} 0$/m);
      await app.stop();
    });
  });
}

Deno.test("a stop ends event streams", async () => {
  await withAppInProcess({}, async ({ app, request }) => {
    const stream = await request("/api/events");
    const reader = stream.body?.getReader();
    await reader?.read();
    await app.stop();
    const limit = new Promise((resolve) => setTimeout(resolve, 0, "still open"));
    assert.deepEqual(await Promise.race([reader?.read(), limit]), { done: true, value: undefined });
    await limit;
  });
});

Deno.test("a stop ends actions", async () => {
  const { start, programs } = fakePrograms();
  const toml = '[[action]]\nname = "a"\nmatch = "a"\ncommand = ["/bin/a"]';
  const edges = { createActionStarter: () => start };
  await withAppInProcess({ toml, edges }, async ({ app, request }) => {
    assert.equal(
      (await (await request("/api", rpc("run", { text: "a" }))).json()).error,
      undefined,
    );
    const stopped = app.stop();
    assert.deepEqual(programs.map(({ signals }) => signals), [["SIGTERM"]]);
    await programs[0]?.end();
    await stopped;
  });
});

Deno.test("a stop takes the PIN off the screen", async () => {
  const shown: string[] = [];
  const display: PinDisplay = {
    show: () => void shown.push("shown"),
    warn: () => {},
    clear: ({ kind }) => void shown.push(kind),
    close: () => void shown.push("closed"),
  };
  await withAppInProcess({ options: { display } }, async ({ app, clock }) => {
    app.togglePairing();
    await settle(2);
    assert.deepEqual(shown, ["shown"]);
    await app.stop();
    assert.deepEqual(shown, ["shown", "stopped", "closed"]);
    assert.equal(clock.timerCount, 0);
  });
});

Deno.test("a stop writes when a key was used last", async () => {
  const toml = `[security]\nallowed_ips = ["${REMOTE}"]`;
  await withAppInProcess({ toml }, async ({ app, clock, request, stores }) => {
    const made = await (await request("/api", rpc("keys.new", { name: "a", scopes: ["rpc"] })))
      .json();
    const used = rpc("version");
    const headers = { ...used.headers, Authorization: `Bearer ${made.result.key}` };
    clock.advance(1);
    const answer = await request("/api", { ...used, headers, from: REMOTE });
    assert.equal(answer.status, 200, await answer.text());
    const written: unknown[] = [];
    const { close } = stores;
    Object.assign(stores, {
      close: () => {
        stores.close = close;
        written.push(...stores.keys.list().map(({ lastUsedAtMs }) => lastUsedAtMs));
        close();
      },
    });
    assert.deepEqual(stores.keys.list().map(({ lastUsedAtMs }) => lastUsedAtMs), [undefined]);
    await app.stop();
    assert.deepEqual(written, [clock.wallMs()]);
  });
});
