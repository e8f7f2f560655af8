// A guard with a small inner server behind it, for the system tests: in the test's own process, or
// as a process of its own whose memory and descriptors can be looked at. Run as a program it takes
// its limits as JSON, writes its ports as JSON and ends when its input does.

import { utf8 } from "../../src/base/bytes.ts";
import { systemClock } from "../../src/base/clock.ts";
import { type LogFields, type Logger, silentLogger } from "../../src/base/log.ts";
import { randomUuid, systemRandom } from "../../src/base/random.ts";
import { type Guard, startGuard } from "../../src/edges/http/guard/guard.ts";
import type { GuardedConnection } from "../../src/edges/http/guard/guarded_connection.ts";
import type { GuardLimits } from "../../src/edges/http/guard/guard_limits.ts";
import { PeerSocket } from "../../src/edges/http/guard/peer_socket.ts";
import { answerUpgrade } from "../../src/edges/http/guard/socket_upgrade.ts";
import { encodeRefusal } from "../../src/edges/http/guard/refusal.ts";
import { openFileLimit } from "../../src/edges/platform/vitals.ts";

/** How much /ws sends for the message "blast". */
export const BLAST_BYTES: number = 64 * 1024 * 1024;

/** How long /pairing takes, in milliseconds. */
export const PAIRING_TAKES_MS = 500;

/** How long a peer of /ws/impatient may be silent, in milliseconds. */
export const SILENCE_MS = 1000;

/** A WebSocket as the inner server has it. */
export interface InnerSocket {
  /** Bytes that were not yet taken from it. */
  readonly bufferedBytes: () => number;
  /** Resolves when the inner server was told of its end. */
  readonly ended: Promise<void>;
}

/** A guard with its inner server. */
export interface GuardedServer {
  readonly guard: Guard;
  /** The port that peers connect to. */
  readonly port: number;
  /** The inner server's port, for who tries to get past the guard. */
  readonly innerPort: number;
  /** Why connections were cut, in order. */
  readonly cutReasons: readonly string[];
  /** The first connection whose handler began with a request, and the port it asked by. */
  readonly firstRequest: Promise<{ connection: GuardedConnection; innerPeerPort: number }>;
  /** The first WebSocket of the inner server. */
  readonly firstSocket: Promise<InnerSocket>;
  /** Ends everything. */
  close(): Promise<void>;
}

/** Registers a test with a server of its own; one that waits for what never comes times out. */
export function guardTest(
  name: string,
  limits: Partial<GuardLimits>,
  test: (server: GuardedServer) => Promise<void>,
): void {
  Deno.test({
    name,
    timeout: 20_000,
    fn: async () => {
      const server = startGuardedServer(limits);
      try {
        await test(server);
      } finally {
        await server.close();
      }
    },
  });
}

/** Waits until the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Starts a guard with an inner server; it listens on 127.0.0.1 unless told otherwise. */
export function startGuardedServer(
  limits: Partial<GuardLimits> = {},
  hostname = "127.0.0.1",
): GuardedServer {
  const cutReasons: string[] = [];
  const firstRequest = Promise.withResolvers<{
    connection: GuardedConnection;
    innerPeerPort: number;
  }>();
  const firstSocket = Promise.withResolvers<InnerSocket>();
  let isClosing = false;
  const started: { guard?: Guard } = {};
  const serve = (port: number): Deno.HttpServer<Deno.NetAddr> =>
    Deno.serve({
      hostname: "127.0.0.1",
      port,
      onListen: () => {},
      onError: () => new Response(null, { status: 500 }),
    }, async (request, info) => {
      const connection = started.guard?.find(info.remoteAddr.port);
      if (connection === undefined) return new Response("not from the guard", { status: 403 });
      connection.requestSeen();
      if (request.body === null) connection.progressed();
      firstRequest.resolve({ connection, innerPeerPort: info.remoteAddr.port });
      const response = await answer(request, { connection, onSocket: firstSocket.resolve });
      const done = (): void => connection.answered();
      if (response.status === 101) connection.upgraded(response);
      else info.completed.then(done, done);
      return response;
    });
  let inner = serve(0);
  const { port: innerPort } = inner.addr;
  keepListening();
  const guard = startGuard({
    hostname,
    port: 0,
    innerPort,
    refusal: () => encodeRefusal(randomUuid(systemRandom)),
    random: systemRandom,
    clock: systemClock,
    log: listenForCuts(cutReasons),
    limits: () => limits,
    maxDescriptors: openFileLimit() ?? Infinity,
  });

  started.guard = guard;

  // Out of descriptors, the platform's server gives up.
  function keepListening(): void {
    inner.finished.catch(async () => {
      while (!isClosing) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        try {
          inner = serve(innerPort);
          return keepListening();
        } catch {
          // Not yet.
        }
      }
    });
  }

  return {
    guard,
    port: guard.addr.port,
    innerPort,
    cutReasons,
    firstRequest: firstRequest.promise,
    firstSocket: firstSocket.promise,
    async close(): Promise<void> {
      isClosing = true;
      await guard.close();
      await inner.shutdown();
    },
  };
}

interface HandlerParts {
  readonly connection: GuardedConnection;
  readonly onSocket: (socket: InnerSocket) => void;
}

async function answer(
  request: Request,
  { connection, onSocket }: HandlerParts,
): Promise<Response> {
  switch (new URL(request.url).pathname) {
    case "/address":
      return new Response(connection.address);
    case "/pairing":
      connection.pairing();
      await new Promise((resolve) => setTimeout(resolve, PAIRING_TAKES_MS));
      return new Response("paired");
    case "/remember":
      connection.remember();
      return new Response("remembered");
    case "/promote":
      return new Response(String(connection.promote()));
    case "/upload":
      return new Response(String(await countBody(request, () => connection.bodyPart())));
    case "/whole":
      return new Response(String(await countBody(request, () => {})));
    case "/too-large":
      return new Response("too large", { status: 413, headers: { Connection: "close" } });
    case "/ws":
      return serveMessages(request, { connection, onSocket, idleMs: 30_000 });
    case "/ws/impatient":
      return serveMessages(request, { connection, onSocket, idleMs: SILENCE_MS });
    case "/ws/refused":
      await serveMessages(request, { connection, onSocket, idleMs: 30_000 }).body?.cancel();
      return new Response("refused after all", { status: 403 });
    case "/ws/platform":
      return echoMessages(request, { connection, onSocket });
    default:
      return new Response("not found", { status: 404 });
  }
}

async function countBody(request: Request, onPart: () => void): Promise<number> {
  let bytes = 0;
  for await (const part of request.body ?? []) {
    bytes += part.length;
    onPart();
  }
  return bytes;
}

// The same over a WebSocket that the guard serves, where it can.
function serveMessages(request: Request, parts: HandlerParts & { idleMs: number }): Response {
  const { connection, onSocket, idleMs } = parts;
  const answer = answerUpgrade(request);
  const ended = Promise.withResolvers<void>();
  const socket = new PeerSocket({
    onOpen: (opened) => {
      onSocket({ bufferedBytes: () => opened.bufferedBytes, ended: ended.promise });
      return {
        ended: () => ended.resolve(),
        receive: (message) => {
          connection.progressed();
          if (message === "promote") opened.send(String(connection.promote()));
          else if (message === "blast") opened.send(new Uint8Array(BLAST_BYTES));
          else if (message === "close") opened.close(1000);
          else opened.send(typeof message === "string" ? message : String(message.length));
        },
      };
    },
    onClosing: () => connection.closing(),
    idleMs,
    log: silentLogger,
  });
  const isServed = answer !== undefined && connection.serveSocket(socket);
  return isServed ? answer : echoMessages(request, parts);
}

// "promote", "blast" and "close" are told apart from what is echoed.
function echoMessages(
  request: Request,
  { connection, onSocket }: HandlerParts,
): Response {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  const ended = Promise.withResolvers<void>();
  onSocket({ bufferedBytes: () => socket.bufferedAmount, ended: ended.promise });
  socket.onerror = () => {};
  socket.onclose = () => ended.resolve();
  socket.onmessage = ({ data }) => {
    connection.progressed();
    if (data === "promote") socket.send(String(connection.promote()));
    else if (data === "blast") socket.send(new Uint8Array(BLAST_BYTES));
    else if (data === "close") {
      socket.close(1000);
      connection.closing();
    } else socket.send(typeof data === "string" ? data : String(data.byteLength));
  };
  return response;
}

// Warnings go where a test that started a process can see them.
function listenForCuts(reasons: string[]): Logger {
  return {
    ...silentLogger,
    warn: (message: string) => {
      if (import.meta.main) void Deno.stderr.write(utf8(`${message}\n`));
    },
    debug: (message: string, fields: LogFields = {}) => {
      if (message.startsWith("Connection cut")) reasons.push(String(fields["reason"]));
    },
  };
}

if (import.meta.main) {
  const server = startGuardedServer(JSON.parse(Deno.args[0] ?? "{}"));
  await Deno.stdout.write(
    utf8(`${JSON.stringify({ port: server.port, innerPort: server.innerPort })}\n`),
  );
  await Deno.stdin.readable.pipeTo(new WritableStream());
  await server.close();
}
