/**
 * The SDK for apps: pair with a device once, connect to it whenever. Runs in browsers, Deno and
 * Node; docs/api/encryption.md tells what travels.
 *
 * @module
 */

import { type Clock, systemClock } from "../base/clock.ts";
import { type RandomSource, systemRandom } from "../base/random.ts";
import type { Envelope } from "../protocol/frame.ts";
import { type Channel, createSealedChannel, plainChannel } from "./channel.ts";
import { ClientError } from "./client_error.ts";
import {
  type Connection,
  type NotificationListener,
  openConnection,
  type WebSocketLike,
} from "./connection.ts";
import type { Credentials } from "./credentials.ts";

export {
  ClientError,
  type ClientErrorCode,
  type ClientErrorOptions,
  type RpcFailure,
} from "./client_error.ts";
export type { CallOptions, Connection, NotificationListener, WebSocketLike } from "./connection.ts";
export { type Credentials, encodeCredentials, parseCredentials } from "./credentials.ts";
export { pair, type PairOptions } from "./pairing.ts";
export type { Bytes } from "../base/bytes.ts";
export type { Clock } from "../base/clock.ts";
export type { RandomSource } from "../base/random.ts";
export type { Envelope, WireMessage } from "../protocol/frame.ts";

/** How long a device may take to accept a connection or to answer, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 10_000;

/** Options of {@linkcode connectPlain}. */
export interface ConnectPlainOptions {
  /** The device's WebSocket, such as "ws://127.0.0.1:7497/api/v0.1". */
  url: string;
  /** Hears what the device tells without being asked. */
  onNotification?: NotificationListener;
  /**
   * How long the device may take, in milliseconds.
   * @default {DEFAULT_TIMEOUT_MS}
   */
  timeoutMs?: number;
  /**
   * Makes a socket.
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
   * Which envelope to use; binary saves a quarter of the bytes.
   * @default {"json"}
   */
  envelope?: Envelope;
  /**
   * Draws the session's salt. It must never repeat.
   * @default {systemRandom}
   */
  random?: RandomSource;
}

/** Connects as a paired app: every frame is encrypted under keys of this one session. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { credentials, envelope = "json", random = systemRandom } = options;
  if (globalThis.crypto?.subtle === undefined) {
    throw new ClientError(
      "insecure_context",
      "WebCrypto is missing: browsers have it on https and localhost pages only",
    );
  }
  const channel = await createSealedChannel(credentials, { envelope, random });
  return await open(options, channel);
}

/** Connects without encryption, as apps on the device itself may. */
export async function connectPlain(options: ConnectPlainOptions): Promise<Connection> {
  return await open(options, plainChannel);
}

async function open(options: ConnectPlainOptions, channel: Channel): Promise<Connection> {
  const {
    url,
    onNotification = () => {},
    timeoutMs = DEFAULT_TIMEOUT_MS,
    webSocket = (address) => new WebSocket(address) as WebSocketLike,
    clock = systemClock,
  } = options;
  return await openConnection({
    socket: webSocket(url),
    channel,
    clock,
    timeoutMs,
    onNotification,
  });
}
