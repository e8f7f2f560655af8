/**
 * The SDK for apps: pair with a device once, connect to it whenever. Runs in browsers, Deno and
 * Node; docs/api/encryption.md tells what travels.
 *
 * @module
 */

import { type Clock, systemClock } from "../base/clock.ts";
import { type RandomSource, systemRandom } from "../base/random.ts";
import type { Envelope } from "../protocol/v1/frame.ts";
import type { WebSocketLike } from "../protocol/web_socket_like.ts";
import { type Channel, createPlainChannel, createSealedChannel } from "./channel.ts";
import {
  type CloseInfo,
  type Connection,
  type NotificationListener,
  openConnection,
  type OpenConnectionOptions,
} from "./client_connection.ts";
import type { Credentials } from "./credentials.ts";
import { ClientError } from "./client_error.ts";
import { DEFAULT_TIMEOUT_MS } from "./default_timeout.ts";
import { makeDefaultWebSocket, type MakeWebSocket } from "./default_web_socket.ts";
import { deviceSocketUrl } from "./device_address.ts";
import { openLastingConnection } from "./lasting_connection.ts";
import { NotificationFeed } from "./notification_feed.ts";
import { currentPageUrl, nameCause } from "./unreachable_cause.ts";

export type {
  CallOptions,
  CloseInfo,
  Connection,
  NotificationListener,
} from "./client_connection.ts";
export { type Credentials, encodeCredentials, parseCredentials } from "./credentials.ts";
export { ClientError, type ClientErrorCode, type ClientErrorOptions } from "./client_error.ts";
export { pair, type PairOptions } from "./pair.ts";
export { DEFAULT_TIMEOUT_MS } from "./default_timeout.ts";
export { type MakeWebSocket, provideWebSocket } from "./default_web_socket.ts";
export type { DeviceNotification } from "./device_notification.ts";
export type { Methods, ParamsOf, ResultOf } from "./method_types.ts";
export type {
  ActionInfo,
  ActiveMediaInfo,
  ApiKeyInfo,
  AuditEntryInfo,
  ClientInfo,
  DatabaseInfo,
  MediaEntryInfo,
  MediaFolderInfo,
  MediaMetaInfo,
  MediaResultInfo,
  PaginationInfo,
  PastRunInfo,
  PinInfo,
  PropertyInfo,
  StartedMediaInfo,
  SystemInfo,
  TagInfo,
  TokenInfo,
  UsageInfo,
} from "./method_shapes.ts";
export type { NotificationParams } from "./notification_types.ts";
export type { Bytes } from "../base/bytes.ts";
export type { Clock } from "../base/clock.ts";
export type { RandomSource } from "../base/random.ts";
export type { Envelope, WireMessage } from "../protocol/v1/frame.ts";
export type { WebSocketLike } from "../protocol/web_socket_like.ts";

/** Options of {@linkcode connectPlain}. */
export interface ConnectPlainOptions {
  /**
   * The device's address, such as "http://192.168.1.5:7497" or "192.168.1.5" alone, or its
   * WebSocket, such as "ws://127.0.0.1:7497/api/v0.1".
   */
  url: string;
  /** Hears what the device tells without being asked. */
  onNotification?: NotificationListener;
  /** Hears that a connection which was open is over, for good where it reconnects. */
  onClose?: (info: CloseInfo) => void;
  /**
   * Whether a session that is lost is followed by another, after 0.5 to 30 s: each has a fresh salt.
   * Calls made meanwhile wait for it; those whose answer is missing are rejected, for the device may
   * have carried them out. What the device told meanwhile is lost. It ends where waiting helps
   * nothing: `client_removed`, `unsupported_version`, `encryption_required`, or a newer connection
   * in its place.
   * @default {false}
   */
  reconnect?: boolean;
  /** Hears that the session is lost, why, and in how many milliseconds the next is tried. */
  onLost?: (error: ClientError, retryInMs: number) => void;
  /** Hears that there is a session again: the time to read anew what may have changed. */
  onReconnected?: () => void;
  /** Ends the connection; one that is not open yet is rejected with the signal's reason. */
  signal?: AbortSignal;
  /**
   * How long the device may take to accept the connection or to answer, in milliseconds.
   * @default {DEFAULT_TIMEOUT_MS}
   */
  timeoutMs?: number;
  /**
   * Makes a socket that is not yet open.
   * @default the platform's WebSocket, or what {@linkcode provideWebSocket} was given
   */
  webSocket?: MakeWebSocket;
  /**
   * Time.
   * @default {systemClock}
   */
  clock?: Clock;
}

/** Options of {@linkcode connect}. */
export interface ConnectOptions extends ConnectPlainOptions {
  /** What `pair` returned. */
  credentials: Credentials;
  /**
   * How frames travel; "binary" saves a quarter of the bytes.
   * @default {"json"}
   */
  envelope?: Envelope;
  /**
   * Draws the session's salt: 16 bytes that this client has never used.
   * @default {systemRandom}
   */
  random?: RandomSource;
}

/**
 * Connects as a paired app; every message is encrypted under keys of this connection alone. Throws
 * RangeError for an address that is none.
 * ClientError: `unreachable`, `origin_not_allowed`, `mixed_content`, `no_web_socket`, `timeout`,
 * `connection_closed` where the device refuses the session, `device_not_authentic`, `unsupported_version`, or `client_removed`, after which
 * an app offers to pair again.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { credentials, envelope = "json", random = systemRandom } = options;
  return await open(options, () => createSealedChannel(credentials, { envelope, random }));
}

/**
 * Connects without encryption, as apps on the device itself may. ClientError: `unreachable`,
 * `timeout`, `encryption_required`.
 */
export async function connectPlain(options: ConnectPlainOptions): Promise<Connection> {
  return await open(options, createPlainChannel);
}

// A channel serves one session: its counters and its salt are used up with it.
async function open(
  options: ConnectPlainOptions & { random?: RandomSource },
  createChannel: () => Channel,
): Promise<Connection> {
  const {
    timeoutMs = DEFAULT_TIMEOUT_MS,
    clock = systemClock,
    random = systemRandom,
    reconnect = false,
    onLost = () => {},
    onReconnected = () => {},
    onClose,
    signal,
  } = options;
  signal?.throwIfAborted();
  const feed = new NotificationFeed();
  const openSession = (given: AbortSignal | undefined): Promise<Connection> =>
    openOnce(options, { channel: createChannel(), feed, clock, timeoutMs, signal: given });
  const connection = reconnect
    ? await openLastingConnection({
      ...{ openSession, feed, clock, random, timeoutMs, onLost, onReconnected, signal },
      watchNetwork,
    })
    : await openSession(signal);
  if (!reconnect) {
    void connection.closed.then(({ error, isOwn }) => feed.end(isOwn ? undefined : error));
  }
  if (onClose !== undefined) void connection.closed.then(onClose);
  return connection;
}

async function openOnce(
  options: ConnectPlainOptions,
  session: Omit<OpenConnectionOptions, "socket" | "onNotification">,
): Promise<Connection> {
  const { onNotification = () => {}, webSocket = makeDefaultWebSocket } = options;
  const url = deviceSocketUrl(options.url);
  try {
    const socket = openSocket(url, webSocket);
    return await openConnection({ ...session, socket, onNotification });
  } catch (error) {
    const request = (address: string, init: RequestInit): Promise<Response> => fetch(address, init);
    const { signal } = session;
    throw await nameCause(error, { url, pageUrl: currentPageUrl(), fetch: request, signal });
  }
}

function openSocket(url: string, webSocket: MakeWebSocket): WebSocketLike {
  try {
    return webSocket(url);
  } catch (error) {
    if (error instanceof ClientError) throw error;
    throw new ClientError("unreachable", "The platform refuses to connect to this address", {
      cause: error,
    });
  }
}

// Browsers tell when the network is back; elsewhere the waits alone decide.
function watchNetwork(isBack: () => void): () => void {
  if (typeof globalThis.addEventListener !== "function") return () => {};
  globalThis.addEventListener("online", isBack);
  return () => globalThis.removeEventListener("online", isBack);
}
