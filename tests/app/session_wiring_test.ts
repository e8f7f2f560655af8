// Sessions over the real service in this process: how many a client or key may have, what becomes of
// a client that was removed, and whose limits are in force.

import assert from "node:assert/strict";
import type { Edges } from "../../src/app/edges.ts";
import { parseConfig } from "../../src/edges/config/config.ts";
import {
  PLAINTEXT_IDLE_MS,
  SESSION_DEADLINE_MS,
} from "../../src/features/session/session_deadline.ts";
import { CLOSE_CODES } from "../../src/features/session/socket.ts";
import { withAppInProcess } from "../support/app_in_process.ts";
import { guardedStub } from "../support/guarded_stub.ts";
import { testClient } from "../support/session_phone.ts";
import { call, freshPhone, newKey, rpc, sendFirstFrame, withWorld } from "./session_world.ts";

const REPLACED = { code: CLOSE_CODES.replaced, reason: "replaced by a newer connection" };

Deno.test("[limits] sessions_per_client counts the sessions of a client", async () => {
  await withWorld({ toml: "[limits]\nsessions_per_client = 2" }, async (world) => {
    const sockets = [await world.open(), await world.open(), await world.open()];
    for (const socket of sockets) {
      assert.equal((await sendFirstFrame(socket)).length, 1);
    }
    assert.deepEqual(sockets.map(({ closedWith }) => closedWith), [REPLACED, undefined, undefined]);
  });
});

Deno.test("[limits] sessions_per_client counts the sockets of an API key", async () => {
  await withWorld({ toml: "[limits]\nsessions_per_client = 2" }, async (world) => {
    const [key, other] = [await newKey(world), await newKey(world)];
    const sockets = [
      await world.open({ key }),
      await world.open({ key: other }),
      await world.open({ key }),
      await world.open({ key }),
    ];
    const open = undefined;
    assert.deepEqual(sockets.map(({ closedWith }) => closedWith), [REPLACED, open, open, open]);
  });
});

for (const role of ["admin", "member"] as const) {
  Deno.test(`a session of a client with role ${role} may what ${role}s may; the device everything`, async () => {
    await withWorld({}, async (world) => {
      // By the device itself: nobody but the roster changes the store of a running service.
      await call(world, "clients.update", { clientId: testClient().clientId, role });
      const change = { clientId: testClient().clientId, clientName: "Renamed" };
      const socket = await world.open();
      const phone = freshPhone();
      const [answer] = await socket.say(await phone.seal(rpc("clients.update", change)));
      assert.ok(answer !== undefined);
      const { error } = JSON.parse(await phone.open(answer) ?? "");
      assert.equal(error?.data?.code === "forbidden", role === "member");
      await call(world, "clients.update", change);
    });
  });
}

Deno.test("a session that the guard has no place for does not cost the oldest", async () => {
  await withWorld({ toml: "[limits]\nsessions_per_client = 1" }, async (world) => {
    const oldest = await world.open({ guarded: guardedStub() });
    await sendFirstFrame(oldest);
    const refused = await world.open({ guarded: guardedStub({ promote: () => false }) });
    assert.deepEqual(await sendFirstFrame(refused), []);
    assert.deepEqual([oldest.isClosed, refused.isClosed], [false, true]);
  });
});

Deno.test("a client that was deleted is told so at its first frame, nobody else is", async () => {
  await withWorld({}, async (world) => {
    await call(world, "clients.delete", { clientId: testClient().clientId });
    const removed = await world.open();
    const [answer] = await sendFirstFrame(removed);
    assert.match(String(answer), /-32002/);
    assert.equal(removed.isClosed, true);
    const stranger = await world.open();
    const other = testClient({ authToken: "33333333-3333-4333-8333-333333333333" });
    assert.deepEqual(await sendFirstFrame(stranger, other), []);
    assert.equal(stranger.isClosed, true);
  });
});

Deno.test("a remote socket without a session ends after two quiet minutes, a local one stays", async () => {
  await withWorld({}, async (world) => {
    const remote = await world.open();
    const local = await world.open({ isLocal: true });
    await remote.say("ping");
    await local.say("ping");
    world.clock.advance(SESSION_DEADLINE_MS);
    world.clock.advance(PLAINTEXT_IDLE_MS - SESSION_DEADLINE_MS - 1);
    assert.deepEqual([remote.isClosed, local.isClosed], [false, false]);
    world.clock.advance(1);
    assert.equal(remote.closedWith?.code, CLOSE_CODES.policy);
    world.clock.advance(PLAINTEXT_IDLE_MS);
    assert.equal(local.isClosed, false);
  });
});

Deno.test("the metrics count connections and sessions until they end", async () => {
  await withWorld({}, async (world) => {
    const counted = async (): Promise<unknown[]> => {
      const text = await (await world.request("/metrics")).text();
      return ["without_session", "with_session"].map((state) =>
        new RegExp(`connections\\{state="${state}"\\} (\\d+)`).exec(text)?.[1]
      );
    };
    const plain = await world.open();
    const phone = await world.open();
    await sendFirstFrame(phone);
    assert.deepEqual(await counted(), ["1", "1"]);
    plain.close();
    assert.deepEqual(await counted(), ["0", "1"]);
    phone.close();
    assert.deepEqual(await counted(), ["0", "0"]);
  });
});

Deno.test("a session that opens and one that is refused are counted and in the audit log", async () => {
  await withWorld({}, async (world) => {
    const { clientId } = testClient();
    const frame = await (freshPhone()).seal("ping");
    await (await world.open()).say(frame);
    await (await world.open()).say(frame);
    const logged = async (params: object): Promise<string> =>
      JSON.stringify(await call(world, "audit", params));
    assert.match(await logged({}), new RegExp(`session_opened[^}]*${clientId}`));
    assert.match(await logged({ refusals: true }), /session_refused[^}]*used_salt/);
    const metrics = await (await world.request("/metrics")).text();
    assert.match(metrics, /sessions_opened_total 1\n/);
  });
});

Deno.test("[limits] reaches the listeners", async () => {
  const given: ReturnType<Parameters<Edges["startListeners"]>[0]["limits"]>[] = [];
  const toml = `[limits]
sessions_per_client = 3
connections_per_address = 5
unknown_connections = 23
known_connections = 29`;
  const startListeners: Edges["startListeners"] = (options) => {
    given.push(options.limits());
    return Promise.resolve({
      port: 1,
      outside: undefined,
      counts: () => undefined,
      stopAccepting: () => {},
      stop: () => Promise.resolve(),
    });
  };
  await withAppInProcess({ toml, edges: { startListeners } }, () => Promise.resolve());
  const { limits } = parseConfig(toml, { file: "test", env: { HOME: "/nowhere", isRoot: false } });
  assert.deepEqual([limits.sessionsPerClient, limits.knownConnections], [3, 29]);
  assert.deepEqual(given, [limits]);
});
