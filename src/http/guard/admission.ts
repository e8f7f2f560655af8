// How many guarded connections there may be: per address and in all without a session, and in all
// with one. Pure counting; IPv6 counts per /64, because a host has that many addresses to itself.

import { limitKey } from "../../base/ip_address.ts";
import type { GuardLimits } from "./guard_limits.ts";

/** A place among the connections. */
export interface Place {
  /**
   * Moves to the connections with a session; false where there is no room among them, and then
   * the place stays where it is. The second time does nothing and says what the place is.
   */
  promote(): boolean;
  /** Gives the place back; does nothing the second time. */
  leave(): void;
}

/** Counts the connections of one guard. */
export class Admission {
  readonly #limits: GuardLimits;
  readonly #unknownByAddress = new Map<string, number>();
  #unknown = 0;
  #known = 0;

  /** No connections yet. */
  constructor(limits: GuardLimits) {
    this.#limits = limits;
  }

  /** A place for a connection from `address`; undefined where there is none. */
  enter(address: string): Place | undefined {
    const { maxUnknownPerAddress, maxUnknown, maxKnown } = this.#limits;
    const key = limitKey(address);
    const fromHere = this.#unknownByAddress.get(key) ?? 0;
    const isFull = fromHere >= maxUnknownPerAddress || this.#unknown >= maxUnknown ||
      this.#known >= maxKnown;
    if (isFull) return undefined;
    this.#unknownByAddress.set(key, fromHere + 1);
    this.#unknown += 1;
    let step: "unknown" | "known" | "left" = "unknown";
    return {
      promote: () => {
        if (step !== "unknown") return step === "known";
        if (this.#known >= maxKnown) return false;
        step = "known";
        this.#leaveUnknown(key);
        this.#known += 1;
        return true;
      },
      leave: () => {
        if (step === "unknown") this.#leaveUnknown(key);
        if (step === "known") this.#known -= 1;
        step = "left";
      },
    };
  }

  /** How many connections there are now. */
  counts(): { unknown: number; known: number } {
    return { unknown: this.#unknown, known: this.#known };
  }

  #leaveUnknown(key: string): void {
    this.#unknown -= 1;
    const left = (this.#unknownByAddress.get(key) ?? 1) - 1;
    if (left === 0) this.#unknownByAddress.delete(key);
    else this.#unknownByAddress.set(key, left);
  }
}
