// A guarded connection without a guard: what a test does not hand in does nothing.

import type { GuardedConnection } from "../../src/edges/http/guard/guarded_connection.ts";
import { REMOTE } from "./app_in_process.ts";

/** A connection from {@linkcode REMOTE} for which there is a slot, apart from what is given. */
export function guardedStub(given: Partial<GuardedConnection> = {}): GuardedConnection {
  const nothing = (): void => {};
  return {
    address: REMOTE,
    closed: Promise.resolve(),
    requestSeen: nothing,
    bodyPart: nothing,
    progressed: nothing,
    answered: nothing,
    promote: () => true,
    promoteInTurn: (promotion) => Promise.resolve(given.promote?.(promotion) ?? true),
    serveSocket: () => false,
    upgraded: nothing,
    pairing: nothing,
    remember: nothing,
    closing: nothing,
    abort: nothing,
    ...given,
  };
}
