// One WebSocket to a device: calls, pings and notifications over a channel (docs/protocol.md §4–7).
// What is sent and what is received are one queue each; what came before a close still counts.

import type { Clock } from "../base/clock.ts";
import { type Deferred, deferred } from "../base/deferred.ts";
import { asJsonObject, type JsonObject, parseJsonObject } from "../base/json.ts";
import type { WireMessage } from "../protocol/v1/frame.ts";
import { PING, PONG } from "../protocol/ping.ts";
import type { WebSocketLike } from "../protocol/web_socket_like.ts";
import type { Channel } from "./channel.ts";
import { ClientError } from "./client_error.ts";
import type { NotificationFeed } from "./notification_feed.ts";
import type { DeviceNotification } from "./device_notification.ts";
import type { ParamsOf, ResultOf } from "./method_types.ts";

/** Hears what the device tells without being asked; what it throws is uncaught. */
export type NotificationListener = (method: string, params: unknown) => void;

/** How a connection ended. */
export interface CloseInfo {
  /** What ended it, and what open calls were rejected with. */
  readonly error: ClientError;
  /** The socket's close code, where that ended it: 1001 when the device stops. */
  readonly code: number | undefined;
  /** Whether the app called `close`. */
  readonly isOwn: boolean;
}

/** Options of one call. */
export interface CallOptions {
  /**
   * How long to wait for the answer, in milliseconds.
   * @default the connection's timeout
   */
  timeoutMs?: number;
  /** Gives up; the call is then rejected with its reason, and the device may still carry it out. */
  signal?: AbortSignal;
}

/** A connection to a device. */
export interface Connection {
  /** Resolves when the connection is over. */
  readonly closed: Promise<CloseInfo>;
  /**
   * Calls a method; its result, with the types of docs/api/methods.md. ClientError: `rpc_error` where
   * the device refuses, `timeout`, or what ended the connection.
   */
  call<Method extends string>(
    method: Method,
    params?: ParamsOf<Method>,
    options?: CallOptions,
  ): Promise<ResultOf<Method>>;
  /** Resolves when the device has answered; an unanswered ping ends the connection. */
  ping(): Promise<void>;
  /**
   * What the device tells from now on, to be read with `for await`. It ends when the app closes the
   * connection. Throws ClientError: what ended the connection, or `too_slow` where 1024 wait to be
   * read; `signal` gives up, and its reason is thrown.
   */
  notifications(options?: { signal?: AbortSignal }): AsyncIterableIterator<DeviceNotification>;
  /** Ends the connection; open calls are rejected. */
  close(): void;
}

/** Options of {@linkcode openConnection}. */
export interface OpenConnectionOptions {
  /** A socket that is not yet open. */
  socket: WebSocketLike;
  /** Seals and opens. */
  channel: Channel;
  clock: Clock;
  /** How long the device may take to accept the connection or to answer, in milliseconds. */
  timeoutMs: number;
  /** Hears notifications. */
  onNotification: NotificationListener;
  /** Has what `notifications` gives; whoever owns it ends it. */
  feed: NotificationFeed;
  /** Ends the connection. */
  signal: AbortSignal | undefined;
}

/**
 * Opens the socket and waits until the device has answered a ping: that proves the session to both
 * sides. The socket's events are heard from the moment of the call. Throws the signal's reason where
 * that gives up.
 */
export async function openConnection(options: OpenConnectionOptions): Promise<Connection> {
  const { signal } = options;
  const connection = new SocketConnection(options);
  const giveUp = (): void => connection.close();
  signal?.addEventListener("abort", giveUp);
  void connection.closed.then(() => signal?.removeEventListener("abort", giveUp));
  try {
    await connection.ping();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  return connection;
}

type Waiter<Result> = Pick<Deferred<Result>, "resolve" | "reject">;

class SocketConnection implements Connection {
  readonly #options: OpenConnectionOptions;
  readonly #opened = deferred<void>();
  readonly #closed = deferred<CloseInfo>();
  readonly #calls = new Map<unknown, Waiter<unknown>>();
  readonly #pings: Waiter<void>[] = [];
  #phase: "connecting" | "unproven" | "accepted" = "connecting";
  #outgoing: Promise<void> = this.#opened.promise;
  #incoming: Promise<void> = Promise.resolve();
  #nextId = 1;
  #error: ClientError | undefined;

  constructor(options: OpenConnectionOptions) {
    this.#options = options;
    const { socket } = options;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#phase = "unproven";
      this.#opened.resolve();
    };
    socket.onmessage = ({ data }: { data: string | ArrayBuffer }) => {
      const message = typeof data === "string" ? data : new Uint8Array(data);
      this.#receiveInTurn(() => this.#receive(message));
    };
    socket.onclose = ({ code }: { code: number }) => {
      this.#receiveInTurn(() => this.#end(this.#closedByPeer(), { code }));
    };
    socket.onerror = () => this.#receiveInTurn(() => this.#end(this.#closedByPeer()));
  }

  get closed(): Promise<CloseInfo> {
    return this.#closed.promise;
  }

  async call<Method extends string>(
    method: Method,
    params?: ParamsOf<Method>,
    options: CallOptions = {},
  ): Promise<ResultOf<Method>> {
    const { clock } = this.#options;
    const { signal, timeoutMs = this.#options.timeoutMs } = options;
    signal?.throwIfAborted();
    if (this.#error !== undefined) throw this.#error;
    const id = this.#nextId++;
    const text = JSON.stringify({ jsonrpc: "2.0", id, method, params });
    const answer = deferred<unknown>();
    const cancel = clock.after(timeoutMs, () => {
      answer.reject(new ClientError("timeout", `No answer to ${method} in ${timeoutMs} ms`));
    });
    const giveUp = (): void => answer.reject(signal?.reason);
    signal?.addEventListener("abort", giveUp);
    this.#calls.set(id, answer);
    this.#send(text);
    try {
      return await answer.promise as ResultOf<Method>;
    } finally {
      cancel();
      signal?.removeEventListener("abort", giveUp);
      this.#calls.delete(id);
    }
  }

  async ping(): Promise<void> {
    const { clock, timeoutMs } = this.#options;
    if (this.#error !== undefined) throw this.#error;
    const pong = deferred<void>();
    // Pongs have no id: after one that is missing, the next would be taken for it.
    const cancel = clock.after(timeoutMs, () => {
      this.#end(new ClientError("timeout", `The device has not answered in ${timeoutMs} ms`));
    });
    this.#pings.push(pong);
    this.#send(PING);
    try {
      await pong.promise;
    } finally {
      cancel();
    }
  }

  notifications(
    options: { signal?: AbortSignal } = {},
  ): AsyncIterableIterator<DeviceNotification> {
    return this.#options.feed.read(options.signal);
  }

  close(): void {
    const error = new ClientError("connection_closed", "The app has closed the connection");
    this.#end(error, { isOwn: true });
  }

  #send(text: string): void {
    const { channel, socket } = this.#options;
    this.#outgoing = this.#outgoing.then(async () => {
      try {
        const message = await channel.seal(text);
        if (this.#error === undefined) socket.send(message);
      } catch (error) {
        this.#end(new ClientError("connection_closed", "Cannot send", { cause: error }));
      }
    });
  }

  #receiveInTurn(action: () => void | Promise<void>): void {
    this.#incoming = this.#incoming.then(action);
  }

  async #receive(message: WireMessage): Promise<void> {
    try {
      const text = await this.#options.channel.open(message);
      this.#phase = "accepted";
      // The connection may have ended meanwhile, and then nothing counts any more.
      if (this.#error === undefined) this.#accept(text);
    } catch (error) {
      this.#end(
        error instanceof ClientError
          ? error
          : new ClientError("bad_answer", "Cannot read a message", { cause: error }),
      );
    }
  }

  #accept(text: string): void {
    if (text === PONG) return this.#pings.shift()?.resolve();
    const { method, params, ...answer } = parseJsonObject(text) ?? {};
    if (typeof method !== "string") return settle(this.#calls.get(answer["id"]), answer);
    // A listener that throws must not end up in the queue of messages.
    queueMicrotask(() => this.#options.onNotification(method, params));
    this.#options.feed.publish({ method, params } as DeviceNotification);
  }

  #closedByPeer(): ClientError {
    switch (this.#phase) {
      case "connecting":
        return new ClientError(
          "unreachable",
          "The device cannot be reached or accepts no connections now",
        );
      case "unproven":
        return new ClientError("connection_closed", "The device refused the session");
      case "accepted":
        return new ClientError("connection_closed", "The connection was closed");
    }
  }

  #end(error: ClientError, details: { code?: number; isOwn?: boolean } = {}): void {
    if (this.#error !== undefined) return;
    const { code, isOwn = false } = details;
    this.#error = error;
    for (const waiter of [...this.#calls.values(), ...this.#pings]) waiter.reject(error);
    this.#options.socket.close();
    this.#closed.resolve({ error, code, isOwn });
  }
}

function settle(call: Waiter<unknown> | undefined, answer: JsonObject): void {
  const error = asJsonObject(answer["error"]);
  if (error === undefined) return call?.resolve(answer["result"]);
  const { code, message, data } = error;
  const isWhole = typeof code === "number" && typeof message === "string";
  call?.reject(
    isWhole
      ? new ClientError("rpc_error", message, { rpcCode: code, data })
      : new ClientError("bad_answer", "The device's answer is not of the protocol"),
  );
}
