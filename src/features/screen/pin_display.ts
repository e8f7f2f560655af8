// Where the person at the device sees the PIN. Outputs implement this interface; the pairing
// never depends on one: a display that throws is logged and passed over.

/** What a display shows while a PIN is valid. */
export interface PinView {
  /** The PIN: a secret of the person in front of the device. */
  readonly pin: string;
  /** When the PIN ends, in milliseconds since 1970. */
  readonly expiresAtMs: number;
  /** The device's name, for people. */
  readonly deviceName: string;
  /**
   * What a phone opens to pair, the PIN included: a secret like the PIN. Undefined where other
   * hosts cannot reach the device.
   */
  readonly url: string | undefined;
}

/** A wrong guess: the `failures`-th of `limit`. */
export interface WrongGuess {
  /** How many there were for this PIN. */
  readonly failures: number;
  /** How many end it. */
  readonly limit: number;
  /** The address that it came from. */
  readonly from: string;
}

/** How a PIN ended. */
export type PinOutcome =
  | { readonly kind: "paired"; readonly clientName: string }
  | { readonly kind: "expired" }
  | { readonly kind: "cancelled" }
  /** `from` are the addresses that guessed. */
  | { readonly kind: "too_many_failures"; readonly from: readonly string[] }
  | { readonly kind: "stopped" };

/** An output for PINs. */
export interface PinDisplay {
  /** Shows a new PIN. */
  show(view: PinView): void | Promise<void>;
  /** Tells of a wrong guess while the PIN stays valid. */
  warn(attempt: WrongGuess): void | Promise<void>;
  /** Takes the PIN away and may tell why. */
  clear(outcome: PinOutcome): void | Promise<void>;
  /** Gives everything back at once, because the process ends. Safe to call twice. */
  close(): void;
}

/** A display that shows nothing: the PIN is read with `latchkey pair`. */
export const silentDisplay: PinDisplay = {
  show: () => {},
  warn: () => {},
  clear: () => {},
  close: () => {},
};
