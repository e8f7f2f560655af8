// The client of model servers over real sockets, against servers that say exactly what a row needs.

import assert from "node:assert/strict";
import { type Bytes, utf8 } from "../../../src/base/bytes.ts";
import {
  IDLE_CONNECTION_MS,
  MAX_COLLECTED_BYTES,
  openUpstreamClient,
} from "../../../src/edges/platform/upstream_client.ts";
import type { UpstreamInit, UpstreamResponse } from "../../../src/features/models/upstream.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { until } from "../../support/until.ts";

interface World {
  /** Asks the server. */
  ask(init?: Partial<UpstreamInit>): Promise<UpstreamResponse>;
  /** The server's side of each connection, in order. */
  connections: Deno.TcpConn[];
  /** All that has come over them, in the order in which it came. */
  received(): string;
  clock: FakeClock;
}

// A server that answers each request, once all of it has come, with the bytes of `answer`.
async function withServer(
  answer: (connection: Deno.TcpConn, request: string) => unknown,
  test: (world: World) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.TcpConn[] = [];
  const clock = new FakeClock();
  const client = openUpstreamClient({ clock });
  const serving: Promise<void>[] = [];
  let received = "";
  const accepting = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      serving.push(serve(connection, { answer, onText: (text) => received += text }));
    }
  })();
  try {
    const { signal } = new AbortController();
    await test({
      ask: (init = {}) =>
        client.fetch(`http://127.0.0.1:${listener.addr.port}/api/chat`, {
          method: "POST",
          redirect: "manual",
          signal,
          ...init,
        }),
      connections,
      received: () => received,
      clock,
    });
  } finally {
    client.close();
    listener.close();
    await accepting;
    for (const connection of connections) close(connection);
    await Promise.all(serving);
  }
}

async function serve(
  connection: Deno.TcpConn,
  { answer, onText }: {
    answer: (connection: Deno.TcpConn, request: string) => unknown;
    onText: (text: string) => void;
  },
): Promise<void> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  try {
    for (let read = await connection.read(buffer); read !== null;) {
      const part = decoder.decode(buffer.subarray(0, read), { stream: true });
      onText(part);
      text += part;
      if (isWhole(text)) {
        await answer(connection, text);
        text = "";
      }
      read = await connection.read(buffer);
    }
  } catch {
    // The client left, or the test is over.
  }
}

function isWhole(text: string): boolean {
  const [head = "", body = ""] = text.split("\r\n\r\n");
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  return /transfer-encoding: chunked/i.test(head)
    ? text.endsWith("\r\n0\r\n\r\n")
    : text.includes("\r\n\r\n") && body.length >= length;
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // The other side was first.
  }
}

// More than a socket takes at once.
const LONG_BYTES = 8 * 1024 * 1024;
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nX-Twice: a\r\n" +
  "Transfer-Encoding: chunked\r\n\r\n";
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const END = "0\r\n\r\n";

function say(text: string): (connection: Deno.TcpConn) => Promise<number> {
  return (connection) => connection.write(utf8(text));
}

async function readAll({ body }: UpstreamResponse): Promise<string[]> {
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  const reader = body?.getReader();
  for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
    pieces.push(decoder.decode(read.value));
  }
  return pieces;
}

function bodyOf(...parts: string[]): ReadableStream<Bytes> {
  return ReadableStream.from(parts.map(utf8));
}

Deno.test("an answer has its status, its headers and its bytes", async () => {
  const answer = HEAD + chunk("one") + chunk("two") + END;
  await withServer(say(answer), async ({ ask }) => {
    const response = await ask();
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-TYPE"), "application/x-ndjson");
    assert.equal(response.headers.get("Location"), null);
    // What came together is read together.
    assert.deepEqual(await readAll(response), ["onetwo"]);
  });
});

Deno.test("a redirection is an answer", async () => {
  const answer = "HTTP/1.1 307 Elsewhere\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n";
  await withServer(say(answer), async ({ ask, connections }) => {
    const response = await ask();
    assert.deepEqual([response.status, await readAll(response)], [307, []]);
    assert.equal(connections.length, 1);
  });
});

Deno.test("a piece goes on as soon as it is there", async () => {
  const more = Promise.withResolvers<void>();
  await withServer(async (connection) => {
    await connection.write(utf8(HEAD + chunk("one")));
    await more.promise;
    await connection.write(utf8(chunk("two") + END));
  }, async ({ ask }) => {
    const reader = (await ask()).body?.getReader();
    const read = async (): Promise<string> =>
      new TextDecoder().decode((await reader?.read())?.value);
    assert.equal(await read(), "one");
    more.resolve();
    assert.equal(await read(), "two");
    assert.equal((await reader?.read())?.done, true);
  });
});

Deno.test("a whole body goes with its length, any other in chunks", async () => {
  const heads: string[] = [];
  const bodies: string[] = [];
  const late = Promise.withResolvers<Bytes>();
  const BODIES = [
    utf8('{"a":1}'),
    new ReadableStream<Bytes>({
      async pull(controller): Promise<void> {
        controller.enqueue(await late.promise);
        controller.close();
      },
    }),
    bodyOf("x".repeat(LONG_BYTES), "y"),
  ];
  await withServer((connection, request) => {
    const [head = "", ...body] = request.split("\r\n\r\n");
    heads.push(/^(Content-Length: \d+|Transfer-Encoding: .*)$/im.exec(head)?.[1] ?? "neither");
    bodies.push(body.join("\r\n\r\n"));
    if (heads.length === 1) late.resolve(utf8("late"));
    return connection.write(utf8(HEAD + END));
  }, async ({ ask, connections }) => {
    const asked = BODIES.map((body) => ask({ body }));
    for (const response of await Promise.all(asked)) await readAll(response);
    assert.equal(connections.length, 3);
  });
  assert.deepEqual(
    new Set(heads.map((head) => head.toLowerCase())),
    new Set(["content-length: 7", "transfer-encoding: chunked"]),
  );
  assert.ok(bodies.includes('{"a":1}'));
  assert.ok(bodies.includes("4\r\nlate\r\n0\r\n\r\n"));
  assert.equal(bodies.join("").replace(/[^xy]/g, "").length, LONG_BYTES + 1);
});

Deno.test("a body that fails breaks the request off", async () => {
  const failure = new Error("The client sent nonsense");
  const body = new ReadableStream<Bytes>({ pull: (controller) => controller.error(failure) });
  await withServer(() => assert.fail("an answer to half a request"), async ({ ask }) => {
    await assert.rejects(ask({ body }), failure);
  });
});

const BROKEN: [what: string, answer: string][] = [
  ["in a chunk", `${HEAD}5\r\non`],
  ["between two chunks", HEAD + chunk("one")],
  ["before its length", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\none"],
];
for (const [what, answer] of BROKEN) {
  Deno.test(`an answer that breaks off ${what} rejects, after what had come`, async () => {
    await withServer(async (connection) => {
      await connection.write(utf8(answer));
      connection.close();
    }, async ({ ask }) => {
      const reader = (await ask()).body?.getReader();
      assert.match(new TextDecoder().decode((await reader?.read())?.value), /^on/);
      await assert.rejects(async () => await reader?.read());
    });
  });
}

const NO_ANSWER: [what: string, answer: (connection: Deno.TcpConn) => unknown][] = [
  ["closes", (connection) => connection.close()],
  ["speaks no HTTP", say("SSH-2.0-OpenSSH\r\n\r\n")],
];
for (const [what, answer] of NO_ANSWER) {
  Deno.test(`a server that ${what} is no answer`, async () => {
    await withServer(answer, async ({ ask }) => {
      await assert.rejects(ask());
    });
  });
}

Deno.test("a server that switches to another protocol unasked is no answer, and is left", async () => {
  const left = Promise.withResolvers<void>();
  await withServer(async (connection) => {
    await connection.write(utf8("HTTP/1.1 101 So\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"));
    await connection.read(new Uint8Array(1)).catch(() => null);
    left.resolve();
  }, async ({ ask }) => {
    await assert.rejects(ask(), /another protocol/);
    await left.promise;
  });
});

Deno.test("nobody listens: no answer", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const client = openUpstreamClient({ clock: new FakeClock() });
  const { signal } = new AbortController();
  for (const url of [`http://127.0.0.1:${port}/`, `http://localhost:${port}/`]) {
    await assert.rejects(client.fetch(url, { method: "GET", redirect: "manual", signal }));
  }
  // Over https the platform asks.
  const secure = client.fetch(`https://127.0.0.1:${port}/`, {
    method: "GET",
    redirect: "manual",
    signal,
  });
  await assert.rejects(secure, { name: "TypeError", message: "fetch failed" });
  client.close();
});

Deno.test("an abort ends the request before, in and after its beginning", async () => {
  const reason = new Error("The client left");
  await withServer((connection) => connection.write(utf8(HEAD + chunk("one"))), async (world) => {
    const before = new AbortController();
    before.abort(reason);
    await assert.rejects(async () => await world.ask({ signal: before.signal }), reason);
    assert.equal(world.connections.length, 0);

    const within = new AbortController();
    const endless = new ReadableStream<Bytes>({ pull: () => new Promise(() => {}) });
    const asked = world.ask({ signal: within.signal, body: endless });
    await until("the request has begun", () => Promise.resolve(world.connections.length === 1));
    within.abort(reason);
    await assert.rejects(asked, reason);

    const after = new AbortController();
    const reader = (await world.ask({ signal: after.signal })).body?.getReader();
    await reader?.read();
    after.abort(reason);
    await assert.rejects(async () => await reader?.read());
  });
});

// What ends a request without an answer, on a connection that has served one before.
const UNANSWERED: [what: string, end: (world: World, hasCome: () => Promise<void>) => unknown][] = [
  ["is aborted before it is sent", async ({ ask }) => {
    const reason = new Error("The client left");
    const abort = new AbortController();
    const asked = ask({ body: utf8("prompt"), signal: abort.signal });
    abort.abort(reason);
    await assert.rejects(asked, reason);
  }],
  ["is aborted", async ({ ask }, hasCome) => {
    const reason = new Error("The client left");
    const abort = new AbortController();
    const asked = ask({ body: utf8("prompt"), signal: abort.signal });
    await hasCome();
    abort.abort(reason);
    await assert.rejects(asked, reason);
  }],
  ["loses its connection", async ({ ask, connections }, hasCome) => {
    const asked = ask({ body: utf8("prompt") });
    await hasCome();
    for (const connection of connections) close(connection);
    await assert.rejects(asked);
  }],
  ["has a body that fails", async ({ ask }, hasCome) => {
    const failure = new Error("The client sent nonsense");
    const body = ReadableStream.from((async function* (): AsyncGenerator<Bytes> {
      yield utf8("prompt");
      await hasCome();
      throw failure;
    })());
    await assert.rejects(ask({ body }), failure);
  }],
];
for (const [what, end] of UNANSWERED) {
  Deno.test(`a request that ${what} is not sent again`, async () => {
    const answer = say(HEAD + END);
    await withServer((connection, request) => {
      return request.includes("prompt") ? undefined : answer(connection);
    }, async (world) => {
      await readAll(await world.ask());
      assert.equal(world.connections.length, 1);
      await end(world, () => until("the server has it", () => world.received().includes("prompt")));
      await readAll(await world.ask());
      assert.ok(world.received().split("prompt").length <= 2);
      assert.ok(world.connections.length <= 2);
    });
  });
}

Deno.test("a server whose answer is not wanted any more is left", async () => {
  const left = Promise.withResolvers<void>();
  await withServer(async (connection) => {
    await connection.write(utf8(HEAD + chunk("one")));
    await connection.read(new Uint8Array(1)).catch(() => null);
    left.resolve();
  }, async ({ ask }) => {
    const reader = (await ask()).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await left.promise;
  });
});

Deno.test("what is not read stays with the server", async () => {
  const piece = utf8(chunk("x".repeat(64_000)));
  let written = 0;
  await withServer(async (connection) => {
    await connection.write(utf8(HEAD));
    for (; written < 2_000; written++) {
      for (let rest = piece; rest.length > 0;) {
        rest = rest.subarray(await connection.write(rest));
      }
    }
    await connection.write(utf8(END));
  }, async ({ ask }) => {
    const response = await ask();
    let before = -1;
    // Until nothing moves any more; 128 MB in all.
    await until("the server waits", () => {
      const isStill = before === written;
      before = written;
      return Promise.resolve(isStill);
    });
    assert.ok(written < 1_000, `The server could send ${written} pieces`);
    const pieces = await readAll(response);
    assert.equal(pieces.join("").length, 2_000 * 64_000);
    const longest = Math.max(...pieces.map(({ length }) => length));
    assert.ok(longest <= 2 * MAX_COLLECTED_BYTES, `A piece of ${longest} bytes`);
  });
});

Deno.test("connections serve again, until nothing was asked for a while or one failed", async () => {
  let isFailing = false;
  await withServer((connection) => {
    if (isFailing) return connection.close();
    return connection.write(utf8(HEAD + chunk("one") + END));
  }, async ({ ask, connections, clock }) => {
    const asked = async (): Promise<number> => {
      await readAll(await ask());
      // The connection comes back a turn later.
      await new Promise((resolve) => setTimeout(resolve, 0));
      return connections.length;
    };
    assert.deepEqual([await asked(), await asked()], [1, 1]);
    clock.advance(IDLE_CONNECTION_MS - 1);
    assert.equal(await asked(), 1);
    clock.advance(IDLE_CONNECTION_MS);
    assert.equal(await asked(), 2);
    await Promise.all([ask(), ask()].map(async (response) => await readAll(await response)));
    assert.equal(connections.length, 3);
    isFailing = true;
    await assert.rejects(ask());
    isFailing = false;
    // Neither the one that failed nor the other one.
    assert.equal(await asked(), 4);
  });
});
