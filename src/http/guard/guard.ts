// The way in for everybody but the device itself. The platform's server has no limit on messages,
// no timeouts and no way to cut a WebSocket, and dies when descriptors run out; so other hosts
// reach it through this listener, which relays to it over loopback and keeps an account of each
// connection (docs/protocol.md §9, "The guard").

import { type Clock, every } from "../../base/clock.ts";
import { asError } from "../../base/errors.ts";
import { normalizeAddress } from "../../base/ip_address.ts";
import type { Logger } from "../../base/log.ts";
import { ConnectionAccount } from "./account.ts";
import { Admission } from "./admission.ts";
import { closeQuietly, Relay, writeAll } from "./relay.ts";

/** How often deadlines are looked at, in milliseconds. */
export const SWEEP_MS = 250;

/** How long a refused peer has to read the answer, in milliseconds. */
export const REFUSAL_LIMIT_MS = 1_000;

/** How many refused peers are answered at once; further ones are closed without an answer. */
export const MAX_REFUSALS = 32;

const ACCEPT_RETRY_MS = 100;
const REFUSAL_DRAIN_BYTES = 64 * 1024;

/** A connection that came in through the guard, as the handler sees it. */
export interface GuardedConnection {
  /** The peer's address, normalised. */
  readonly address: string;
  /** A handler began with a request. */
  requestSeen(): void;
  /** A part of a long body was taken. */
  bodyPart(): void;
  /** The request is there whole, or a message was dealt with. */
  progressed(): void;
  /** The answer is out. */
  answered(): void;
  /** The peer has a session, or its key was accepted. */
  trust(): void;
  /** The device has begun to close. */
  closing(): void;
  /** Cuts the connection at once. */
  abort(): void;
}

/** Options of {@linkcode startGuard}. */
export interface GuardOptions {
  /** The address to listen on. */
  hostname: string;
  /** The port, shared with the loopback listeners. */
  port: number;
  /** The port of the inner server on 127.0.0.1. */
  innerPort: number;
  /** The bytes that refuse a connection: a whole HTTP answer. */
  refusal: () => Uint8Array;
  /** Time. */
  clock: Clock;
  /** The log. */
  log: Logger;
}

/** A running guard. */
export interface Guard {
  /** The connection behind a port of the inner server's peers; undefined where the guard made none. */
  find(innerPeerPort: number): GuardedConnection | undefined;
  /** Numbers for the metrics. */
  counts(): { unknown: number; known: number; refused: number; cut: number };
  /** Stops accepting. */
  stopAccepting(): void;
  /** Cuts what is left. */
  close(): Promise<void>;
}

interface Entry {
  readonly account: ConnectionAccount;
  readonly relay: Relay;
  readonly connection: GuardedConnection;
}

/** Starts the guard; throws the platform's error where the address is not to be had. */
export function startGuard(options: GuardOptions): Guard {
  const { hostname, port, innerPort, refusal, clock, log } = options;
  const listener = Deno.listen({ hostname, port, reusePort: true });
  const admission = new Admission();
  const entries = new Map<number, Entry>();
  const tasks = new Set<Promise<void>>();
  let refusing = 0;
  let refused = 0;
  let cut = 0;
  let isClosed = false;
  const nowMs = (): number => clock.monotonicMs();
  const stopSweep = every(clock, SWEEP_MS, sweep);
  track(acceptAll());

  function track(task: Promise<void>): void {
    tasks.add(task);
    void task.finally(() => tasks.delete(task));
  }

  async function acceptAll(): Promise<void> {
    while (!isClosed) {
      try {
        // deno-lint-ignore no-await-in-loop -- connections come one after the other
        const peer = await listener.accept();
        track(serve(peer));
      } catch (error) {
        if (isClosed) return;
        // Out of descriptors, mostly: the connections that are there will end.
        log.warn("Cannot accept a connection", { error: asError(error) });
        // deno-lint-ignore no-await-in-loop -- accepting waits
        await new Promise<void>((resolve) => clock.after(ACCEPT_RETRY_MS, resolve));
      }
    }
  }

  async function serve(peer: Deno.TcpConn): Promise<void> {
    const address = normalizeAddress(peer.remoteAddr.hostname);
    const place = admission.enter(address);
    if (place === undefined) return await refuse(peer);
    let inner: Deno.TcpConn;
    try {
      inner = await Deno.connect({ hostname: "127.0.0.1", port: innerPort });
    } catch (error) {
      place.leave();
      log.warn("Cannot reach the inner server", { error: asError(error) });
      return await refuse(peer);
    }
    peer.setNoDelay();
    inner.setNoDelay();
    const account = new ConnectionAccount(nowMs());
    const innerPeerPort = inner.localAddr.port;
    // No byte moves before the connection is in the table: the handler asks for it at once.
    const relay = new Relay({ peer, inner, account, nowMs });
    const connection: GuardedConnection = {
      address,
      requestSeen: () => update(() => account.requestSeen(nowMs())),
      bodyPart: () => update(() => account.bodyPart(nowMs())),
      progressed: () => update(() => account.progressed()),
      answered: () => update(() => account.answered(nowMs())),
      trust: () => {
        place.promote();
        update(() => account.trust());
      },
      closing: () => account.closing(nowMs()),
      abort: () => relay.cut(),
    };
    function update(change: () => void): void {
      change();
      relay.resume();
    }
    entries.set(innerPeerPort, { account, relay, connection });
    await relay.done;
    entries.delete(innerPeerPort);
    place.leave();
  }

  async function refuse(peer: Deno.TcpConn): Promise<void> {
    refused += 1;
    if (refusing >= MAX_REFUSALS) return closeQuietly(peer);
    refusing += 1;
    const cancel = clock.after(REFUSAL_LIMIT_MS, () => closeQuietly(peer));
    try {
      await writeAll(peer, refusal());
      await peer.closeWrite();
      // Closing over unread bytes would reset the connection and take the answer with it.
      await drain(peer);
    } catch {
      // The peer did not want the answer.
    } finally {
      cancel();
      closeQuietly(peer);
      refusing -= 1;
    }
  }

  function sweep(): void {
    const now = nowMs();
    for (const { account, relay, connection } of [...entries.values()]) {
      const isDue = [account.cutAtMs, relay.writeCutAtMs].some((atMs) =>
        atMs !== undefined && atMs <= now
      );
      if (!isDue) continue;
      cut += 1;
      log.debug("Connection cut by the guard", { address: connection.address });
      relay.cut();
    }
  }

  function stopAccepting(): void {
    if (isClosed) return;
    isClosed = true;
    listener.close();
  }

  return {
    find: (innerPeerPort) => entries.get(innerPeerPort)?.connection,
    counts: () => ({ ...admission.counts(), refused, cut }),
    stopAccepting,
    async close(): Promise<void> {
      stopAccepting();
      stopSweep();
      for (const { relay } of [...entries.values()]) relay.cut();
      await Promise.all(tasks);
    },
  };
}

async function drain(peer: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(4096);
  let drained = 0;
  while (drained < REFUSAL_DRAIN_BYTES) {
    // deno-lint-ignore no-await-in-loop -- one piece after the other
    const length = await peer.read(buffer);
    if (length === null) return;
    drained += length;
  }
}
