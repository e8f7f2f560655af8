// One WebSocket to a device: calls, pings and notifications over a channel (docs/protocol.md §4–7).

import type { Clock } from "../base/clock.ts";
import { asJsonObject, type JsonObject, parseJsonObject } from "../base/json.ts";
import type { WireMessage } from "../protocol/frame.ts";
import { PING, PONG } from "../protocol/ping.ts";
import type { Channel } from "./channel.ts";
import { ClientError, type ClientErrorCode } from "./client_error.ts";

/** What a connection needs of a WebSocket; the platform's own fits. */
export interface WebSocketLike {
  /** How binary messages arrive. */
  binaryType: string;
  /** Sends a message. */
  send(message: WireMessage): void;
  /** Begins to close. */
  close(code?: number): void;
  /** The socket is open. */
  onopen: ((event: never) => unknown) | null;
  /** A message came. */
  onmessage: ((event: never) => unknown) | null;
  /** The socket is closed. */
  onclose: ((event: never) => unknown) | null;
  /** The socket failed. */
  onerror: ((event: never) => unknown) | null;
}

/** Hears what the device tells without being asked. */
export type NotificationListener = (method: string, params: unknown) => void;

/** Options of one call. */
export interface CallOptions {
  /**
   * How long to wait for the answer, in milliseconds.
   * @default the connection's timeout
   */
  timeoutMs?: number;
}

/** A connection to a device. */
export interface Connection {
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>;
  /** Calls a method; the result, or ClientError (`rpc_error`, `timeout`, `connection_closed`). */
  call(method: string, params?: unknown, options?: CallOptions): Promise<unknown>;
  /** Resolves when the device has answered a ping. */
  ping(): Promise<void>;
  /** Ends the connection. */
  close(): void;
}

/** Options of {@linkcode openConnection}. */
export interface OpenConnectionOptions {
  /** A socket that is not yet open. */
  socket: WebSocketLike;
  /** Seals and opens. */
  channel: Channel;
  /** Time. */
  clock: Clock;
  /** How long the device may take to accept the connection or to answer, in milliseconds. */
  timeoutMs: number;
  /** Hears notifications. */
  onNotification: NotificationListener;
}

interface Waiter {
  resolve(result: unknown): void;
  reject(error: ClientError): void;
}

const PLAINTEXT_ERRORS: Readonly<Record<number, ClientErrorCode>> = {
  [-32001]: "unsupported_version",
  [-32002]: "encryption_required",
};

/** Opens the socket and waits until the device has answered a ping over the channel. */
export async function openConnection(options: OpenConnectionOptions): Promise<Connection> {
  const { socket, channel, clock, timeoutMs, onNotification } = options;
  const calls = new Map<number, Waiter>();
  const pings: Waiter[] = [];
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let outgoing = Promise.resolve();
  let incoming = Promise.resolve();
  let failure: ClientError | undefined;
  let isAccepted = false;
  let nextId = 1;

  socket.binaryType = "arraybuffer";
  socket.onopen = () => opened.resolve();
  socket.onerror = () => fail(closedError());
  socket.onclose = () => fail(closedError());
  socket.onmessage = ({ data }: { data: string | ArrayBuffer }) => {
    const message = typeof data === "string" ? data : new Uint8Array(data);
    incoming = incoming.then(() => receive(message));
  };

  function closedError(): ClientError {
    const hint = isAccepted ? "" : " before the device accepted it";
    return new ClientError("connection_closed", `The connection was closed${hint}`);
  }

  function fail(error: ClientError): void {
    if (failure !== undefined) return;
    failure = error;
    for (const waiter of [...calls.values(), ...pings]) waiter.reject(error);
    calls.clear();
    pings.length = 0;
    opened.reject(error);
    ended.resolve();
    socket.close();
  }

  async function receive(message: WireMessage): Promise<void> {
    if (failure !== undefined) return;
    const refusal = isAccepted ? undefined : plaintextRefusal(message);
    if (refusal !== undefined) return fail(refusal);
    const text = await channel.open(message);
    if (text === undefined) {
      return fail(new ClientError("bad_answer", "A message of the device cannot be opened"));
    }
    isAccepted = true;
    if (text === PONG) return pings.shift()?.resolve(undefined);
    const object = parseJsonObject(text);
    if (object === undefined) return;
    if (typeof object["method"] === "string") {
      return onNotification(object["method"], object["params"]);
    }
    settle(object);
  }

  function settle(answer: JsonObject): void {
    const id = Number(answer["id"]);
    const waiter = calls.get(id);
    calls.delete(id);
    const error = asJsonObject(answer["error"]);
    if (error === undefined) return waiter?.resolve(answer["result"]);
    const rpc = {
      code: Number(error["code"]),
      message: String(error["message"]),
      data: error["data"],
    };
    waiter?.reject(new ClientError("rpc_error", rpc.message, { rpc }));
  }

  function send(text: string): void {
    outgoing = outgoing.then(async () => {
      if (failure !== undefined) return;
      try {
        socket.send(await channel.seal(text));
      } catch (error) {
        fail(new ClientError("connection_closed", "Cannot send", { cause: error }));
      }
    });
  }

  function waitFor(
    wait: { remember: (waiter: Waiter) => void; forget: () => void; what: string },
    limitMs: number,
  ): Promise<unknown> {
    if (failure !== undefined) return Promise.reject(failure);
    return new Promise((resolve, reject) => {
      const cancel = clock.after(limitMs, () => {
        wait.forget();
        reject(new ClientError("timeout", `No answer to ${wait.what} within ${limitMs} ms`));
      });
      wait.remember({
        resolve: (result) => {
          cancel();
          resolve(result);
        },
        reject: (error) => {
          cancel();
          reject(error);
        },
      });
    });
  }

  const connection: Connection = {
    closed: ended.promise,
    call(method: string, params?: unknown, callOptions: CallOptions = {}): Promise<unknown> {
      const id = nextId++;
      const answer = waitFor({
        remember: (waiter) => calls.set(id, waiter),
        forget: () => calls.delete(id),
        what: method,
      }, callOptions.timeoutMs ?? timeoutMs);
      send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
      return answer;
    },
    async ping(): Promise<void> {
      const answer = waitFor({
        remember: (waiter) => pings.push(waiter),
        // Pongs carry no id: one that never came would be taken for the next.
        forget: () => fail(new ClientError("timeout", "The device does not answer")),
        what: PING,
      }, timeoutMs);
      send(PING);
      await answer;
    },
    close: () => fail(new ClientError("connection_closed", "The connection was closed")),
  };

  const cancel = clock.after(timeoutMs, () => {
    fail(new ClientError("timeout", `Cannot connect within ${timeoutMs} ms`));
  });
  try {
    await opened.promise;
  } finally {
    cancel();
  }
  await connection.ping();
  return connection;
}

function plaintextRefusal(message: WireMessage): ClientError | undefined {
  const object = typeof message === "string" ? parseJsonObject(message) : undefined;
  const error = asJsonObject(object?.["error"]);
  const code = PLAINTEXT_ERRORS[Number(error?.["code"])];
  if (code === undefined) return undefined;
  return new ClientError(code, String(error?.["message"]));
}
