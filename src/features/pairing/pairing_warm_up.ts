// What the first pairing after a start would wait for: the table of the base point, and code that the
// engine has not compiled yet. It is done while the person reads the PIN, in slices with turns of the
// event loop between them. Everything in it is public: a throw-away exchange has a PIN and scalars
// that are no secrets.

import type { Bytes } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { P256 } from "../../protocol/v1/p256.ts";
import { createPinMasks, type PinMasks } from "../../protocol/v1/pake.ts";
import { decodeClientMessage, encodeClientMessage } from "../../protocol/v1/pake_message.ts";
import { PIN_DIGITS } from "../../protocol/v1/pin_format.ts";
import { buildBaseWindow, multiplyBase, multiplyPoint } from "../../protocol/v1/point_multiples.ts";
import { answerClient } from "./pairing_exchange.ts";

/** How long a slice works on the table, in milliseconds. */
export const SLICE_MS = 2;

/** The time between two slices, in milliseconds. */
export const SLICE_PAUSE_MS = 5;

const TRIAL_SCALAR = 0x1234_5678_9abc_def0n ** 3n;

/** The throw-away exchange, in steps of about the same length; the last is the whole. */
function trialSteps(): (() => void)[] {
  const messageA: Bytes = encodeClientMessage(P256.BASE.toAffine());
  const base = { x: P256.BASE.toAffine(), scalar: TRIAL_SCALAR, blinding: TRIAL_SCALAR + 1n };
  const tryMasks = (): PinMasks => createPinMasks("0".repeat(PIN_DIGITS));
  const tryExchange = (): void => {
    answerClient(tryMasks(), { clientName: "", messageA, ...base });
  };
  return [
    () => void decodeClientMessage(messageA),
    () => void multiplyBase(TRIAL_SCALAR),
    () => void tryMasks(),
    () => void multiplyPoint(P256.BASE, { scalar: TRIAL_SCALAR, bits: 256 }).toAffine(),
    () => void multiplyPoint(P256.BASE, { scalar: TRIAL_SCALAR, bits: 256 }).toAffine(),
    tryExchange,
    tryExchange,
  ];
}

/** How many steps the throw-away exchange has. */
export const TRIAL_STEPS: number = trialSteps().length;

/** Prepares for the first pairing; once for the life of the process. */
export class PairingWarmUp {
  readonly #clock: Clock;
  readonly #steps = trialSteps();
  #cancel: (() => void) | undefined;

  /** Nothing is done before {@linkcode PairingWarmUp.start}. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether nothing is left to do. */
  get isDone(): boolean {
    return this.#steps.length === 0;
  }

  /** Goes on with what is left. */
  start(): void {
    this.stop();
    if (!this.isDone) this.#cancel = this.#clock.after(SLICE_PAUSE_MS, () => this.#slice());
  }

  /** Leaves the rest for later. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #slice(): void {
    if (!this.#buildTable()) this.#steps.shift()?.();
    this.start();
  }

  // Whether there was something to build.
  #buildTable(): boolean {
    const endMs = this.#clock.monotonicMs() + SLICE_MS;
    let windows = 0;
    while (buildBaseWindow()) {
      windows += 1;
      if (this.#clock.monotonicMs() >= endMs) break;
    }
    return windows > 0;
  }
}
