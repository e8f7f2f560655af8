// What the page asks its device for, and when.

import assert from "node:assert/strict";
import type { DeviceLink, LinkState } from "../../src/page/device_link.ts";
import { DeviceStore, NoConnectionError } from "../../src/page/device_store.ts";
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
  ["clients.paired", []],
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

for (const method of ["clients.paired", "clients.pair.ended"]) {
  Deno.test(`${method} is a change of who is paired`, () => {
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
