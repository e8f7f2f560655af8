// The wiring of the service: it starts over real parts, ends everything where a step throws, and
// stops in order.

import assert from "node:assert/strict";
import { ANSWERS_GRACE_MS, assemble, RUNNING_GRACE_MS } from "../../src/app/assembly.ts";
import type { Edges } from "../../src/app/edges.ts";
import type { AuditCheckpoint } from "../../src/features/access/anchor_keeper.ts";
import { silentLogger } from "../../src/base/log.ts";
import { parseConfig } from "../../src/edges/config/config.ts";
import { silentDisplay } from "../../src/features/screen/pin_display.ts";
import { innerEdges, memoryStores, REMOTE, withAppInProcess } from "../support/app_in_process.ts";
import type { Stores } from "../../src/edges/sqlite/stores.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { settle } from "../support/fake_socket.ts";

Deno.test("the service answers in process, for itself and for others", async () => {
  await withAppInProcess({}, async ({ request }) => {
    const health = await request("/health");
    assert.deepEqual(await health.json(), { status: "ok", state: "ready" });
    const call = {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"jsonrpc":"2.0","id":1,"method":"clients"}',
    };
    const local = await request("/api", call);
    assert.deepEqual(await local.json(), { jsonrpc: "2.0", id: 1, result: { clients: [] } });
    const remote = await request("/api", { ...call, from: REMOTE });
    assert.notEqual(JSON.stringify(await remote.json()), undefined);
    assert.notEqual(remote.status, 200);
  });
});

Deno.test("a service whose stores are gone has failed, and its keys end by the kept time", async () => {
  const stores = memoryStores();
  const markMs = Date.UTC(2090, 0, 1);
  stores.timeMark.write(markMs);
  let isUsable = true;
  const openStores = (): Stores => ({ ...stores, isUsable: () => isUsable });
  await withAppInProcess({ edges: { openStores } }, async ({ request, clock }) => {
    const ask = async (method: string, params: unknown = {}): Promise<unknown> => {
      const answer = await request("/api", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      return (await answer.json()).result;
    };
    const states = async (): Promise<unknown[]> => [
      (await (await request("/health")).json()).state,
      (await ask("health") as { state: unknown }).state,
    ];
    assert.deepEqual(await states(), ["ready", "ready"]);
    isUsable = false;
    assert.deepEqual(await states(), ["failed", "failed"]);
    isUsable = true;
    await ask("keys.new", { name: "a", scopes: ["rpc"] });
    assert.deepEqual(stores.keys.list().map(({ createdAtMs }) => createdAtMs), [markMs]);
    clock.advance(20 * 60_000);
    assert.equal(stores.timeMark.read(), markMs + 20 * 60_000);
    clock.advance(1000);
  });
  assert.equal(stores.database.isOpen, false);
});

Deno.test("a change of a setting is recorded with who, from what and to what", async () => {
  const heads: AuditCheckpoint[] = [];
  const stores: Stores = {
    ...memoryStores(),
    auditAnchor: { read: () => heads.at(-1), write: (head) => void heads.push(head) },
  };
  const parse = (overlay = ""): ReturnType<typeof parseConfig> =>
    parseConfig("", {
      file: "config.toml",
      env: { HOME: "/nowhere", isRoot: false },
      overlay: { file: "settings.toml", text: overlay },
    });
  let reloaded = parse();
  const configSource = {
    readWarnings: () => [],
    readOverlay: () => ({ file: "settings.toml", text: "" }),
    read: () => reloaded,
    readWith: parse,
  };
  const given = { edges: { openStores: () => stores }, options: { configSource } };
  await withAppInProcess(given, async ({ app, request }) => {
    await request("/api", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body:
        '{"jsonrpc":"2.0","id":1,"method":"settings.update","params":{"allowedIps":["10.0.0.1"]}}',
    });
    const actions = parseConfig('[[action]]\nname = "a"\nmatch = "a"\ncommand = ["/bin/true"]', {
      file: "config.toml",
      env: { HOME: "/nowhere", isRoot: false },
    }).actions;
    reloaded = { ...parse(), actions };
    app.reload();
    const entries = stores.audit.listNewest(9);
    assert.deepEqual(entries.map(({ event, details }) => [event, details]), [
      ["settings_changed", { setting: "allowedIps", from: "[]", to: '["10.0.0.1"]', by: "local" }],
      ["settings_changed", { setting: "allowedIps", from: '["10.0.0.1"]', to: "[]", by: "signal" }],
      ["actions_changed", { added: "a", removed: "", changed: "", by: "signal" }],
    ]);
    assert.deepEqual(stores.auditRefusals.listNewest(9), []);
    await app.stop();
    // Those that follow each other fast are remembered together.
    assert.deepEqual(heads.map(({ id }) => id), [0, 3]);
  });
});

/** What was opened and closed, in order. */
interface World {
  readonly edges: Edges;
  readonly opened: string[];
  readonly closed: string[];
  readonly clock: FakeClock;
}

/** A world that notes what is opened and closed; the edge called `broken` throws. */
function watchedWorld(broken?: string): World {
  const opened: string[] = [];
  const closed: string[] = [];
  const clock = new FakeClock();
  const stores = memoryStores();
  const inner = innerEdges(stores);
  const open = <Result>(name: string, result: () => Result): Result => {
    if (name === broken) throw new Error(`${name} is broken`);
    opened.push(name);
    return result();
  };
  const ends = (name: string) => (): void => void closed.push(name);
  const edges: Edges = {
    ...inner,
    openStores: () =>
      open("stores", () => ({
        ...stores,
        close: () => {
          stores.close();
          closed.push("stores");
        },
      })),
    openModels: (options) =>
      open("models", () => {
        const models = inner.openModels(options);
        return models && {
          ...models,
          stop: ends("models stop"),
          close: () => models.close().then(ends("models")),
        };
      }),
    openDisplays: () =>
      Promise.resolve(open("displays", () => ({ ...silentDisplay, close: ends("displays") }))),
    createActionStarter: (env) => open("starter", () => inner.createActionStarter(env)),
    watchEventLoop: () => open("delays", () => ({ takeWorstS: () => 0, stop: ends("delays") })),
    startListeners: () =>
      // deno-lint-ignore require-await -- a failure is a rejection, as it is outside
      open("listeners", async () => ({
        port: 1,
        outside: "0.0.0.0",
        counts: () => undefined,
        stopAccepting: ends("accepting"),
        stop: (graceMs: number) => {
          assert.equal(graceMs, ANSWERS_GRACE_MS);
          return Promise.resolve(ends("listeners")());
        },
      })),
    platformName: () => open("platform", () => "linux"),
    watchButtons: () => open("buttons", () => ends("buttons")),
    dropPermissions: () => open("permissions", () => {}),
  };
  return { edges, opened, closed, clock };
}

const CLOSED_BY_OPENED: Readonly<Record<string, readonly string[]>> = {
  stores: ["stores"],
  models: ["models stop", "models"],
  displays: ["displays"],
  delays: ["delays"],
  listeners: ["accepting", "listeners"],
  buttons: ["buttons"],
};

function start({ edges, clock }: World): ReturnType<typeof assemble> {
  const config = parseConfig("[models]\nenabled = true", {
    file: "test",
    env: { HOME: "/nowhere", isRoot: false },
  });
  return assemble(
    { config, log: () => silentLogger, clock, environment: {}, dropPermissions: true },
    edges,
  );
}

const STEPS = [
  "stores",
  "models",
  "displays",
  "starter",
  "delays",
  "platform",
  "listeners",
  "buttons",
  "permissions",
];

for (const broken of STEPS) {
  Deno.test(`a service whose ${broken} cannot be opened leaves nothing open`, async () => {
    const world = watchedWorld(broken);
    await assert.rejects(start(world), new Error(`${broken} is broken`));
    const expected = world.opened.flatMap((name) => CLOSED_BY_OPENED[name] ?? []);
    assert.deepEqual(world.closed.toSorted(), expected.toSorted());
    assert.equal(world.clock.timerCount, 0);
  });
}

Deno.test("every edge that a service opens is one of the steps", async () => {
  const world = watchedWorld();
  const app = await start(world);
  assert.deepEqual(world.opened, STEPS);
  await app.stop();
});

Deno.test("a stop takes nobody in and closes what is shown, then listeners, models, stores", async () => {
  const world = watchedWorld();
  const app = await start(world);
  await app.stop();
  const { closed, clock } = world;
  assert.deepEqual(closed.slice(-3), ["listeners", "models", "stores"]);
  assert.deepEqual(
    closed.slice(0, -3).toSorted(),
    ["accepting", "buttons", "delays", "displays", "models stop"],
  );
  assert.equal(clock.timerCount, 0);
  await app.stop();
  assert.equal(closed.length, 8);
});

Deno.test("a stop waits for models that do not close no longer than its grace", async () => {
  const world = watchedWorld();
  const { openModels } = world.edges;
  const app = await start({
    ...world,
    edges: {
      ...world.edges,
      openModels: (options) => {
        const models = openModels(options);
        const never = new Promise<void>(() => {});
        return models && { ...models, close: () => models.close().then(() => never) };
      },
    },
  });
  let isOver = false;
  const stopped = app.stop().then(() => isOver = true);
  await settle();
  assert.equal(isOver, false);
  world.clock.advance(RUNNING_GRACE_MS);
  await stopped;
  assert.equal(world.closed.at(-1), "stores");
});
