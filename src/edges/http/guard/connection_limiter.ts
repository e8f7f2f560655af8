// How many guarded connections there may be: per address and in all without a session, and in all
// with one. Where all slots are taken, whoever holds most loses one for the newcomer, so that no one
// peer keeps the others out. Pure counting; IPv6 counts per /64, because a host has that many
// addresses to itself. docs/protocol.md §9.

import { limitKey } from "../../../base/ip_address.ts";
import type { GuardLimits } from "./guard_limits.ts";

/** What a slot is to its connection. */
export interface SlotOptions {
  /** Whether nothing is being answered or kept open for the peer, so that it loses least. */
  isAtRest: () => boolean;
  /** The slot was given to another; the connection must end now. */
  onEvicted: () => void;
}

/** Whom a connection is known as. */
export interface Promotion {
  /** The client or key; each is counted by itself. */
  holder: string;
  /** Whether it was an accepted key: then nothing that is being answered is ever evicted. */
  byKey: boolean;
}

/** A slot among the connections. */
export interface Slot {
  /**
   * Moves to the connections with a session or an accepted key; false where there is no room among
   * them even by eviction, and then the slot stays where it is. The second time does nothing and
   * says what the slot is.
   */
  promote(promotion: Promotion): boolean;
  /** Gives the slot back; does nothing the second time. */
  release(): void;
}

interface Taken {
  readonly options: SlotOptions;
  holder: string;
  step: "unknown" | "known" | "released";
  byKey: boolean;
}

/** Hands out the connection slots of one guard. */
export class ConnectionLimiter {
  readonly #limits: GuardLimits;
  // Both in the order in which their slots were taken, the oldest first.
  readonly #unknown = new Set<Taken>();
  readonly #known = new Set<Taken>();
  #evicted = 0;

  /** No connections yet. */
  constructor(limits: GuardLimits) {
    this.#limits = limits;
  }

  /** A slot for a connection from `address`, another's if need be; undefined where there is none. */
  acquire(address: string, options: SlotOptions): Slot | undefined {
    const { maxUnknownPerAddress, maxUnknown } = this.#limits;
    const holder = limitKey(address);
    const fromHere = [...this.#unknown].filter((slot) => slot.holder === holder);
    if (fromHere.length >= maxUnknownPerAddress && !this.#evictOneOf(fromHere)) return undefined;
    if (this.#unknown.size >= maxUnknown && !this.#evictOneOf(this.#unknown)) return undefined;
    const taken: Taken = { options, holder, step: "unknown", byKey: false };
    this.#unknown.add(taken);
    return {
      promote: (promotion) => this.#promote(taken, promotion),
      release: () => this.#remove(taken),
    };
  }

  /** How many connections there are now, and how many lost their slot to another so far. */
  counts(): { unknown: number; known: number; evicted: number } {
    return { unknown: this.#unknown.size, known: this.#known.size, evicted: this.#evicted };
  }

  #promote(taken: Taken, { holder, byKey }: Promotion): boolean {
    if (taken.step !== "unknown") return taken.step === "known";
    if (this.#known.size >= this.#limits.maxKnown && !this.#evictOneOf(this.#known)) return false;
    this.#unknown.delete(taken);
    this.#known.add(Object.assign(taken, { step: "known", holder, byKey }));
    return true;
  }

  // Whoever holds most loses its oldest, one at rest before one that is being served.
  #evictOneOf(slots: Iterable<Taken>): boolean {
    const all = [...slots];
    const held = new Map<string, number>();
    for (const { holder } of all) held.set(holder, (held.get(holder) ?? 0) + 1);
    let victim: { slot: Taken; count: number; isAtRest: boolean } | undefined;
    for (const slot of all) {
      const isAtRest = slot.options.isAtRest();
      if (slot.byKey && !isAtRest) continue;
      const count = held.get(slot.holder) ?? 0;
      const isBetter = victim === undefined || count > victim.count ||
        (count === victim.count && isAtRest && !victim.isAtRest);
      if (isBetter) victim = { slot, count, isAtRest };
    }
    if (victim === undefined) return false;
    this.#remove(victim.slot);
    this.#evicted += 1;
    victim.slot.options.onEvicted();
    return true;
  }

  #remove(taken: Taken): void {
    this.#unknown.delete(taken);
    this.#known.delete(taken);
    taken.step = "released";
  }
}
