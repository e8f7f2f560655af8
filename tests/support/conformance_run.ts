// The checks of `latchkey conform` against a service of another process, as a test reads them.

import { openConformPins } from "../../src/edges/cli/conform_pins.ts";
import { openConformWire } from "../../src/edges/cli/conform_wire.ts";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import {
  type ConformOutcome,
  type ConformReport,
  judgeServer,
} from "../../src/features/conform/conformance.ts";

/** How long a service may take on a busy machine, in milliseconds. */
const LIMIT_MS = 15_000;

/** Judges a service on this machine, which opens pairing by itself. */
export async function judgeService(baseUrl: string): Promise<ConformReport> {
  using wire = openConformWire(baseUrl);
  const pins = openConformPins({ given: undefined, openAt: baseUrl, write: () => {} });
  try {
    return await judgeServer({
      wire,
      nextPin: () => pins.next(),
      clock: systemClock,
      random: systemRandom,
      limitMs: LIMIT_MS,
      timedStarts: 2,
      timedSessions: 1,
      timedCalls: 1,
      onResult: () => {},
    });
  } finally {
    await pins.close();
  }
}

/** What a time may be, which is never judged. */
export const TIMED_TITLE = "start takes as long for X = pw·U as for any other X";

/** The titles of all checks with an outcome, but the one about time. */
export function titlesOf({ results }: ConformReport, wanted: ConformOutcome): string[] {
  return results
    .filter(({ outcome, title }) => outcome === wanted && title !== TIMED_TITLE)
    .map(({ title }) => title);
}
