// Who may do what, and who did what: the parts over the device's own stores.

import { AuditLog } from "../features/access/audit_log.ts";
import type { Clock } from "../base/clock.ts";
import { LastingClock } from "../base/lasting_clock.ts";
import type { Logger } from "../base/log.ts";
import type { RandomSource } from "../base/random.ts";
import { LastSeen } from "../features/access/last_seen.ts";
import { ClientRoster } from "../features/access/roster.ts";
import { KeyRing } from "../features/access/key_ring.ts";
import type { Notifications } from "../features/rpc/notifications.ts";
import type { LiveConnections } from "../features/session/live_connections.ts";
import type { Stores } from "../edges/sqlite/stores.ts";

/** Options of {@linkcode openRecords}. */
export interface RecordsOptions {
  /** The device's own stores. */
  stores: Stores;
  /** The open connections, which end with the rights of their clients. */
  live: LiveConnections;
  /** What those who administer are told. */
  notifications: Pick<Notifications, "publish">;
  clock: Clock;
  random: RandomSource;
  log: Logger;
}

/** The records of a device. */
export interface Records {
  readonly audit: AuditLog;
  readonly roster: ClientRoster;
  /** When they were last heard of. */
  readonly lastSeen: LastSeen;
  readonly keys: KeyRing;
  /** The time by which they end. */
  readonly keyClock: LastingClock;
  /** Writes what is kept in memory for a while; false where something could not be written. */
  flush(): boolean;
}

/** Builds the records over the stores. */
export function openRecords(options: RecordsOptions): Records {
  const { stores, live, notifications, clock, random, log } = options;
  const { audit: store, auditRefusals: refusals, auditAnchor: anchor } = stores;
  const anchored = anchor === undefined ? {} : { anchor };
  const { durable } = stores;
  const audit = new AuditLog({ store, refusals, ...anchored, durable, clock, log });
  const roster = new ClientRoster({
    store: stores.clients,
    onRevoked: (clientId) => live.cutClient(clientId),
    onChanged: (clientId, change) => {
      audit.record(change, { clientId });
      notifications.publish("clients.changed", {}, "admin");
    },
  });
  stores.onReopened(() => {
    roster.reload();
    audit.reload();
  });
  const lastSeen = new LastSeen({ store: roster, log });
  const keyClock = new LastingClock({ clock, store: stores.timeMark, log });
  const keys = new KeyRing({ store: stores.keys, clock: keyClock, random, log });
  return {
    audit,
    roster,
    lastSeen,
    keys,
    keyClock,
    // Both, though the first fails.
    flush: () => [lastSeen.flush(), keys.flush()].every((isWritten) => isWritten),
  };
}
