// Notifications read with `for await`: order, ends, and readers that fall behind.

import assert from "node:assert/strict";
import { MAX_WAITING_NOTIFICATIONS, NotificationFeed } from "../../src/sdk/notification_feed.ts";
import type { DeviceNotification } from "../../src/sdk/device_notification.ts";
import { setUpConnected } from "./connected.ts";
import { expectClientError } from "./expect_client_error.ts";

const note = (params: unknown): DeviceNotification =>
  ({ method: "news", params }) as unknown as DeviceNotification;

async function readAll(
  reader: AsyncIterable<DeviceNotification>,
): Promise<{ params: unknown[]; error: unknown }> {
  const params: unknown[] = [];
  try {
    for await (const notification of reader) params.push(notification.params);
    return { params, error: undefined };
  } catch (error) {
    return { params, error };
  }
}

Deno.test("every reader gets what is published after it asked, in order", async () => {
  const feed = new NotificationFeed();
  feed.publish(note(0));
  const early = feed.read();
  feed.publish(note(1));
  const late = feed.read();
  const asked = [late.next(), late.next()];
  for (const params of [2, 3]) feed.publish(note(params));
  feed.end();
  assert.deepEqual((await Promise.all(asked)).map(({ value }) => value?.params), [2, 3]);
  assert.deepEqual(await readAll(early), { params: [1, 2, 3], error: undefined });
  assert.deepEqual(await readAll(late), { params: [], error: undefined });
});

Deno.test("an error comes after what was published before it, once, and to later readers", async () => {
  const feed = new NotificationFeed();
  const reader = feed.read();
  const waiting = feed.read();
  const asked = [waiting.next(), waiting.next()];
  const error = new Error("Lost");
  asked.forEach((next) => next.catch(() => {}));
  feed.publish(note(1));
  feed.end(error);
  feed.end();
  assert.deepEqual(await readAll(reader), { params: [1], error });
  assert.deepEqual(await readAll(reader), { params: [], error: undefined });
  assert.equal((await asked[0])?.value?.params, 1);
  await assert.rejects(asked[1] ?? assert.fail(), (reason) => reason === error);
  assert.deepEqual(await readAll(feed.read()), { params: [], error });
});

Deno.test("leaving the loop ends the reader", async () => {
  const feed = new NotificationFeed();
  const reader = feed.read();
  for (const params of [1, 2]) feed.publish(note(params));
  for await (const { params } of reader) {
    assert.equal(params, 1);
    break;
  }
  feed.publish(note(3));
  assert.deepEqual(await readAll(reader), { params: [], error: undefined });
});

Deno.test("a signal ends its reader with its reason, before and while it waits", async () => {
  const feed = new NotificationFeed();
  const controller = new AbortController();
  const reading = readAll(feed.read(controller.signal));
  const reason = new Error("Enough");
  controller.abort(reason);
  assert.deepEqual(await reading, { params: [], error: reason });
  assert.deepEqual(await readAll(feed.read(controller.signal)), { params: [], error: reason });
});

Deno.test("a reader leaves nothing on a signal that outlives it", () => {
  const feed = new NotificationFeed();
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  signal.addEventListener = (_type: string, listener: unknown) => void listeners.add(listener);
  signal.removeEventListener = (_type: string, listener: unknown) =>
    void listeners.delete(listener);
  feed.read(signal);
  assert.equal(listeners.size, 1);
  feed.end();
  assert.equal(listeners.size, 0);
});

Deno.test("a reader that falls too far behind is told so, and the others go on", async () => {
  const feed = new NotificationFeed();
  const [slow, quick] = [feed.read(), feed.read()];
  for (let i = 0; i <= MAX_WAITING_NOTIFICATIONS; i++) {
    feed.publish(note(i));
    assert.equal((await quick.next()).value?.params, i);
  }
  const { params, error } = await readAll(slow);
  assert.equal(params.length, MAX_WAITING_NOTIFICATIONS);
  await expectClientError(Promise.reject(error), "too_slow");
});

Deno.test("notifications() gives what the device tells until the app closes", async () => {
  const { session, connection } = await setUpConnected();
  const reading = readAll(connection.notifications());
  session.notify("news", 1);
  session.notify("news", 2);
  await connection.ping();
  connection.close();
  assert.deepEqual(await reading, { params: [1, 2], error: undefined });
});

Deno.test("notifications() throws what ended the connection", async () => {
  const { session, connection } = await setUpConnected();
  const reading = readAll(connection.notifications());
  session.close(1001);
  const { error } = await reading;
  await expectClientError(Promise.reject(error), "connection_closed");
});
