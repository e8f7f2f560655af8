import assert from "node:assert/strict";
import {
  EventStreams,
  KEEP_ALIVE_MS,
  MAX_BUFFERED_EVENTS,
} from "../../../src/edges/http/events.ts";
import { Notifications } from "../../../src/features/rpc/notifications.ts";
import { FakeClock } from "../../support/fake_clock.ts";

interface Reader {
  response: Response;
  /** The next piece of the stream; undefined at its end. */
  next: () => Promise<string | undefined>;
  cancel: () => Promise<void>;
  aborts: () => number;
}

function openReader(streams: EventStreams, isLocal = false): Reader {
  let aborts = 0;
  const response = streams.open({ isLocal, abort: () => aborts += 1 });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  return {
    response,
    next: async () => (await reader?.read())?.value,
    cancel: async () => await reader?.cancel(),
    aborts: () => aborts,
  };
}

// A reader that takes nothing, so that everything stays in the device's own queue.
function openIdler(streams: EventStreams): { response: Response; aborts: () => number } {
  let aborts = 0;
  const response = streams.open({ isLocal: false, abort: () => aborts += 1 });
  return { response, aborts: () => aborts };
}

function setUp(): { streams: EventStreams; bus: Notifications; clock: FakeClock } {
  const bus = new Notifications();
  const clock = new FakeClock();
  return { bus, clock, streams: new EventStreams((sink) => bus.subscribe(sink), clock) };
}

Deno.test("an event stream says that it is alive every 30 s, until it ends", async () => {
  const { streams, clock } = setUp();
  const { next } = openReader(streams);
  assert.equal(await next(), ": open\n\n");
  clock.advance(KEEP_ALIVE_MS);
  assert.equal(await next(), ": alive\n\n");
  clock.advance(KEEP_ALIVE_MS);
  assert.equal(await next(), ": alive\n\n");
  streams.close();
  assert.equal(await next(), undefined);
  assert.equal(clock.timerCount, 0);
});

Deno.test("an event stream begins at once and carries each notification as one event", async () => {
  const { streams, bus } = setUp();
  bus.publish("before", {});
  const { response, next } = openReader(streams);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Content-Type"), "text/event-stream");
  assert.equal(response.headers.get("Cache-Control"), "no-store");
  assert.equal(await next(), ": open\n\n");
  bus.publish("clients.paired", { clientId: "c", clientName: "two\nlines\r\n\r\ndata: x" });
  bus.publish("plain", undefined);
  assert.equal(
    await next(),
    'data: {"jsonrpc":"2.0","method":"clients.paired",' +
      '"params":{"clientId":"c","clientName":"two\\nlines\\r\\n\\r\\ndata: x"}}\n\n',
  );
  assert.equal(await next(), 'data: {"jsonrpc":"2.0","method":"plain"}\n\n');
  streams.close();
  assert.equal(await next(), undefined);
});

Deno.test("an event stream tells remote readers nothing that is for the device itself", async () => {
  const { streams, bus } = setUp();
  const remote = openReader(streams);
  const local = openReader(streams, true);
  await Promise.all([remote.next(), local.next()]);
  bus.publish("secret", {}, "local");
  bus.publish("open", {});
  assert.match(await remote.next() ?? "", /"open"/);
  assert.match(await local.next() ?? "", /"secret"/);
  assert.match(await local.next() ?? "", /"open"/);
  streams.close();
  assert.deepEqual([await remote.next(), await local.next()], [undefined, undefined]);
});

Deno.test("an event stream ends when its reader leaves, and others go on", async () => {
  const { streams, bus } = setUp();
  const leaving = openReader(streams);
  const staying = openReader(streams);
  assert.equal(streams.count, 2);
  await leaving.next();
  await leaving.cancel();
  assert.equal(streams.count, 1);
  bus.publish("m", {});
  await staying.next();
  assert.match(await staying.next() ?? "", /"m"/);
  await staying.cancel();
  assert.deepEqual([streams.count, leaving.aborts(), staying.aborts()], [0, 0, 0]);
});

Deno.test("an event stream keeps 100 waiting and cuts its reader with the next", async () => {
  const { streams, bus } = setUp();
  const idler = openIdler(streams);
  // The comment at the beginning is one of them.
  for (let i = 1; i < MAX_BUFFERED_EVENTS; i++) bus.publish("m", { i });
  assert.deepEqual([streams.count, idler.aborts()], [1, 0]);
  bus.publish("m", { i: "one too many" });
  assert.deepEqual([streams.count, idler.aborts()], [0, 1]);
  bus.publish("m", {});
  assert.equal(idler.aborts(), 1);
  await assert.rejects(idler.response.text(), /fell behind/);
});

Deno.test("an event stream that is read in time is never cut", async () => {
  const { streams, bus } = setUp();
  const reader = streams.open({ isLocal: false, abort: () => assert.fail() }).body?.getReader();
  await reader?.read();
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < MAX_BUFFERED_EVENTS; i++) bus.publish("m", { round, i });
    for (let i = 0; i < MAX_BUFFERED_EVENTS; i++) {
      const { value } = await reader?.read() ?? {};
      const text = new TextDecoder().decode(value);
      assert.deepEqual(JSON.parse(text.slice(6)).params, { round, i });
    }
  }
  assert.equal(streams.count, 1);
  streams.close();
  assert.equal((await reader?.read())?.done, true);
});

Deno.test("a slow reader delays nobody", async () => {
  const { streams, bus } = setUp();
  const idler = openIdler(streams);
  const quick = openReader(streams);
  await quick.next();
  for (let i = 0; i < 3 * MAX_BUFFERED_EVENTS; i++) {
    bus.publish("m", { i });
    assert.deepEqual(JSON.parse((await quick.next())?.slice(6) ?? "{}").params, { i });
  }
  assert.deepEqual([streams.count, idler.aborts(), quick.aborts()], [1, 1, 0]);
  streams.close();
  assert.equal(await quick.next(), undefined);
});

Deno.test("close() ends all streams, also those that nobody reads, and the bus forgets them", async () => {
  let subscribers = 0;
  const streams = new EventStreams(() => {
    subscribers += 1;
    return () => subscribers -= 1;
  }, new FakeClock());
  const idlers = [openIdler(streams), openIdler(streams), openIdler(streams)];
  assert.deepEqual([streams.count, subscribers], [3, 3]);
  streams.close();
  streams.close();
  assert.deepEqual([streams.count, subscribers], [0, 0]);
  const texts = await Promise.all(idlers.map(({ response }) => response.text()));
  assert.deepEqual(texts, Array(3).fill(": open\n\n"));
  assert.deepEqual(idlers.map(({ aborts }) => aborts()), [0, 0, 0]);
});
