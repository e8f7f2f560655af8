// How many guarded connections there may be: per address and in all without a session, and in all
// with one. Where all slots are taken, whoever holds most loses one for the newcomer, so that no one
// peer keeps the others out; some are kept for addresses of clients and for pairing. Pure counting;
// IPv6 counts per /64, because a host has that many addresses to itself. docs/protocol.md §9.

import { limitKey } from "../../../base/ip_address.ts";
import { LruMap } from "../../../base/lru_map.ts";
import { randomBelow, type RandomSource } from "../../../base/random.ts";
import type { Standing } from "./account.ts";
import type { GuardLimits } from "./guard_limits.ts";

/** What a slot is to its connection. */
export interface SlotOptions {
  /** What its peer would lose with it now. */
  standing: () => Standing;
  /**
   * Whether it will soon be known or at rest, so that another of its address may wait for that.
   * @default it will not
   */
  passesSoon?: () => boolean;
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
  /**
   * Waits for a promotion for which there is no room now, apart from the connections without a
   * session; `onEnd` hears once what came of it. False where too many wait.
   */
  queue(promotion: Promotion, onEnd: (isPromoted: boolean) => void): boolean;
  /** Does not wait any longer, and is what it was. */
  leaveQueue(): void;
  /** Moves to the reserve for pairing while such a request is answered. */
  beginPairing(): void;
  /** Moves back, where it was in that reserve. */
  endPairing(): void;
  /** Keeps the slot's address among those of clients. */
  remember(): void;
  /** Gives the slot back; does nothing the second time. */
  release(): void;
}

/** How many connections there are now, and how many lost their slot to another so far. */
export interface SlotCounts {
  /** Without a session, those that are pairing included. */
  unknown: number;
  /** With a session or an accepted key. */
  known: number;
  /** Lost their slot. */
  evicted: number;
}

interface Taken {
  readonly options: SlotOptions;
  readonly address: string;
  holder: string;
  isFamiliar: boolean;
  step: "unknown" | "pairing" | "queued" | "known" | "released";
  byKey: boolean;
}

interface Queued {
  readonly promotion: Promotion;
  readonly onEnd: (isPromoted: boolean) => void;
}

/** Hands out the connection slots of one guard. */
export class ConnectionLimiter {
  readonly #limits: () => GuardLimits;
  readonly #random: RandomSource;
  // All in the order in which their slots were taken, the oldest first.
  readonly #unknown = new Set<Taken>();
  readonly #pairing = new Set<Taken>();
  readonly #known = new Set<Taken>();
  readonly #queued = new Map<Taken, Queued>();
  // The addresses from which a client paired or opened a session, the latest ones.
  readonly #familiar: LruMap<string, true>;
  #evicted = 0;

  /** No connections yet. The limits are asked for at every step, so that they can change. */
  constructor(limits: () => GuardLimits, random: RandomSource) {
    this.#limits = limits;
    this.#random = random;
    this.#familiar = new LruMap(limits().maxFamiliarAddresses);
  }

  /** A slot for a connection from `address`, another's if need be; undefined where there is none. */
  acquire(address: string, options: SlotOptions): Slot | undefined {
    const slot = this.#acquire(address, options, { isPatient: false });
    return slot === "later" ? undefined : slot;
  }

  /** The same, but "later" where it would take one of its own address that passes soon. */
  acquireInTurn(address: string, options: SlotOptions): Slot | "later" | undefined {
    return this.#acquire(address, options, { isPatient: true });
  }

  /** Promotes those in the queue for whom there is room by now. */
  promoteQueued(): void {
    const full = new Set<string>();
    for (const [taken, { promotion }] of [...this.#queued]) {
      const { holder } = promotion;
      if (!full.has(holder) && !this.#promote(taken, promotion)) full.add(holder);
    }
  }

  /** How many wait for a promotion. */
  get queued(): number {
    return this.#queued.size;
  }

  /** How many there are. */
  counts(): SlotCounts {
    return {
      unknown: this.#unknown.size + this.#pairing.size + this.#queued.size,
      known: this.#known.size,
      evicted: this.#evicted,
    };
  }

  #acquire(
    address: string,
    options: SlotOptions,
    { isPatient }: { isPatient: boolean },
  ): Slot | "later" | undefined {
    const key = limitKey(address);
    const isFamiliar = this.#familiar.get(key) === true;
    const room = this.#makeRoom(key, { isFamiliar, patientOf: isPatient ? key : undefined });
    if (room !== true) return room === "later" ? room : undefined;
    const taken: Taken = {
      options,
      address: key,
      holder: key,
      isFamiliar,
      step: "unknown",
      byKey: false,
    };
    this.#unknown.add(taken);
    return {
      promote: (promotion) => this.#promote(taken, promotion),
      queue: (promotion, onEnd) => this.#queue(taken, { promotion, onEnd }),
      leaveQueue: () => this.#leaveQueue(taken),
      beginPairing: () => this.#beginPairing(taken),
      endPairing: () => this.#endPairing(taken),
      remember: () => this.#familiar.set(key, true),
      release: () => this.#remove(taken),
    };
  }

  #makeRoom(
    address: string,
    { isFamiliar, patientOf }: { isFamiliar: boolean; patientOf?: string | undefined },
  ): Room {
    const { maxUnknownPerAddress, maxUnknown } = this.#limits();
    const { reservedForFamiliar, reservedForPairing } = this.#limits();
    const room = maxUnknown - reservedForPairing;
    const ofAddress = [...this.#unknown].filter((slot) => slot.address === address);
    const mostHere = maxUnknownPerAddress + (isFamiliar ? reservedForFamiliar : 0);
    if (ofAddress.length >= mostHere) {
      const evicted = this.#evictOneOf(ofAddress, patientOf);
      if (evicted !== true) return evicted;
    }
    if (!isFamiliar) {
      const strangers = [...this.#unknown].filter((slot) => !slot.isFamiliar);
      if (strangers.length >= room - reservedForFamiliar) {
        const evicted = this.#evictOneOf(strangers, patientOf);
        if (evicted !== true) return evicted;
      }
    }
    return this.#unknown.size < room || this.#evictOneOf(this.#unknown, patientOf);
  }

  #promote(taken: Taken, promotion: Promotion): boolean {
    if (taken.step === "known" || taken.step === "released") return taken.step === "known";
    const { maxKnown, maxKnownPerKey } = this.#limits();
    if (promotion.byKey) {
      const ofKey = [...this.#known].filter((slot) => slot.holder === promotion.holder);
      if (ofKey.length >= maxKnownPerKey && this.#evictOneOf(ofKey) !== true) return false;
    }
    if (this.#known.size >= maxKnown && this.#evictOneOf(this.#known) !== true) return false;
    const queued = this.#queued.get(taken);
    this.#takeOut(taken);
    this.#known.add(Object.assign(taken, { step: "known", ...promotion }));
    queued?.onEnd(true);
    return true;
  }

  #queue(taken: Taken, queued: Queued): boolean {
    const isUnknown = taken.step === "unknown" || taken.step === "pairing";
    if (!isUnknown || this.#queued.size >= this.#limits().maxWaiting) return false;
    this.#takeOut(taken);
    this.#queued.set(Object.assign(taken, { step: "queued" }), queued);
    return true;
  }

  #leaveQueue(taken: Taken): void {
    const queued = this.#queued.get(taken);
    if (queued === undefined) return;
    this.#queued.delete(taken);
    // Nobody is evicted for it: its key was accepted, and it is about to be answered.
    this.#unknown.add(Object.assign(taken, { step: "unknown" }));
    queued.onEnd(false);
  }

  #beginPairing(taken: Taken): void {
    const { reservedForPairing } = this.#limits();
    if (taken.step !== "unknown" || reservedForPairing === 0) return;
    if (this.#pairing.size >= reservedForPairing) this.#evictOneOf(this.#pairing);
    this.#unknown.delete(taken);
    this.#pairing.add(Object.assign(taken, { step: "pairing" }));
  }

  #endPairing(taken: Taken): void {
    if (taken.step !== "pairing") return;
    this.#pairing.delete(taken);
    const isFamiliar = this.#familiar.get(taken.address) === true;
    Object.assign(taken, { step: "unknown", isFamiliar });
    if (this.#makeRoom(taken.address, { isFamiliar }) === true) this.#unknown.add(taken);
    else this.#evict(taken);
  }

  // Whoever holds most loses one. Who is patient takes none of its own that passes soon.
  #evictOneOf(slots: Iterable<Taken>, patientOf?: string): Room {
    const all = [...slots];
    const held = new Map<string, number>();
    for (const { holder } of all) held.set(holder, (held.get(holder) ?? 0) + 1);
    const judged = all.map((slot) => ({
      slot,
      standing: standingOf(slot),
      count: held.get(slot.holder) ?? 0,
    })).filter(({ slot, standing }) => !(slot.byKey && standing === "served"));
    const most = Math.max(0, ...judged.map(({ count }) => count));
    const victim = this.#choose(judged.filter(({ count }) => count === most));
    if (victim === undefined) return false;
    if (victim.holder === patientOf && victim.options.passesSoon?.() === true) {
      const atRest = judged.find(({ slot, standing }) =>
        slot.holder === patientOf && standing === "fresh" && slot.options.passesSoon?.() !== true
      );
      if (atRest === undefined) return "later";
      this.#evict(atRest.slot);
      return true;
    }
    this.#evict(victim);
    return true;
  }

  // Chance decides among those on their way in, or a flood that is quicker than a round trip would
  // always push out who was there before; and those who are served hold at most half of the slots
  // for sure, or they would leave the newest as the only one to lose.
  #choose(judged: readonly { slot: Taken; standing: Standing }[]): Taken | undefined {
    const of = (wanted: Standing): Taken[] =>
      judged.filter(({ standing }) => standing === wanted).map(({ slot }) => slot);
    const [overdue] = of("overdue");
    if (overdue !== undefined) return overdue;
    const fresh = of("fresh");
    const served = of("served");
    if (fresh.length === 0 || served.length > fresh.length) return served[0];
    return fresh[randomBelow(this.#random, fresh.length)];
  }

  #evict(taken: Taken): void {
    this.#remove(taken);
    this.#evicted += 1;
    taken.options.onEvicted();
  }

  #remove(taken: Taken): void {
    const queued = this.#queued.get(taken);
    this.#takeOut(taken);
    taken.step = "released";
    queued?.onEnd(false);
  }

  #takeOut(taken: Taken): void {
    this.#unknown.delete(taken);
    this.#pairing.delete(taken);
    this.#queued.delete(taken);
    this.#known.delete(taken);
  }
}

/** Whether there is room; "later" where there will be soon. */
type Room = boolean | "later";

// Who is known has its handshake behind it: between two requests it is simply at rest.
function standingOf({ step, options }: Taken): Standing {
  const standing = options.standing();
  return step === "known" && standing === "fresh" ? "overdue" : standing;
}
