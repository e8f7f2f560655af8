// What keys hold open: WebSockets, event streams and answers of models end with their key
// (docs/protocol.md §6). Revoking here cuts at once; expiry, a restore and what another gateway did
// are found by a look at the keys in use, once a second and only while there are any.

import { type Clock, every } from "../../base/clock.ts";
import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import type { KeyScope } from "./api_key.ts";

/** How often keys in use are looked at, in milliseconds. */
export const KEY_SWEEP_MS = 1_000;

/** Something that a key opened. */
export interface KeyHold {
  readonly keyId: string;
  /** The scope that it was opened with. */
  readonly scope: KeyScope;
  /** Ends it; must not throw. */
  readonly cut: () => void;
}

/** Options of {@linkcode KeyHolds}. */
export interface KeyHoldsOptions {
  /** Whether a key is valid now and has a scope. */
  isInForce: (keyId: string, scope: KeyScope) => boolean | Promise<boolean>;
  clock: Clock;
  log: Logger;
}

/** Everything that keys hold open. */
export class KeyHolds {
  readonly #options: KeyHoldsOptions;
  readonly #holds = new Set<KeyHold>();
  /** What a store elsewhere has not yet answered. */
  readonly #asked = new Set<string>();
  #stopSweep: (() => void) | undefined;

  /** Nothing is held yet. */
  constructor(options: KeyHoldsOptions) {
    this.#options = options;
  }

  /** Cuts `hold` when its key ends, until the result is called. */
  hold(hold: KeyHold): () => void {
    this.#holds.add(hold);
    this.#stopSweep ??= every(this.#options.clock, KEY_SWEEP_MS, () => this.#sweep());
    return () => this.#release(hold);
  }

  /** Cuts all that a key opened. */
  cut(keyId: string): void {
    for (const hold of [...this.#holds]) {
      if (hold.keyId === keyId) this.#cut(hold);
    }
  }

  #sweep(): void {
    // Once per key, however much it holds.
    const inUse = new Map([...this.#holds].map((hold) => [useOf(hold), hold]));
    for (const hold of inUse.values()) {
      const verdict = this.#ask(hold);
      if (verdict === false) this.#cutUse(hold);
      else if (verdict !== true) void this.#await(hold, verdict);
    }
  }

  #cutUse(ended: KeyHold): void {
    for (const hold of [...this.#holds]) {
      if (useOf(hold) === useOf(ended)) this.#cut(hold);
    }
  }

  // A store that cannot answer is no reason to cut.
  #ask(hold: KeyHold): boolean | Promise<boolean> {
    // A store elsewhere may be slower than the sweep.
    if (this.#asked.has(useOf(hold))) return true;
    try {
      return this.#options.isInForce(hold.keyId, hold.scope);
    } catch (error) {
      this.#tellUnknown(hold, error);
      return true;
    }
  }

  async #await(hold: KeyHold, verdict: Promise<boolean>): Promise<void> {
    this.#asked.add(useOf(hold));
    try {
      if (!await verdict) this.#cutUse(hold);
    } catch (error) {
      this.#tellUnknown(hold, error);
    } finally {
      this.#asked.delete(useOf(hold));
    }
  }

  #tellUnknown({ keyId }: KeyHold, error: unknown): void {
    this.#options.log.debug("Cannot look at a key in use", { keyId, error: asError(error) });
  }

  #cut(hold: KeyHold): void {
    if (!this.#holds.has(hold)) return;
    this.#release(hold);
    this.#options.log.info("Closed the connections of an ended key", {
      keyId: hold.keyId,
      scope: hold.scope,
    });
    hold.cut();
  }

  #release(hold: KeyHold): void {
    this.#holds.delete(hold);
    if (this.#holds.size > 0) return;
    this.#stopSweep?.();
    this.#stopSweep = undefined;
  }
}

function useOf({ keyId, scope }: KeyHold): string {
  return `${scope} ${keyId}`;
}
