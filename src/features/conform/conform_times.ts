// How long the device takes: what was measured beside the checks, and sessions and calls for their own
// sake. They are told, not judged.

import type { ConformStage, Samples } from "./conform_stage.ts";
import { TIMED_STEPS } from "./pairing_attempt.ts";
import {
  clientOf,
  createSessionPeer,
  drawSession,
  VERSION_REQUEST,
  withSession,
} from "./session_peer.ts";
import { TIMED_GUESSES } from "./checks/pairing_checks.ts";

/** One line of the table. */
export interface ConformTime {
  /** What took so long. */
  readonly what: string;
  /** How often it was measured. */
  readonly count: number;
  /** The median, in milliseconds. */
  readonly p50Ms: number;
  /** What 99 of 100 do not exceed, in milliseconds. */
  readonly p99Ms: number;
}

const SET_UP = "session: socket and first answer";
const CALL = "call: version in a session";
const ORDER = [...Object.values(TIMED_STEPS), ...Object.values(TIMED_GUESSES), SET_UP, CALL];

/** Measures sessions and calls. */
export async function measureSessions(stage: ConformStage): Promise<void> {
  const client = clientOf(stage);
  for (let i = 0; i < stage.timedSessions; i++) {
    const socket = await stage.timed(SET_UP, async () => {
      const opened = await stage.socket();
      await createSessionPeer(opened, client, drawSession(stage, client)).ask(VERSION_REQUEST);
      return opened;
    });
    socket.close();
  }
  await withSession(stage, async (session) => {
    for (let i = 0; i < stage.timedCalls; i++) {
      await stage.timed(CALL, () => session.ask(VERSION_REQUEST));
    }
  });
}

/** The table of all that was measured. */
export function timesOf(samples: Samples): ConformTime[] {
  return ORDER.flatMap((what) => {
    const sorted = (samples.get(what) ?? []).toSorted((a, b) => a - b);
    if (sorted.length === 0) return [];
    return [{
      what,
      count: sorted.length,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
    }];
  });
}

// The smallest value that this share of all does not exceed.
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
