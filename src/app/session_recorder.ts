// What is kept of a session before anything of it is acted upon: its salt and its entry in the audit
// log, in one step and on the disk.

import type { AuditLog } from "../features/access/audit_log.ts";
import type { SaltRecord } from "../features/session/replay_ledger.ts";
import type { OpenedSession } from "../features/session/v1_opening.ts";
import type { Stores } from "../edges/sqlite/stores.ts";

/** Options of {@linkcode createSessionRecorder}. */
export interface SessionRecorderOptions {
  /** The device's own stores. */
  stores: Pick<Stores, "ledger" | "transact" | "ready" | "durable">;
  audit: Pick<AuditLog, "append">;
}

/** Records sessions; the result rejects with AppError unavailable where one could not be kept. */
export function createSessionRecorder(
  { stores, audit }: SessionRecorderOptions,
): (session: OpenedSession) => Promise<SaltRecord> {
  return async ({ clientId, salt, address }) => {
    await stores.ready();
    const { record, committed } = stores.transact(() => {
      const record = stores.ledger.record(clientId, salt);
      return record === "recorded"
        ? { record, committed: audit.append("session_opened", { clientId, address }) }
        : { record, committed: () => {} };
    });
    committed();
    if (record === "recorded") await stores.durable();
    return record;
  };
}
