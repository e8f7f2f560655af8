// The way in for everybody but the device itself. The platform's server has no limit on messages,
// no timeouts and no way to cut a WebSocket, and dies when descriptors run out; so other hosts
// reach it through this listener, which relays to it over loopback and keeps an account of each
// connection (docs/protocol.md §9).

import { type Clock, every } from "../../../base/clock.ts";
import { asError } from "../../../base/app_error.ts";
import { limitKey, normalizeAddress } from "../../../base/ip_address.ts";
import type { Logger } from "../../../base/log.ts";
import type { RandomSource } from "../../../base/random.ts";
import { AcceptLoop } from "./accept_loop.ts";
import { ConnectionAccount, type CutReason } from "./account.ts";
import { ConnectionLimiter, type Promotion, type Slot } from "./connection_limiter.ts";
import { GUARD_LIMITS, type GuardLimits, WAITING_DESCRIPTOR_SHARE } from "./guard_limits.ts";
import type { GuardedConnection } from "./guarded_connection.ts";
import type { PeerSocket } from "./peer_socket.ts";
import { RareWarning } from "./rare_warning.ts";
import { Refusals } from "./refusal.ts";
import { Relay } from "./relay.ts";
import { encodeUpgradeHead } from "./socket_upgrade.ts";
import { closeQuietly, sendAtOnce } from "./tcp_stream.ts";
import { WaitingRoom } from "./waiting_room.ts";

/** How often deadlines are looked at while there are connections, in milliseconds. */
export const SWEEP_MS = 250;

/** How often a request that waits to be known tells that its client is not to blame, in milliseconds. */
const QUEUE_KEEP_ALIVE_MS = 1_000;

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
  /**
   * Other numbers than those of a device in service, at this moment.
   * @default GUARD_LIMITS
   */
  limits?: () => Partial<GuardLimits>;
  /**
   * The file descriptors of the process, a share of which is for connections that wait.
   * @default as many as it needs
   */
  maxDescriptors?: number;
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
  /** How many connections wait for a slot, those whose key was accepted included. */
  waiting(): number;
  /** Stops accepting, and refuses who waits for a slot. */
  stopAccepting(): void;
  /** Cuts what is left, and stops accepting. */
  close(): Promise<void>;
}

interface Newcomer {
  readonly peer: Deno.TcpConn;
  readonly address: string;
}

interface AdmittedPeer extends Newcomer {
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
  const { hostname, port, innerPort, refusal, clock, log, maxDescriptors = Infinity } = options;
  const limits = (): GuardLimits => {
    const asked = { ...GUARD_LIMITS, ...options.limits?.() };
    const most = Math.floor(maxDescriptors / WAITING_DESCRIPTOR_SHARE);
    return { ...asked, maxWaiting: Math.min(asked.maxWaiting, most) };
  };
  const listener = Deno.listen({ hostname, port, reusePort: true });
  const limiter = new ConnectionLimiter(limits, options.random);
  const refusals = new Refusals({ answer: refusal, limits: limits(), clock });
  const entries = new Set<Entry>();
  /** Without a session, they lost their slot and may still read the end of their answer. */
  const finishing = new Set<Entry>();
  /** Those that the inner server may ask for. */
  const byInnerPort = new Map<number, Entry>();
  const tasks = new Set<Promise<void>>();
  const unreachable = new RareWarning({ message: "Cannot reach the inner server", log, clock });
  let refused = 0;
  let cut = 0;
  let isClosed = false;
  let cancelSweep: (() => void) | undefined;
  let isLettingIn = false;
  let isStopping = false;
  const nowMs = (): number => clock.monotonicMs();
  const room = new WaitingRoom<Newcomer>({ limits, nowMs, random: options.random });
  const accepting = new AcceptLoop({
    listener,
    onConnection: admit,
    warning: new RareWarning({ message: "Cannot accept a connection", log, clock }),
    clock,
  });

  // Refusals are waited for, so that a flood of them takes no more than one descriptor.
  async function admit(peer: Deno.TcpConn): Promise<void> {
    const address = normalizeAddress(peer.remoteAddr.hostname);
    const newcomer = { peer, address };
    const key = limitKey(address);
    const isPatient = !isStopping && room.isPatient(key);
    const taken = isPatient && room.holds(key) ? "later" : take(newcomer, isPatient);
    if (taken !== "later") return await letIn(newcomer, taken);
    const dismissed = room.enter(newcomer, key);
    sweepLater();
    if (dismissed !== undefined) await refuse(dismissed.peer, dismissed.address);
  }

  // A slot with what it is to its peer; "later" for who is patient and will soon have one.
  function take(newcomer: Newcomer, isPatient: boolean): AdmittedPeer | "later" | undefined {
    const { peer, address } = newcomer;
    const account = new ConnectionAccount({ limits: limits(), nowMs: nowMs() });
    const hold = { cut: () => closeQuietly(peer), isEvicted: false };
    const slotOptions = {
      standing: () => account.standing(nowMs()),
      passesSoon: () => account.passesSoon(nowMs()),
      onEvicted: () => {
        hold.isEvicted = true;
        log.debug("Connection evicted by the guard", { address });
        room.lost(limitKey(address));
        hold.cut();
      },
    };
    const slot = isPatient
      ? limiter.acquireInTurn(address, slotOptions)
      : limiter.acquire(address, slotOptions);
    return typeof slot === "object" ? { peer, address, account, slot, hold } : slot;
  }

  async function letIn(
    { peer, address }: Newcomer,
    admitted: AdmittedPeer | "later" | undefined,
  ): Promise<void> {
    if (typeof admitted !== "object") return await refuse(peer, address);
    const connecting = Promise.withResolvers<void>();
    const task = serve(admitted, connecting.resolve).finally(() => tasks.delete(task));
    tasks.add(task);
    // One at a time, or evicted connections that are still on their way in would hold descriptors.
    await connecting.promise;
  }

  // Gives slots to those who wait, in their turn.
  function wake(): void {
    limiter.promoteQueued();
    if (room.size === 0 || isLettingIn) return;
    isLettingIn = true;
    const task = letWaitingIn().finally(() => {
      isLettingIn = false;
      tasks.delete(task);
    });
    tasks.add(task);
  }

  async function letWaitingIn(): Promise<void> {
    for (;;) {
      const next = room.next(take);
      if (next === undefined) return;
      await letIn(next.peer, next.taken);
    }
  }

  async function serve(admitted: AdmittedPeer, onConnected: () => void): Promise<void> {
    const { peer, address, slot } = admitted;
    const inner = await connectInner();
    onConnected();
    if (inner === undefined) await refuse(peer, address);
    else await relayUntilEnd(admitted, inner);
    slot.release();
    wake();
  }

  async function refuse(peer: Deno.TcpConn, address: string): Promise<void> {
    refused += 1;
    log.debug("Connection refused by the guard", { address });
    await refusals.refuse(peer);
  }

  function stopAccepting(): void {
    isStopping = true;
    accepting.close();
    for (const { peer, address } of room.clear()) {
      const task = refuse(peer, address).finally(() => tasks.delete(task));
      tasks.add(task);
    }
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
    const relay = new Relay({ peer, inner, account, limits: limits(), nowMs, onHttp2 });
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
    hold.cut = () => endEvicted(entry);
    if (isClosed || hold.isEvicted || !sendAtOnce(peer, inner)) relay.cut();
    await relay.run();
    entries.delete(entry);
    finishing.delete(entry);
    leaveInner();
    slot.release();
    closed.resolve();
  }

  // Who is at rest may not have read the end of its answer. So many strangers at once have the time
  // for it, because they hold descriptors beside those of the slots.
  function endEvicted(entry: Entry): void {
    const { account, relay } = entry;
    const hasTime = account.isKnown || finishing.size < limits().maxRefusing;
    if (!account.isAnswered || !hasTime) return relay.cut();
    if (!account.isKnown) finishing.add(entry);
    relay.finish();
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
    const onWait = (): void => update(() => account.bodyPart(nowMs()));
    const promoted = (): void => {
      room.accepted(limitKey(address));
      update(() => account.promote());
      wake();
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
        wake();
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
        if (isPromoted) promoted();
        return isPromoted;
      },
      promoteInTurn: async (promotion) => {
        const isPromoted = slot.promote(promotion) ||
          await untilPromoted({ slot, promotion, onWait });
        if (isPromoted) promoted();
        return isPromoted;
      },
      pairing: () => {
        slot.beginPairing();
        wake();
      },
      remember: () => slot.remember(),
      closing: () => account.closing(nowMs()),
      abort: () => relay.cut(),
    };
  }

  // False where there was no room in time, or the connection ended.
  function untilPromoted(
    { slot, promotion, onWait }: { slot: Slot; promotion: Promotion; onWait: () => void },
  ): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = every(clock, QUEUE_KEEP_ALIVE_MS, onWait);
      const cancel = clock.after(limits().waitMs, () => slot.leaveQueue());
      const onEnd = (isPromoted: boolean): void => {
        stop();
        cancel();
        resolve(isPromoted);
      };
      if (!slot.queue(promotion, onEnd)) onEnd(false);
      // Its slot among those without a session is free.
      wake();
    });
  }

  function sweepLater(): void {
    if (entries.size > 0 || room.size > 0) cancelSweep ??= clock.after(SWEEP_MS, sweep);
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
    wake();
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
    waiting: () => room.size + limiter.queued,
    stopAccepting,
    async close(): Promise<void> {
      isClosed = true;
      stopAccepting();
      for (const { relay } of [...entries]) relay.cut();
      await Promise.all([accepting.done, ...tasks]);
      await refusals.close();
      cancelSweep?.();
    },
  };
}
