// The page's link to its device: what it does after each way in which a connection can end.

import assert from "node:assert/strict";
import {
  type AwayReason,
  FIRST_WAIT_MS,
  HEARTBEAT_MS,
  LONGEST_WAIT_MS,
  TOLD_REFUSALS,
} from "../../src/page/device_link.ts";
import type { ClientErrorCode } from "../../src/sdk/connect.ts";
import { CREDENTIALS, FakeConnection, nextTry, OTHER, settle, world } from "./link_world.ts";

Deno.test("a phone without credentials is unpaired and connects to nobody", async () => {
  const one = world();
  assert.equal(one.link.state.step, "loading");
  await one.link.start();
  assert.equal(one.link.state.step, "unpaired");
  assert.deepEqual([one.tries, one.timers], [[], []]);
});

Deno.test("a phone that pairs keeps its credentials, tells the other tabs and connects", async () => {
  const one = world();
  await one.link.start();
  one.answers.push(new FakeConnection());
  await one.link.pair({ pin: "123456", name: "Kitchen" });
  assert.equal(one.link.isKept, true);
  await settle();
  assert.deepEqual(one.kept?.clientName, "Kitchen");
  assert.equal(one.changes, 1);
  assert.equal(one.link.state.step, "online");
  assert.equal(one.link.clientId, CREDENTIALS.clientId);
});

Deno.test("a browser that keeps nothing pairs all the same, and the page knows", async () => {
  const one = world();
  await one.link.start();
  one.isForgetful = true;
  one.answers.push(new FakeConnection());
  await one.link.pair({ pin: "123456", name: "Kitchen" });
  await settle();
  assert.deepEqual([one.link.isKept, one.link.state.step], [false, "online"]);
});

Deno.test("a paired phone connects; what it hears is passed on", async () => {
  const one = world({ kept: CREDENTIALS });
  one.answers.push(new FakeConnection());
  await one.link.start();
  await settle();
  assert.deepEqual(one.tries, [CREDENTIALS]);
  assert.deepEqual(one.link.state.step === "online" && one.link.state.isLocal, false);
  one.notify("media.started");
  assert.deepEqual(one.heard, ["media.started"]);
});

Deno.test("the device itself connects without credentials", async () => {
  const one = world({ isLocal: true });
  one.answers.push(new FakeConnection());
  await one.link.start();
  await settle();
  assert.deepEqual(one.tries, [undefined]);
  assert.deepEqual(one.link.state.step === "online" && one.link.state.isLocal, true);
});

Deno.test("a name of the device itself that leads through a proxy is a phone's", async () => {
  const one = world({ isLocal: true });
  one.answers.push("encryption_required");
  await one.link.start();
  await settle();
  assert.equal(one.link.state.step, "unpaired");
});

Deno.test("a device that is away is tried for ever, after waits that grow up to a bound", async () => {
  const one = world({ kept: CREDENTIALS });
  await one.link.start();
  await settle();
  const delays: number[] = [];
  for (let i = 0; i < 8; i++) {
    assert.deepEqual(one.link.state, { step: "away", why: "silent" });
    delays.push(await nextTry(one));
  }
  assert.deepEqual(delays.slice(0, 3), [FIRST_WAIT_MS, 2 * FIRST_WAIT_MS, 4 * FIRST_WAIT_MS]);
  assert.deepEqual(delays.slice(-2), [LONGEST_WAIT_MS, LONGEST_WAIT_MS]);
  one.answers.push(new FakeConnection());
  await nextTry(one);
  assert.equal(one.link.state.step, "online");
});

Deno.test("phones of a household do not come back at once", async () => {
  const one = world({ kept: CREDENTIALS, random: 0 });
  await one.link.start();
  await settle();
  assert.equal(one.timers[0]?.delayMs, FIRST_WAIT_MS / 2);
});

Deno.test("after a restart of the device the phone is back soon, however long it waited before", async () => {
  const one = world({ kept: CREDENTIALS });
  await one.link.start();
  await settle();
  for (let i = 0; i < 6; i++) await nextTry(one);
  const connection = new FakeConnection();
  one.answers.push(connection);
  await nextTry(one);
  connection.end("connection_closed");
  await settle();
  assert.deepEqual(one.link.state, { step: "away", why: "silent" });
  assert.equal(one.timers[0]?.delayMs, FIRST_WAIT_MS);
});

Deno.test("a removed phone tries no more, keeps its credentials, and may pair again", async () => {
  const one = world({ kept: CREDENTIALS });
  const connection = new FakeConnection();
  one.answers.push(connection, "client_removed");
  await one.link.start();
  await settle();
  connection.end("connection_closed");
  await settle();
  await nextTry(one);
  assert.equal(one.link.state.step, "removed");
  assert.deepEqual(one.timers, []);
  // Anybody in the network can say so.
  assert.equal(one.kept, CREDENTIALS);
  one.answers.push(new FakeConnection());
  await one.link.pair({ pin: "123456", name: "Phone" });
  await settle();
  assert.equal(one.link.state.step, "online");
});

Deno.test("a device of another version is not tried again", async () => {
  const one = world({ kept: CREDENTIALS });
  one.answers.push("unsupported_version");
  await one.link.start();
  await settle();
  assert.equal(one.link.state.step, "unsupported");
  assert.deepEqual(one.timers, []);
});

const REASONS: [answers: ClientErrorCode[], why: AwayReason][] = [
  [["timeout"], "silent"],
  [["bad_answer"], "silent"],
  [["device_not_authentic"], "stranger"],
  [Array<ClientErrorCode>(TOLD_REFUSALS - 1).fill("connection_closed"), "silent"],
  [Array<ClientErrorCode>(TOLD_REFUSALS).fill("connection_closed"), "refused"],
];
for (const [answers, why] of REASONS) {
  Deno.test(`after ${answers} the page says ${why}`, async () => {
    const one = world({ kept: CREDENTIALS });
    one.answers.push(...answers);
    await one.link.start();
    await settle();
    for (let i = 1; i < answers.length; i++) await nextTry(one);
    assert.deepEqual(one.link.state, { step: "away", why });
    assert.equal(one.timers.length, 1);
  });
}

Deno.test("the end of a session is no refusal, and a session ends the count of them", async () => {
  const one = world({ kept: CREDENTIALS });
  const refusals = Array<ClientErrorCode>(TOLD_REFUSALS - 1).fill("connection_closed");
  one.answers.push("unreachable", ...refusals);
  await one.link.start();
  await settle();
  for (const _ of refusals) await nextTry(one);
  const connection = new FakeConnection();
  one.answers.push(connection, ...refusals, "connection_closed");
  await nextTry(one);
  connection.end("connection_closed");
  await settle();
  for (const _ of refusals) await nextTry(one);
  assert.deepEqual(one.link.state, { step: "away", why: "silent" });
  await nextTry(one);
  assert.deepEqual(one.link.state, { step: "away", why: "refused" });
});

Deno.test("a phone that pairs again has its refusals counted anew", async () => {
  const one = world({ kept: CREDENTIALS });
  const refusals = Array<ClientErrorCode>(TOLD_REFUSALS - 1).fill("connection_closed");
  one.answers.push(...refusals, ...refusals);
  await one.link.start();
  await settle();
  for (let i = 1; i < refusals.length; i++) await nextTry(one);
  await one.link.pair({ pin: "123456", name: "Phone" });
  await settle();
  for (let i = 1; i < refusals.length; i++) await nextTry(one);
  assert.deepEqual(one.link.state, { step: "away", why: "silent" });
});

Deno.test("a phone that wakes tries at once, and asks an open connection for life", async () => {
  const one = world({ kept: CREDENTIALS });
  await one.link.start();
  await settle();
  const connection = new FakeConnection();
  one.answers.push(connection);
  one.link.wake();
  await settle();
  assert.equal(one.link.state.step, "online");
  assert.deepEqual(one.timers.map(({ delayMs }) => delayMs), [HEARTBEAT_MS]);
  one.link.wake();
  await settle();
  assert.equal(connection.pings, 1);
  await nextTry(one);
  assert.equal(connection.pings, 2);
  assert.deepEqual(one.timers.map(({ delayMs }) => delayMs), [HEARTBEAT_MS]);
});

Deno.test("two wakes at once leave one connection", async () => {
  const one = world({ kept: CREDENTIALS });
  await one.link.start();
  await settle();
  const [first, second] = [new FakeConnection(), new FakeConnection()];
  one.answers.push(first, second);
  one.link.wake();
  one.link.wake();
  await settle();
  assert.deepEqual([first.isClosed, second.isClosed], [true, false]);
  assert.equal(one.link.state.step, "online");
});

Deno.test("a phone that forgets is unpaired, and what it had open is closed", async () => {
  const one = world({ kept: CREDENTIALS });
  const connection = new FakeConnection();
  one.answers.push(connection);
  await one.link.start();
  await settle();
  await one.link.forget();
  await settle();
  assert.equal(one.link.state.step, "unpaired");
  assert.ok(connection.isClosed);
  assert.equal(one.kept, undefined);
  assert.deepEqual([one.changes, one.timers], [1, []]);
  one.notify("media.started");
  assert.deepEqual(one.heard, []);
});

Deno.test("a tab follows what another tab paired or forgot, and stays as it is otherwise", async () => {
  const one = world({ kept: CREDENTIALS });
  const connection = new FakeConnection();
  one.answers.push(connection, new FakeConnection());
  await one.link.start();
  await settle();
  await one.link.start();
  await settle();
  assert.equal(one.tries.length, 1);
  one.kept = OTHER;
  await one.link.start();
  await settle();
  assert.deepEqual(one.tries, [CREDENTIALS, OTHER]);
  assert.ok(connection.isClosed);
  one.kept = undefined;
  await one.link.start();
  assert.equal(one.link.state.step, "unpaired");
});

Deno.test("listeners hear every change until they are called off", async () => {
  const one = world();
  let heard = 0;
  const stop = one.link.subscribe(() => heard++);
  await one.link.start();
  assert.equal(heard, 1);
  stop();
  await one.link.pair({ pin: "123456", name: "Phone" });
  await settle();
  assert.equal(heard, 1);
});

// With the close code of a newer connection in its place, and of a device that stops.
const CLOSED: [code: number, why: AwayReason, timers: number][] = [
  [4000, "replaced", 0],
  [1001, "silent", 1],
];
for (const [code, why, timers] of CLOSED) {
  Deno.test(`a page that was closed with ${code} comes back ${timers === 0 ? "when it is asked to" : "by itself"}`, async () => {
    const one = world({ kept: CREDENTIALS });
    const first = new FakeConnection();
    one.answers.push(first, new FakeConnection());
    await one.link.start();
    await settle();
    first.end("connection_closed", code);
    await settle();
    assert.deepEqual(one.link.state, { step: "away", why });
    assert.deepEqual([one.tries.length, one.timers.length], [1, timers]);
    one.link.wake();
    await settle();
    assert.equal(one.link.state.step, "online");
  });
}
