// Every salt that a client ever opened a session with (docs/protocol.md §5). The protocol has no
// fresh value from the device, so this memory alone keeps a recorded session from being played
// again: it lives as long as the pairing, survives restarts and forgets nothing.

import type { Bytes } from "../../base/bytes.ts";

/** How many sessions a pairing lasts for; then the client must pair again. */
export const MAX_SALTS_PER_CLIENT: number = 2 ** 20;

/** What became of a salt. */
export type SaltRecord = "recorded" | "used" | "full" | "unknown_client";

/** The memory of used salts. */
export interface ReplayLedger {
  /** Whether this client has used this salt. */
  has(clientId: string, salt: Bytes): boolean;
  /**
   * Records a salt; of two racing records of one salt only one is "recorded". A session is not acted
   * upon before its salt is on the disk.
   */
  record(clientId: string, salt: Bytes): SaltRecord;
}
