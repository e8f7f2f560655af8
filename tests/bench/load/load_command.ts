// What the bench asks of its load client, and what that answers: one JSON object per line.

import type { Envelope, LoadPairing } from "./load_session.ts";

/** Opens connections, one per pairing given, each with a session; they stay open. */
export interface OpenCommand {
  op: "open";
  /** Names the connections for the commands that follow. */
  group: string;
  /** Where: ws:// with the path. */
  url: string;
  /** One connection each; a client may be named several times. */
  pairings: readonly LoadPairing[];
  /** How frames travel. */
  envelope: Envelope;
}

/** Calls "version" on open connections for a while. */
export interface CallCommand {
  op: "call";
  /** Which connections. */
  group: string;
  /** For how long, in milliseconds. */
  forMs: number;
  /**
   * How many answers must have come by then; else it goes on until they have.
   * @default none
   */
  atLeast?: number;
  /** How many calls each connection has under way. */
  inFlight: number;
  /**
   * The time from one call to the next, in milliseconds, where the pace is the client's; answers
   * are waited for all the same.
   * @default the next call goes out with the answer
   */
  everyMs?: number;
}

/** Opens a session, waits for its first answer and closes, again and again. */
export interface SetupCommand {
  op: "setup";
  /** Where. */
  url: string;
  /** Whose sessions; they take turns. */
  pairings: readonly LoadPairing[];
  /**
   * How many in all.
   * @default as many as there is time for
   */
  count?: number;
  /**
   * For how long, in milliseconds.
   * @default until all are done
   */
  forMs?: number;
  /** How many at once. */
  parallel: number;
  /**
   * How frames travel.
   * @default {"json"}
   */
  envelope?: Envelope;
}

/** How many connections of a group are open. */
export interface CountCommand {
  op: "count";
  group: string;
}

/** Closes the connections of a group. */
export interface CloseCommand {
  op: "close";
  group: string;
}

/** Everything that can be asked. */
export type LoadCommand = OpenCommand | CallCommand | SetupCommand | CountCommand | CloseCommand;

/** What came of calls or set-ups. */
export interface LoadResult {
  /** How many were answered. */
  readonly count: number;
  /** In how many seconds. */
  readonly seconds: number;
  /** The time that 99 of 100 did not exceed, in milliseconds. */
  readonly p99Ms: number;
  /** The longest, in milliseconds. */
  readonly worstMs: number;
}
