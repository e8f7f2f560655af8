/**
 * The SDK for apps: pair with a device once, connect to it whenever. Runs in browsers, Deno and
 * Node; docs/api/encryption.md tells what travels.
 *
 * @module
 */

import { type Clock, systemClock } from "../base/clock.ts";
import { type RandomSource, systemRandom } from "../base/random.ts";
import type { Envelope } from "../protocol/v1/frame.ts";
import { type Channel, createPlainChannel, createSealedChannel } from "./channel.ts";
import {
  type CloseInfo,
  type Connection,
  type NotificationListener,
  openConnection,
  type WebSocketLike,
} from "./client_connection.ts";
import type { Credentials } from "./credentials.ts";
import { ClientError } from "./client_error.ts";

export type {
  CallOptions,
  CloseInfo,
  Connection,
  NotificationListener,
  WebSocketLike,
} from "./client_connection.ts";
export { type Credentials, encodeCredentials, parseCredentials } from "./credentials.ts";
export { ClientError, type ClientErrorCode, type ClientErrorOptions } from "./client_error.ts";
export { pair, type PairOptions } from "./pair.ts";
export type { Bytes } from "../base/bytes.ts";
export type { Clock } from "../base/clock.ts";
export type { RandomSource } from "../base/random.ts";
export type { Envelope, WireMessage } from "../protocol/v1/frame.ts";

/** How long a device may take to accept a connection or to answer, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 10_000;

/** Options of {@linkcode connectPlain}. */
export interface ConnectPlainOptions {
  /** The device's WebSocket, such as "ws://127.0.0.1:7497/api/v0.1". */
  url: string;
  /** Hears what the device tells without being asked. */
  onNotification?: NotificationListener;
  /** Hears that a connection which was open is over. */
  onClose?: (info: CloseInfo) => void;
  /**
   * How long the device may take to accept the connection or to answer, in milliseconds.
   * @default {DEFAULT_TIMEOUT_MS}
   */
  timeoutMs?: number;
  /**
   * Makes a socket that is not yet open.
   * @default the platform's WebSocket
   */
  webSocket?: (url: string) => WebSocketLike;
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
 * Connects as a paired app; every message is encrypted under keys of this connection alone.
 * ClientError: `unreachable`, `timeout`, `connection_closed` where the device refuses the session,
 * `device_not_authentic`, `unsupported_version`, or `client_removed`, after which
 * an app offers to pair again.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { credentials, envelope = "json", random = systemRandom } = options;
  return await open(options, createSealedChannel(credentials, { envelope, random }));
}

/**
 * Connects without encryption, as apps on the device itself may. ClientError: `unreachable`,
 * `timeout`, `encryption_required`.
 */
export async function connectPlain(options: ConnectPlainOptions): Promise<Connection> {
  return await open(options, createPlainChannel());
}

async function open(options: ConnectPlainOptions, channel: Channel): Promise<Connection> {
  const {
    url,
    onNotification = () => {},
    onClose,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    webSocket = (address) => new WebSocket(address),
    clock = systemClock,
  } = options;
  const socket = openSocket(url, webSocket);
  const connection = await openConnection({ socket, channel, clock, timeoutMs, onNotification });
  if (onClose !== undefined) void connection.closed.then(onClose);
  return connection;
}

function openSocket(url: string, webSocket: (url: string) => WebSocketLike): WebSocketLike {
  try {
    return webSocket(url);
  } catch (error) {
    throw new ClientError("unreachable", "The platform refuses to connect to this address", {
      cause: error,
    });
  }
}
