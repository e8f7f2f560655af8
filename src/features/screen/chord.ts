// A chord: some buttons of one device held down together for a while. It fires once and again only
// after a button was let go; lost events start it over.

import type { Clock } from "../../base/clock.ts";
import type { InputEvent } from "./input_event.ts";

/** A chord and what it does. */
export interface Chord {
  /** The codes of its buttons; at least one. */
  readonly codes: readonly number[];
  /** How long all of them must be held, in milliseconds. */
  readonly holdMs: number;
  /** Called when they were. */
  readonly onHeld: () => void;
}

/** Watches the events of one device for chords. */
export class ChordWatch {
  readonly #chords: readonly Chord[];
  readonly #clock: Clock;
  readonly #pressed = new Set<number>();
  readonly #cancels = new Map<Chord, () => void>();

  /** Nothing is pressed. */
  constructor(chords: readonly Chord[], clock: Clock) {
    if (chords.some(({ codes }) => codes.length === 0)) {
      throw new RangeError("Cannot watch a chord without buttons");
    }
    this.#chords = chords;
    this.#clock = clock;
  }

  /** Takes the next event. */
  take(event: InputEvent): void {
    switch (event.kind) {
      case "pressed":
        this.#pressed.add(event.code);
        return this.#begin(event.code);
      case "released":
        this.#pressed.delete(event.code);
        return this.#end(event.code);
      case "lost":
        return this.close();
    }
  }

  /** Forgets what is pressed. */
  close(): void {
    this.#pressed.clear();
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }

  // Only the press that completes a chord begins it, so a longer chord held on does not repeat it.
  #begin(code: number): void {
    for (const chord of this.#chords) {
      const isComplete = chord.codes.includes(code) &&
        chord.codes.every((one) => this.#pressed.has(one));
      if (!isComplete || this.#cancels.has(chord)) continue;
      this.#cancels.set(chord, this.#clock.after(chord.holdMs, chord.onHeld));
    }
  }

  #end(code: number): void {
    for (const [chord, cancel] of [...this.#cancels]) {
      if (!chord.codes.includes(code)) continue;
      cancel();
      this.#cancels.delete(chord);
    }
  }
}
