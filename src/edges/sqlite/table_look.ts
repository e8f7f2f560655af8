// What a look at a database without its service finds in the tables of this version. It writes nothing.

import type { TableFacts } from "../../features/doctor/doctor_facts.ts";
import { SqliteAuditStore } from "./audit_store.ts";
import { SqliteClientStore } from "./client_store.ts";
import { SqliteFavoriteStore } from "./favorite_store.ts";
import { SqliteKeyStore } from "./key_store.ts";
import { SqlitePhoneSettingsStore } from "./phone_settings_store.ts";
import { SqliteHistoryStore } from "./run_history_store.ts";
import { SqliteReplayLedger } from "./sqlite_replay_ledger.ts";
import { SqliteTimeMark } from "./time_mark.ts";
import { SqliteTombstones } from "./tombstones.ts";
import type { SqlDatabase } from "./sql_database.ts";

/** Reads the tables; undefined where one is not as this version knows it. */
export function lookAtTables(database: SqlDatabase): TableFacts | undefined {
  try {
    // Preparing the statements of a store fails where its table is another one.
    for (
      const Store of [
        SqliteClientStore,
        SqliteReplayLedger,
        SqliteAuditStore,
        SqliteTombstones,
        SqliteHistoryStore,
        SqliteFavoriteStore,
        SqlitePhoneSettingsStore,
      ]
    ) {
      new Store(database);
    }
    const keys = new SqliteKeyStore(database);
    const markMs = new SqliteTimeMark(database).read();
    return { keys: keys.list(), required: keys.required(), markMs };
  } catch {
    return undefined;
  }
}
