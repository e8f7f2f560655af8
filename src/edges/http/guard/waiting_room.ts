// The connections that wait for a slot instead of taking another's: a class behind one address comes
// all at once, and whoever was let in before needs a moment only until its key is accepted. That
// helps nobody where the slots are held by peers who say nothing, so how an address used its slots
// lately decides whether its newcomers wait. Pure counting, of what limitKey() makes of addresses;
// docs/protocol.md §9.

import { LruMap } from "../../../base/lru_map.ts";
import { randomBelow, type RandomSource } from "../../../base/random.ts";

/** After how long half of what an address did with its slots is forgotten, in milliseconds. */
export const HALF_LIFE_MS = 1_000;

/** How many slots an address may lose beyond those whose keys were accepted and have others wait. */
export const TOLERATED_LOSSES = 4;

const MAX_ADDRESSES = 256;

/** One that waits. */
export interface Waiting<Peer> {
  readonly peer: Peer;
  readonly address: string;
  /** When its patience ends, by a clock that never goes back. */
  readonly untilMs: number;
}

/** Options of {@linkcode WaitingRoom}. */
export interface WaitingRoomOptions {
  /** How many may wait, and for how long, at this moment. */
  limits: () => { maxWaiting: number; waitMs: number };
  /** A clock that never goes back, in milliseconds. */
  nowMs: () => number;
  /** Chooses who has to go where too many wait. */
  random: RandomSource;
}

interface Conduct {
  accepted: number;
  lost: number;
  atMs: number;
}

/** Those who wait, in the order they came. */
export class WaitingRoom<Peer> {
  readonly #options: WaitingRoomOptions;
  readonly #waiting = new Set<Waiting<Peer>>();
  readonly #byAddress = new Map<string, number>();
  readonly #conduct = new LruMap<string, Conduct>(MAX_ADDRESSES);

  /** Nobody waits yet. */
  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Whether anybody from this address waits. */
  holds(address: string): boolean {
    return this.#byAddress.has(address);
  }

  /**
   * Lets a peer wait; who has to go where too many do, which may be that peer. Chance decides among
   * those of the address that waits with most: a flood that is quicker than its turns would always
   * push out the oldest, or keep out the newest.
   */
  enter(peer: Peer, address: string): Peer | undefined {
    const { maxWaiting, waitMs } = this.#options.limits();
    this.#waiting.add({ peer, address, untilMs: this.#options.nowMs() + waitMs });
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    return this.#waiting.size > maxWaiting ? this.#dismiss() : undefined;
  }

  /**
   * The first whose turn it is: `take` says "later" where there is no slot for it yet, and is told
   * whether it waits on in that case. Nobody overtakes another of its own address.
   */
  next<Taken>(
    take: (peer: Peer, isPatient: boolean) => Taken | "later",
  ): { peer: Peer; taken: Taken } | undefined {
    const blocked = new Set<string>();
    const nowMs = this.#options.nowMs();
    for (const waiting of this.#waiting) {
      const { peer, address, untilMs } = waiting;
      if (blocked.has(address)) continue;
      const taken = take(peer, nowMs < untilMs && this.isPatient(address));
      if (taken !== "later") {
        this.#leave(waiting);
        return { peer, taken };
      }
      blocked.add(address);
    }
    return undefined;
  }

  /** A peer of the address was accepted as somebody known. */
  accepted(address: string): void {
    this.#conductOf(address).accepted += 1;
  }

  /** A peer of the address lost its slot to another. */
  lost(address: string): void {
    this.#conductOf(address).lost += 1;
  }

  /** Whether newcomers from the address wait for its slots rather than take them. */
  isPatient(address: string): boolean {
    const { accepted, lost } = this.#conductOf(address);
    return lost <= accepted + TOLERATED_LOSSES;
  }

  /** Sends all away; who they are. */
  clear(): Peer[] {
    const peers = [...this.#waiting].map(({ peer }) => peer);
    this.#waiting.clear();
    this.#byAddress.clear();
    return peers;
  }

  #dismiss(): Peer | undefined {
    const most = Math.max(...this.#byAddress.values());
    const judged = [...this.#waiting].filter(({ address }) =>
      this.#byAddress.get(address) === most
    );
    const chosen = judged[randomBelow(this.#options.random, judged.length)];
    if (chosen !== undefined) this.#leave(chosen);
    return chosen?.peer;
  }

  #leave(waiting: Waiting<Peer>): void {
    const { address } = waiting;
    this.#waiting.delete(waiting);
    const left = (this.#byAddress.get(address) ?? 0) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }

  #conductOf(address: string): Conduct {
    const nowMs = this.#options.nowMs();
    const conduct = this.#conduct.get(address) ?? { accepted: 0, lost: 0, atMs: nowMs };
    const left = 2 ** ((conduct.atMs - nowMs) / HALF_LIFE_MS);
    conduct.accepted *= left;
    conduct.lost *= left;
    conduct.atMs = nowMs;
    this.#conduct.set(address, conduct);
    return conduct;
  }
}
