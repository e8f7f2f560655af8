// A connection that outlives its sessions (docs/api/encryption.md, "The life of a connection"): each
// has a socket and a salt of its own. What was asked for in a session that is lost is failed and never
// sent again, for the device may have carried it out.

import { type Clock, every } from "../base/clock.ts";
import { type Deferred, deferred } from "../base/deferred.ts";
import { randomBelow, type RandomSource } from "../base/random.ts";
import type { CallOptions, CloseInfo, Connection } from "./client_connection.ts";
import { ClientError, type ClientErrorCode } from "./client_error.ts";
import type { NotificationFeed } from "./notification_feed.ts";
import type { DeviceNotification } from "./device_notification.ts";
import type { ParamsOf, ResultOf } from "./method_types.ts";

/** The first wait before another session, in milliseconds; each further one is twice as long. */
export const FIRST_RETRY_MS = 1000;

/** The longest wait, in milliseconds. */
export const LONGEST_RETRY_MS = 30_000;

/** How often a silent device is asked whether it is there, in milliseconds. */
export const HEARTBEAT_PERIOD_MS = 15_000;

/** The close code of a session that a newer one of the same client has replaced. */
const REPLACED = 4000;

// Answered by pairing again, by an update or by encrypting, and never by waiting.
const FINAL_CODES: ReadonlySet<ClientErrorCode> = new Set([
  "client_removed",
  "unsupported_version",
  "encryption_required",
]);

/** Options of {@linkcode openLastingConnection}. */
export interface LastingConnectionOptions {
  /** Opens a session; ClientError where that fails. The signal gives up, and ends it when it is open. */
  openSession: (signal: AbortSignal) => Promise<Connection>;
  /** What the sessions publish. */
  feed: NotificationFeed;
  clock: Clock;
  random: RandomSource;
  /** How long a call waits for a session and an answer, in milliseconds. */
  timeoutMs: number;
  /** Hears that there is no session, why, and when the next is tried, in milliseconds. */
  onLost: (error: ClientError, retryInMs: number) => void;
  /** Hears that there is a session again. */
  onReconnected: () => void;
  /** Calls its argument when the network may be back; the result ends that. */
  watchNetwork: (isBack: () => void) => () => void;
  /** Ends the connection; not aborted yet. */
  signal: AbortSignal | undefined;
}

/** Opens the first session, whose failure is thrown, and keeps a session from then on. */
export async function openLastingConnection(
  options: LastingConnectionOptions,
): Promise<Connection> {
  const { signal } = options;
  const ending = new AbortController();
  const stop = (): void => ending.abort(signal?.reason);
  const unheard = (): void => signal?.removeEventListener("abort", stop);
  signal?.addEventListener("abort", stop);
  try {
    const session = await options.openSession(ending.signal);
    const connection = new LastingConnection(session, { ending, ...options });
    void connection.closed.then(unheard);
    return connection;
  } catch (error) {
    unheard();
    throw error;
  }
}

class LastingConnection implements Connection {
  readonly #options: LastingConnectionOptions & { ending: AbortController };
  readonly #closed = deferred<CloseInfo>();
  readonly #unwatch: () => void;
  #next: Deferred<Connection> = pending();
  #session: Connection | undefined;
  #stopPings: () => void = () => {};
  #failures = 0;
  #openedMs = 0;
  #cancelRetry: (() => void) | undefined;
  #error: ClientError | undefined;

  constructor(
    session: Connection,
    options: LastingConnectionOptions & { ending: AbortController },
  ) {
    this.#options = options;
    this.#unwatch = options.watchNetwork(() => this.#hurry());
    options.ending.signal.addEventListener("abort", () => this.close());
    this.#use(session);
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
    const { timeoutMs = this.#options.timeoutMs, signal } = options;
    const beganMs = clock.monotonicMs();
    const session = await this.#wait(`for ${method}`, { timeoutMs, signal });
    const leftMs = timeoutMs - (clock.monotonicMs() - beganMs);
    return await session.call(method, params, { ...options, timeoutMs: leftMs });
  }

  async ping(): Promise<void> {
    const session = await this.#wait("to ping", { timeoutMs: this.#options.timeoutMs });
    await session.ping();
  }

  notifications(
    options: { signal?: AbortSignal } = {},
  ): AsyncIterableIterator<DeviceNotification> {
    return this.#options.feed.read(options.signal);
  }

  close(): void {
    const error = new ClientError("connection_closed", "The app has closed the connection");
    this.#end({ error, code: undefined, isOwn: true });
  }

  // The session there is, or the next one.
  async #wait(
    purpose: string,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | undefined },
  ): Promise<Connection> {
    signal?.throwIfAborted();
    if (this.#error !== undefined) throw this.#error;
    if (this.#session !== undefined) return this.#session;
    const failed = deferred<never>();
    const cancel = this.#options.clock.after(timeoutMs, () => {
      failed.reject(new ClientError("timeout", `No session ${purpose} in ${timeoutMs} ms`));
    });
    const giveUp = (): void => failed.reject(signal?.reason);
    signal?.addEventListener("abort", giveUp);
    try {
      return await Promise.race([this.#next.promise, failed.promise]);
    } finally {
      cancel();
      signal?.removeEventListener("abort", giveUp);
    }
  }

  #use(session: Connection): void {
    const { clock } = this.#options;
    this.#session = session;
    this.#openedMs = clock.monotonicMs();
    this.#next.resolve(session);
    this.#stopPings = every(clock, HEARTBEAT_PERIOD_MS, () => probe(session));
    void session.closed.then((info) => {
      this.#stopPings();
      if (this.#error === undefined) this.#lose(info);
    });
  }

  #lose(info: CloseInfo): void {
    const { error, code } = info;
    this.#session = undefined;
    if (code === REPLACED) {
      const message = "A newer connection of this client has taken its place";
      return this.#end({ ...info, error: new ClientError("connection_closed", message) });
    }
    if (FINAL_CODES.has(error.code)) return this.#end(info);
    this.#next = pending();
    // A session that ends at once is no success: each costs the device a salt for good.
    const lastedMs = this.#options.clock.monotonicMs() - this.#openedMs;
    if (lastedMs >= LONGEST_RETRY_MS) this.#failures = 0;
    this.#retryLater(error);
  }

  #retryLater(error: ClientError): void {
    const { clock, random, onLost } = this.#options;
    const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    // Between half and all of it, so that the clients of a device do not come back at once.
    const delayMs = waitMs / 2 + randomBelow(random, waitMs / 2 + 1);
    this.#failures += 1;
    this.#cancelRetry = clock.after(delayMs, () => this.#retry());
    onLost(error, delayMs);
  }

  #retry(): void {
    this.#cancelRetry = undefined;
    const { openSession, ending, onReconnected } = this.#options;
    openSession(ending.signal).then((session) => {
      if (this.#error !== undefined) return;
      this.#use(session);
      onReconnected();
    }, (thrown: unknown) => {
      if (this.#error !== undefined) return;
      const error = asClientError(thrown);
      if (FINAL_CODES.has(error.code)) this.#end({ error, code: undefined, isOwn: false });
      else this.#retryLater(error);
    });
  }

  // The network may be back, or have changed under a session that looks alive.
  #hurry(): void {
    if (this.#session !== undefined) return probe(this.#session);
    if (this.#cancelRetry === undefined) return;
    this.#cancelRetry();
    this.#retry();
  }

  #end(info: CloseInfo): void {
    if (this.#error !== undefined) return;
    this.#error = info.error;
    this.#unwatch();
    this.#stopPings();
    this.#cancelRetry?.();
    this.#options.ending.abort(info.error);
    this.#next.reject(info.error);
    this.#options.feed.end(info.isOwn ? undefined : info.error);
    this.#closed.resolve(info);
  }
}

// Nobody may be waiting for the next session when there is to be none.
function pending(): Deferred<Connection> {
  const next = deferred<Connection>();
  next.promise.catch(() => {});
  return next;
}

// An unanswered ping ends the session, which tells.
function probe(session: Connection): void {
  session.ping().catch(() => {});
}

function asClientError(thrown: unknown): ClientError {
  if (thrown instanceof ClientError) return thrown;
  return new ClientError("connection_closed", "Cannot open a session", { cause: thrown });
}
