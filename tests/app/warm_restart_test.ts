import assert from "node:assert/strict";
import { scheduleWarmRestart, WARM_RESTART_MS } from "../../src/app/warm_restart.ts";
import {
  type AppInProcess,
  type innerEdges,
  REMOTE,
  withAppInProcess,
} from "../support/app_in_process.ts";
import { fakePrograms } from "../support/fake_actions.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { settle } from "../support/fake_socket.ts";
import { socketsInProcess } from "../support/sockets_in_process.ts";

interface Seen {
  /** What became of the restart, in order. */
  readonly events: string[];
}

async function withRestart(
  test: (app: AppInProcess, seen: Seen) => Promise<void>,
  options: { isDue?: boolean; isService?: boolean } = {},
): Promise<string[]> {
  const { isDue = true, isService = true } = options;
  const events: string[] = [];
  const { upgrade } = socketsInProcess();
  const { start, programs } = fakePrograms();
  const restart = {
    run: () => void events.push("run"),
    close: () => void events.push("close"),
  };
  const edges: Partial<ReturnType<typeof innerEdges>> = {
    upgradeWebSocket: upgrade,
    createActionStarter: () => start,
    dropPermissions: () => void events.push("drop"),
    prepareRestart: () => {
      events.push("prepare");
      return isDue ? restart : undefined;
    },
  };
  const toml = '[[action]]\nname = "a"\nmatch = "a"\ncommand = ["/bin/a"]';
  await withAppInProcess({ toml, edges, options: { dropPermissions: isService } }, async (app) => {
    await test(app, { events });
    await programs[0]?.end();
  });
  return events;
}

Deno.test("a service that is due starts anew once, prepared before rights are given up", async () => {
  const events = await withRestart(async ({ clock }) => {
    clock.advance(WARM_RESTART_MS - 1);
    clock.advance(1);
    clock.advance(10 * WARM_RESTART_MS);
    await settle(1);
  });
  assert.deepEqual(events, ["prepare", "drop", "run", "close"]);
});

Deno.test("a service that is not due does not start anew", async () => {
  const events = await withRestart(async ({ clock }) => {
    clock.advance(2 * WARM_RESTART_MS);
    await settle(1);
  }, { isDue: false });
  assert.deepEqual(events, ["prepare", "drop"]);
});

Deno.test("a service in another program's process never starts that anew", async () => {
  assert.deepEqual(await withRestart(() => Promise.resolve(), { isService: false }), []);
});

Deno.test("a service that is stopped before does not start anew", async () => {
  const events = await withRestart(async ({ app, clock }) => {
    await app.stop();
    clock.advance(2 * WARM_RESTART_MS);
  });
  assert.deepEqual(events, ["prepare", "drop", "close"]);
});

const rpc = (method: string, params: object = {}): RequestInit => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
});
const UPGRADE = { headers: { Upgrade: "websocket", Connection: "Upgrade" } };

const USES: [string, (app: AppInProcess) => Promise<unknown>][] = [
  ["a request of another host", ({ request }) => request("/health", { from: REMOTE })],
  ["an open PIN", ({ request }) => request("/api", rpc("clients.pair.start"))],
  ["an open socket", ({ request }) => request("/api", UPGRADE)],
  ["a running action", ({ request }) => request("/api", rpc("run", { text: "a" }))],
  ["an event stream", ({ request }) => request("/api/events")],
];

for (const [name, use] of USES) {
  Deno.test(`a service does not start anew after ${name}`, async () => {
    const events = await withRestart(async (app) => {
      const answer = await use(app);
      await settle(2);
      app.clock.advance(2 * WARM_RESTART_MS);
      if (answer instanceof Response) await answer.body?.cancel();
    });
    assert.deepEqual(events, ["prepare", "drop", "close"]);
  });
}

Deno.test("what the device asked itself, and is over, does not keep it from starting anew", async () => {
  const events = await withRestart(async ({ request, clock }) => {
    await (await request("/health")).body?.cancel();
    clock.advance(WARM_RESTART_MS);
  });
  assert.ok(events.includes("run"));
});

Deno.test("what was run before a restart is written first, and not where there is none", () => {
  for (const isInUse of [false, true]) {
    const steps: string[] = [];
    const clock = new FakeClock();
    scheduleWarmRestart({
      restart: { run: () => void steps.push("run"), close: () => void steps.push("close") },
      isInUse: () => isInUse,
      history: { flush: () => void steps.push("flush") },
      clock,
    });
    clock.advance(WARM_RESTART_MS);
    assert.deepEqual(steps, isInUse ? ["close"] : ["flush", "run", "close"]);
  }
});
