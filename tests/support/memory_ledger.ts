// A replay ledger in memory, for tests of what stands on it.

import type { Bytes } from "../../src/base/bytes.ts";
import type { ReplayLedger, SaltRecord } from "../../src/features/session/replay_ledger.ts";

/** A ledger for the named clients. */
export class MemoryLedger implements ReplayLedger {
  readonly #salts = new Map<string, Set<string>>();
  /** What the next record() says instead of recording. */
  override: SaltRecord | undefined;

  /** Knows these clients. */
  constructor(...clientIds: string[]) {
    for (const clientId of clientIds) this.#salts.set(clientId, new Set());
  }

  /** Whether the salt was recorded. */
  has(clientId: string, salt: Bytes): boolean {
    return this.#salts.get(clientId)?.has(salt.toHex()) ?? false;
  }

  /** Records the salt. */
  record(clientId: string, salt: Bytes): SaltRecord {
    if (this.override !== undefined) return this.override;
    const salts = this.#salts.get(clientId);
    if (salts === undefined) return "unknown_client";
    if (salts.has(salt.toHex())) return "used";
    salts.add(salt.toHex());
    return "recorded";
  }

  /** How many salts a client has used. */
  count(clientId: string): number {
    return this.#salts.get(clientId)?.size ?? 0;
  }
}
