// Whether the time of pair/start tells a right guess: X = pw·U, which makes the shared point the
// identity, in turn with the mask of a wrong PIN and with an honest client's random X.

import type { Bytes } from "../../src/base/bytes.ts";
import { systemRandom } from "../../src/base/random.ts";
import { computeClientShare, createPinMasks, drawScalar } from "../../src/protocol/v1/pake.ts";
import { encodeClientMessage } from "../../src/protocol/v1/pake_message.ts";

/** How many of each kind are measured. */
export const STARTS_PER_KIND = 400;

const WARM_UP = 40;

/** The medians of the three kinds, in milliseconds. */
export interface StartTimes {
  /** X = pw·U with the right PIN. */
  readonly rightMs: number;
  /** X = pw·U with a wrong PIN. */
  readonly wrongMs: number;
  /** X of an honest client. */
  readonly randomMs: number;
}

/** Measures one start after the other, the kinds in turn. */
export async function measureStarts(options: {
  pin: string;
  start: (messageA: Bytes) => unknown;
}): Promise<StartTimes> {
  const { pin, start } = options;
  const times: number[][] = [[], [], []];
  for (let i = 0; i < STARTS_PER_KIND + WARM_UP; i++) {
    for (const [kind, messageA] of messagesOf(pin).entries()) {
      const startedAt = performance.now();
      await start(messageA);
      if (i >= WARM_UP) times[kind]?.push(performance.now() - startedAt);
    }
  }
  const [rightMs = NaN, wrongMs = NaN, randomMs = NaN] = times.map(middle);
  return { rightMs, wrongMs, randomMs };
}

// Fresh ones each time: the same bytes again could be faster by themselves.
function messagesOf(pin: string): Bytes[] {
  const wrong = createPinMasks(otherPin(pin));
  return [
    encodeClientMessage(createPinMasks(pin).clientMask.toAffine()),
    encodeClientMessage(wrong.clientMask.toAffine()),
    encodeClientMessage(computeClientShare(wrong, drawScalar(systemRandom))),
  ];
}

function otherPin(pin: string): string {
  for (;;) {
    const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
    const other = String(word % 1_000_000).padStart(6, "0");
    if (other !== pin) return other;
  }
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
