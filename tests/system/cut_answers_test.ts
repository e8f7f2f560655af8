// What the platform says of answers that the service cuts on purpose, and of requests that it never
// sees: only the latter are errors.

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { type Logger, silentLogger } from "../../src/base/log.ts";
import { EventStreams, MAX_BUFFERED_EVENTS } from "../../src/edges/http/events.ts";
import { startServer } from "../../src/edges/http/server.ts";
import { Notifications } from "../../src/features/rpc/notifications.ts";
import { until } from "../support/until.ts";

interface World {
  port: number;
  lines: [level: string, message: string, reason: unknown][];
  /** Ends the key of the open stream. */
  endKey: () => void;
  bus: Notifications;
}

async function withEventServer(test: (world: World) => Promise<void>): Promise<void> {
  const lines: World["lines"] = [];
  const lineOf = (level: string): Logger["error"] => (message, facts) =>
    lines.push([level, message, facts?.["reason"]]);
  const bus = new Notifications();
  const streams = new EventStreams((sink) => bus.subscribe(sink), systemClock);
  let endKey = (): void => assert.fail("no stream is open");
  const server = startServer({
    hostname: "127.0.0.1",
    port: 0,
    handler: (request) => {
      // The platform parses it here, as it does for the routes.
      assert.ok(new URL(request.url));
      const hold = (cut: () => void): () => void => {
        endKey = cut;
        return () => {};
      };
      return Promise.resolve(streams.open({ isLocal: true, abort: () => {}, hold }));
    },
    requestId: () => "r1",
    log: { ...silentLogger, error: lineOf("error"), debug: lineOf("debug") },
  });
  try {
    await test({ port: server.port, lines, endKey: () => endKey(), bus });
  } finally {
    streams.close();
    await server.stop(0);
  }
}

Deno.test("an event stream whose key ends is cut without an error in the log", async () => {
  await withEventServer(async ({ port, lines, endKey }) => {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    const reader = response.body?.getReader();
    await reader?.read();
    endKey();
    await assert.rejects(async () => await reader?.read());
    await until("the log has it", () => lines.length > 0);
    assert.deepEqual(lines, [["debug", "Answer cut", "The key has ended"]]);
  });
});

Deno.test("an event stream whose reader falls behind is cut without an error in the log", async () => {
  await withEventServer(async ({ port, lines, bus }) => {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    // All in one go: not even a quick reader gets in between.
    for (let i = 0; i < 2 * MAX_BUFFERED_EVENTS; i++) bus.publish("m", { i });
    await assert.rejects(response.text());
    await until("the log has it", () => lines.length > 0);
    assert.deepEqual(lines, [["debug", "Answer cut", "The reader fell behind"]]);
  });
});

Deno.test("a request that no route can see is an error in the log", async () => {
  await withEventServer(async ({ port, lines }) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: [\r\n\r\n"));
    await until("the log has it", () => lines.length > 0);
    assert.deepEqual(lines, [["error", "Request failed before its route", undefined]]);
  });
});
