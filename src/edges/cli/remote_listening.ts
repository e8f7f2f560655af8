// Listening to a device elsewhere for as long as it takes: sessions one after the other, each with a
// fresh salt, with pauses that grow (docs/api/encryption.md, "The life of a connection").

import type { Clock } from "../../base/clock.ts";
import { ClientError, type CloseInfo, type Connection } from "../../sdk/connect.ts";

/** How long to wait before the next session, in milliseconds: the last one is kept to. */
export const RECONNECT_DELAYS_MS: readonly number[] = [1000, 2000, 4000, 8000, 16_000, 30_000];

/** How often a silent device is asked whether it is there, in milliseconds. */
export const PING_PERIOD_MS = 15_000;

/** Replaced by a newer connection of the same client: whoever comes back would only replace that. */
const REPLACED = 4000;

/** Options of {@linkcode listenToRemote}. */
export interface ListenToRemoteOptions {
  /** Opens a session; ClientError where that fails. */
  open: () => Promise<Connection>;
  /** Hears that a session is open. */
  onOpen: () => void;
  /** Hears that there is none, and how long it takes until the next is tried. */
  onLost: (error: ClientError, retryInMs: number) => void;
  /** Ends the listening. */
  signal: AbortSignal;
  clock: Clock;
}

/** Listens until the signal ends it. ClientError where another session would help nothing. */
export async function listenToRemote(options: ListenToRemoteOptions): Promise<void> {
  const { onLost, signal, clock } = options;
  let failures = 0;
  while (!signal.aborted) {
    const { error, wasOpen } = await oneSession(options);
    if (signal.aborted) return;
    if (wasOpen) failures = 0;
    const delayMs = RECONNECT_DELAYS_MS[failures] ?? RECONNECT_DELAYS_MS.at(-1) ?? 0;
    failures += 1;
    onLost(error, delayMs);
    await pause(clock, { delayMs, signal });
  }
}

// Why there is no session any more.
async function oneSession(
  { open, onOpen, signal, clock }: ListenToRemoteOptions,
): Promise<{ error: ClientError; wasOpen: boolean }> {
  let connection: Connection;
  try {
    connection = await open();
  } catch (error) {
    if (!(error instanceof ClientError) || isFinal(error)) throw error;
    return { error, wasOpen: false };
  }
  const close = (): void => connection.close();
  signal.addEventListener("abort", close);
  if (signal.aborted) close();
  else onOpen();
  const stopPings = pingPeriodically(connection, clock);
  try {
    return { error: errorOf(await connection.closed), wasOpen: true };
  } finally {
    stopPings();
    signal.removeEventListener("abort", close);
  }
}

function errorOf({ error, code }: CloseInfo): ClientError {
  if (code !== REPLACED) return error;
  throw new ClientError(
    "connection_closed",
    "A newer connection of this client has taken its place",
  );
}

// Answered with pairing again or with another version, and never by waiting.
function isFinal({ code }: ClientError): boolean {
  return code === "client_removed" || code === "unsupported_version";
}

// A device that is gone says nothing: an unanswered ping ends the connection.
function pingPeriodically(connection: Connection, clock: Clock): () => void {
  let cancel = clock.after(PING_PERIOD_MS, ping);
  function ping(): void {
    cancel = clock.after(PING_PERIOD_MS, ping);
    connection.ping().catch(() => {});
  }
  return () => cancel();
}

function pause(
  clock: Clock,
  { delayMs, signal }: { delayMs: number; signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(delayMs, end);
    function end(): void {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    }
    signal.addEventListener("abort", end);
  });
}
