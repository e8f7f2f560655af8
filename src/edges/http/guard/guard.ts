// The way in for everybody but the device itself. The platform's server has no limit on messages,
// no timeouts and no way to cut a WebSocket, and dies when descriptors run out; so other hosts
// reach it through this listener, which relays to it over loopback and keeps an account of each
// connection (docs/protocol.md §9).

import type { Clock } from "../../../base/clock.ts";
import { asError } from "../../../base/app_error.ts";
import { limitKey, normalizeAddress } from "../../../base/ip_address.ts";
import type { Logger } from "../../../base/log.ts";
import type { RandomSource } from "../../../base/random.ts";
import { AcceptLoop } from "./accept_loop.ts";
import { ConnectionAccount, type CutReason } from "./account.ts";
import { ConnectionLimiter, type Promotion, type Slot } from "./connection_limiter.ts";
import { GUARD_LIMITS, type GuardLimits } from "./guard_limits.ts";
import type { PeerSocket } from "./peer_socket.ts";
import { RareWarning } from "./rare_warning.ts";
import { Refusals } from "./refusal.ts";
import { Relay } from "./relay.ts";
import { encodeUpgradeHead } from "./socket_upgrade.ts";
import { closeQuietly } from "./tcp_stream.ts";

/** How often deadlines are looked at while there are connections, in milliseconds. */
export const SWEEP_MS = 250;

/** A connection that came in through the guard, as the handler sees it. */
export interface GuardedConnection {
  /** The peer's address, normalised. */
  readonly address: string;
  /** Resolves when both its sockets are closed and its slot is free. Never rejects. */
  readonly closed: Promise<void>;
  /** A handler began with a request. */
  requestSeen(): void;
  /** A part of a long body was taken. */
  bodyPart(): void;
  /** The request is there whole, or a message was dealt with. */
  progressed(): void;
  /** The answer is out. */
  answered(): void;
  /**
   * Serves a WebSocket itself from the answer to this request on; false where an earlier answer may
   * still be on its way or more than the request has come, so that the platform must.
   */
  serveSocket(socket: PeerSocket): boolean;
  /** The answer makes the connection a WebSocket; where the guard serves it, the guard sends it. */
  upgraded(answer: Response): void;
  /**
   * The peer has a session, or its key was accepted: it may send more and counts among those,
   * under its address unless the caller knows better.
   * False where there is no room among them; then nothing changes.
   */
  promote(promotion?: Partial<Promotion>): boolean;
  /** The request is one of pairing and within its limits: until its answer it has a reserve. */
  pairing(): void;
  /** A client paired or opened a session from this address, for which a share is kept from now on. */
  remember(): void;
  /** The device has begun to close. */
  closing(): void;
  /** Cuts the connection at once. */
  abort(): void;
}

/** Options of {@linkcode startGuard}. */
export interface GuardOptions {
  /** The address to listen on. */
  hostname: string;
  /** The port, shared with the loopback listeners; 0 lets the system choose. */
  port: number;
  /** The port of the inner server on 127.0.0.1. */
  innerPort: number;
  /** The bytes that refuse a connection: a whole HTTP answer. */
  refusal: () => Uint8Array;
  /** Chooses who is evicted. */
  random: RandomSource;
  clock: Clock;
  log: Logger;
  /** Other numbers than those of a device in service. @default GUARD_LIMITS */
  limits?: Partial<GuardLimits>;
}

/** How many connections there are, and what became of others since the start. */
export interface GuardCounts {
  /** Without a session, now. */
  unknown: number;
  /** With a session or an accepted key, now. */
  known: number;
  /** Had no room. */
  refused: number;
  /** Broke a limit. */
  cut: number;
  /** Lost their slot to another. */
  evicted: number;
}

/** A running guard. */
export interface Guard {
  /** Where it listens. */
  readonly addr: Deno.NetAddr;
  /** The connection behind a port of the inner server's peers; undefined where the guard made none. */
  find(innerPeerPort: number): GuardedConnection | undefined;
  /** Numbers for the metrics: connections now; refused, cut and evicted ones since the start. */
  counts(): GuardCounts;
  /** Stops accepting. */
  stopAccepting(): void;
  /** Cuts what is left, and stops accepting. */
  close(): Promise<void>;
}

interface AdmittedPeer {
  readonly peer: Deno.TcpConn;
  readonly address: string;
  readonly account: ConnectionAccount;
  readonly slot: Slot;
  /** What an eviction ends; set anew when there is a relay, which may be waiting for the account. */
  readonly hold: { cut: () => void; isEvicted: boolean };
}

interface Entry {
  readonly account: ConnectionAccount;
  readonly relay: Relay;
  readonly connection: GuardedConnection;
}

/** Starts the guard; throws the platform's error where the address is not to be had. */
export function startGuard(options: GuardOptions): Guard {
  const { hostname, port, innerPort, refusal, clock, log } = options;
  const limits = { ...GUARD_LIMITS, ...options.limits };
  const listener = Deno.listen({ hostname, port, reusePort: true });
  const limiter = new ConnectionLimiter(limits, options.random);
  const refusals = new Refusals({ answer: refusal, limits, clock });
  const entries = new Set<Entry>();
  /** Those that the inner server may ask for. */
  const byInnerPort = new Map<number, Entry>();
  const tasks = new Set<Promise<void>>();
  const unreachable = new RareWarning({ message: "Cannot reach the inner server", log, clock });
  let refused = 0;
  let cut = 0;
  let isClosed = false;
  let cancelSweep: (() => void) | undefined;
  const nowMs = (): number => clock.monotonicMs();
  const accepting = new AcceptLoop({
    listener,
    onConnection: admit,
    warning: new RareWarning({ message: "Cannot accept a connection", log, clock }),
    clock,
  });

  // Refusals are waited for, so that a flood of them takes no more than one descriptor.
  async function admit(peer: Deno.TcpConn): Promise<void> {
    const account = new ConnectionAccount({ limits, nowMs: nowMs() });
    const address = normalizeAddress(peer.remoteAddr.hostname);
    const hold = { cut: () => closeQuietly(peer), isEvicted: false };
    const slot = limiter.acquire(address, {
      standing: () => account.standing(nowMs()),
      onEvicted: () => {
        hold.isEvicted = true;
        log.debug("Connection evicted by the guard", { address });
        hold.cut();
      },
    });
    if (slot === undefined) return await refuse(peer, address);
    const connecting = Promise.withResolvers<void>();
    const admitted = { peer, address, account, slot, hold };
    const task = serve(admitted, connecting.resolve).finally(() => tasks.delete(task));
    tasks.add(task);
    // One at a time, or evicted connections that are still on their way in would hold descriptors.
    await connecting.promise;
  }

  async function serve(admitted: AdmittedPeer, onConnected: () => void): Promise<void> {
    const { peer, address, slot } = admitted;
    const inner = await connectInner();
    onConnected();
    if (inner === undefined) await refuse(peer, address);
    else await relayUntilEnd(admitted, inner);
    slot.release();
  }

  async function refuse(peer: Deno.TcpConn, address: string): Promise<void> {
    refused += 1;
    log.debug("Connection refused by the guard", { address });
    await refusals.refuse(peer);
  }

  async function connectInner(): Promise<Deno.TcpConn | undefined> {
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port: innerPort });
    } catch (error) {
      // Out of descriptors, mostly: the connections that are there will end.
      unreachable.warn(asError(error));
      return undefined;
    }
  }

  async function relayUntilEnd(admitted: AdmittedPeer, inner: Deno.TcpConn): Promise<void> {
    const { peer, account, slot, hold } = admitted;
    const onHttp2 = (): void => cutFor("http2", entry);
    const relay = new Relay({ peer, inner, account, limits, nowMs, onHttp2 });
    const closed = Promise.withResolvers<void>();
    const innerPeerPort = inner.localAddr.port;
    // The port of a connection that has ended may be another's by now.
    const leaveInner = (): void => {
      if (byInnerPort.get(innerPeerPort) === entry) byInnerPort.delete(innerPeerPort);
    };
    const connection = connectionOver(relay, { closed: closed.promise, admitted, leaveInner });
    const entry: Entry = { account, relay, connection };
    // The inner server asks for the connection with its first bytes: it is in the table before.
    entries.add(entry);
    byInnerPort.set(innerPeerPort, entry);
    sweepLater();
    hold.cut = () => relay.cut();
    if (isClosed || hold.isEvicted || !sendsAtOnce(peer, inner)) relay.cut();
    await relay.run();
    entries.delete(entry);
    leaveInner();
    slot.release();
    closed.resolve();
  }

  function connectionOver(
    relay: Relay,
    parts: { closed: Promise<void>; admitted: AdmittedPeer; leaveInner: () => void },
  ): GuardedConnection {
    const { closed, leaveInner, admitted: { address, account, slot } } = parts;
    let requests = 0;
    let socketToServe: PeerSocket | undefined;
    const update = (change: () => void): void => {
      change();
      relay.resume();
    };
    return {
      address,
      closed,
      requestSeen: () => {
        requests += 1;
        update(() => account.requestSeen(nowMs()));
      },
      bodyPart: () => update(() => account.bodyPart(nowMs())),
      progressed: () => update(() => account.progressed()),
      answered: () => {
        slot.endPairing();
        socketToServe = undefined;
        relay.hand();
        update(() => account.answered(nowMs()));
      },
      serveSocket: (socket) => {
        if (requests !== 1 || !relay.holdBack()) return false;
        socketToServe = socket;
        return true;
      },
      upgraded: (answer) => {
        account.upgraded(nowMs());
        if (socketToServe === undefined) return;
        leaveInner();
        if (!relay.divert(socketToServe, encodeUpgradeHead(answer))) socketToServe.ended();
      },
      promote: ({ holder = limitKey(address), byKey = false } = {}) => {
        const isPromoted = slot.promote({ holder, byKey });
        if (isPromoted) update(() => account.promote());
        return isPromoted;
      },
      pairing: () => slot.beginPairing(),
      remember: () => slot.remember(),
      closing: () => account.closing(nowMs()),
      abort: () => relay.cut(),
    };
  }

  function sweepLater(): void {
    if (entries.size > 0) cancelSweep ??= clock.after(SWEEP_MS, sweep);
  }

  function sweep(): void {
    cancelSweep = undefined;
    const now = nowMs();
    for (const entry of [...entries]) {
      const { account, relay } = entry;
      if (relay.isOver(now)) {
        relay.cut();
        continue;
      }
      const reason = relay.isUnread(now)
        ? "not_reading"
        : account.cutReason(now) ?? (relay.isSilent(now) ? "silent" : undefined);
      if (reason !== undefined) cutFor(reason, entry);
    }
    sweepLater();
  }

  function cutFor(reason: CutReason | "not_reading" | "silent" | "http2", entry: Entry): void {
    cut += 1;
    log.debug("Connection cut by the guard", { address: entry.connection.address, reason });
    entry.relay.cut();
  }

  return {
    addr: listener.addr,
    find: (innerPeerPort) => byInnerPort.get(innerPeerPort)?.connection,
    counts: () => ({ ...limiter.counts(), refused, cut }),
    stopAccepting: () => accepting.close(),
    async close(): Promise<void> {
      isClosed = true;
      accepting.close();
      for (const { relay } of [...entries]) relay.cut();
      await Promise.all([accepting.done, ...tasks]);
      await refusals.close();
      cancelSweep?.();
    },
  };
}

// Small frames must not wait for each other; false where the peer is gone already.
function sendsAtOnce(...streams: readonly Deno.TcpConn[]): boolean {
  try {
    for (const stream of streams) stream.setNoDelay();
    return true;
  } catch {
    return false;
  }
}
