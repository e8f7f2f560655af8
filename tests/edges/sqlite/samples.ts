// Databases and rows for tests.

import type { DatabaseSync } from "node:sqlite";
import type { Bytes } from "../../../src/base/bytes.ts";
import { silentLogger } from "../../../src/base/log.ts";
import type { Client } from "../../../src/features/access/client.ts";
import type { BackupRecords } from "../../../src/features/backup/backup_content.ts";
import { SqliteClientStore } from "../../../src/edges/sqlite/client_store.ts";
import { openDatabase } from "../../../src/edges/sqlite/database.ts";
import { type Migration, MIGRATIONS } from "../../../src/edges/sqlite/migrations.ts";
import type { SqlDatabase } from "../../../src/edges/sqlite/sql_database.ts";
import { SqliteReplayLedger } from "../../../src/edges/sqlite/sqlite_replay_ledger.ts";

/** A migrated database, in memory unless a path is given. */
export function openSample(path = ":memory:"): DatabaseSync {
  return openDatabase({ path, migrations: MIGRATIONS, log: silentLogger });
}

/** Makes a database of many pages with 200 clients, all of it in the file itself. */
export function fillSample(path: string, migrations: readonly Migration[] = MIGRATIONS): void {
  using database = openDatabase({ path, migrations, log: silentLogger });
  const clients = new SqliteClientStore(database);
  database.exec("BEGIN");
  for (let n = 1; n <= 200; n++) clients.add(sampleClient(n));
  database.exec("COMMIT");
  new SqliteReplayLedger(database).record("id-1", sampleSalt(1));
}

/** The n-th client, with changes. */
export function sampleClient(n: number, changes: Partial<Client> = {}): Client {
  return {
    clientId: `id-${n}`,
    clientName: `Phone ${n}`,
    authToken: `token-${n}`,
    role: "member",
    pairingKey: new Uint8Array(32).fill(n),
    createdAtMs: 1_790_000_000_000 + n,
    lastSeenAtMs: 1_790_000_000_000 + n,
    ...changes,
  };
}

/** What a backup of a device has on which nothing happened. */
export const NO_RECORDS: BackupRecords = {
  clients: [],
  salts: [],
  keys: [],
  requiredKeys: [],
  removed: { clients: [], keys: [] },
  auditHead: undefined,
  favorites: [],
};

/** The n-th salt. */
export function sampleSalt(n: number): Bytes {
  const salt = new Uint8Array(16);
  new DataView(salt.buffer).setUint32(12, n);
  return salt;
}

/** The only value of the only row of a query. */
export function queryValue(database: Pick<SqlDatabase, "prepare">, sql: string): unknown {
  return Object.values(database.prepare(sql).get() ?? {})[0];
}
