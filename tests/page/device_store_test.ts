// What the page asks its device for, and when.

import assert from "node:assert/strict";
import type { DeviceLink, LinkState } from "../../src/page/device_link.ts";
import { DeviceStore, NoConnectionError } from "../../src/page/device_store.ts";
import { ClientError } from "../../src/sdk/client_error.ts";
import type { Connection } from "../../src/sdk/connect.ts";

const ANSWERS: Readonly<Record<string, unknown>> = {
  "media": {
    active: [{ mediaName: "Moon Post" }],
    database: { exists: true, indexing: false, totalMedia: 5 },
  },
  "actions": { actions: [{ name: "film" }] },
  "tokens.history": { entries: [{ text: "film:1" }] },
  "clients.current": { access: "member", client: null },
};

interface World {
  readonly store: DeviceStore;
  readonly calls: string[];
  go(state: LinkState): Promise<void>;
  online(): LinkState;
}

function world(): World {
  const calls: string[] = [];
  let state: LinkState = { step: "loading" };
  let changed = (): void => {};
  const link = {
    get state(): LinkState {
      return state;
    },
    subscribe: (listener: () => void) => {
      changed = listener;
      return () => {};
    },
  } as unknown as DeviceLink;
  const store = new DeviceStore(link);
  return {
    store,
    calls,
    async go(next): Promise<void> {
      state = next;
      changed();
      await settle();
    },
    online(): LinkState {
      const connection = {
        call: (method: string) => {
          calls.push(method);
          return Promise.resolve(ANSWERS[method]);
        },
      } as unknown as Connection;
      return { step: "online", connection, isLocal: false };
    },
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

const ALL = ["actions", "clients.current", "media", "tokens.history"];

Deno.test("each new connection is asked for everything, once", async () => {
  const { store, calls, go, online } = world();
  assert.deepEqual(store.data, {});
  const first = online();
  await go(first);
  assert.deepEqual(calls.splice(0).sort(), ALL);
  assert.equal(store.data.playing?.mediaName, "Moon Post");
  assert.equal(store.data.library?.totalMedia, 5);
  assert.deepEqual(store.data.access?.access, "member");
  await go(first);
  assert.deepEqual(calls, []);
  await go({ step: "away", why: "silent" });
  // What was known stays to be seen.
  assert.equal(store.data.playing?.mediaName, "Moon Post");
  await assert.rejects(store.call("media"), NoConnectionError);
  await go(online());
  assert.deepEqual(calls.sort(), ALL);
});

const NOTIFICATIONS: [method: string, asked: string[]][] = [
  ["media.started", ["actions", "media"]],
  ["media.stopped", ["actions", "media"]],
  ["tokens.added", ["actions", "tokens.history"]],
  ["clients.paired", ["clients.current"]],
  ["clients.changed", ["clients.current"]],
  ["clients.pair.opened", ["clients.current"]],
  ["clients.pair.ended", ["clients.current"]],
  ["settings.changed", ["actions", "clients.current"]],
  ["something.new", []],
];
for (const [method, asked] of NOTIFICATIONS) {
  Deno.test(`after ${method} it asks for ${asked.join(" and ") || "nothing"}`, async () => {
    const { store, calls, go, online } = world();
    await go(online());
    calls.splice(0);
    store.heard(method, {});
    await settle();
    assert.deepEqual(calls.sort(), asked);
  });
}

Deno.test("progress of the library is taken from the notification itself", async () => {
  const { store, calls, go, online } = world();
  await go(online());
  calls.splice(0);
  store.heard("media.indexing", { exists: true, indexing: true, totalMedia: 9 });
  assert.deepEqual(store.data.library, { exists: true, indexing: true, totalMedia: 9 });
  assert.deepEqual(calls, []);
});

for (
  const method of [
    "clients.paired",
    "clients.changed",
    "clients.pair.opened",
    "clients.pair.ended",
    "settings.changed",
  ]
) {
  Deno.test(`${method} is a change that views ask about`, () => {
    const { store } = world();
    let heard = 0;
    const stop = store.subscribe(() => heard++);
    store.heard(method, {});
    assert.deepEqual([store.changes, heard], [1, 1]);
    stop();
    store.touch();
    assert.deepEqual([store.changes, heard], [2, 1]);
  });
}

Deno.test("nothing plays where nothing is active", async () => {
  const { store, go } = world();
  const connection = {
    call: () => Promise.resolve({ active: [], database: { exists: false } }),
  } as unknown as Connection;
  assert.equal(store.data.playing, undefined);
  await go({ step: "online", connection, isLocal: true });
  assert.equal(store.data.playing, null);
});

Deno.test("a refusal says of which method it is, and why; other failures stay what they are", async () => {
  const { store, go } = world();
  let error: unknown;
  const connection = { call: () => Promise.reject(error) } as unknown as Connection;
  await go({ step: "online", connection, isLocal: true });
  error = new ClientError("rpc_error", "Nothing fits", { data: { code: "not_found" } });
  await assert.rejects(store.call("run"), { reason: "run not_found", message: "Nothing fits" });
  error = new ClientError("connection_closed", "Gone");
  await assert.rejects(store.call("run"), (thrown) => thrown === error);
});
