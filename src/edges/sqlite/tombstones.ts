// Tombstones in SQLite: the ids of clients and API keys that were removed, with the SHA-256 of a
// client's token. A restored backup never overrides one, and an app whose client was removed is told
// so (docs/protocol.md §4, §6).

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, utf8 } from "../../base/bytes.ts";
import type { RemovedClient, Tombstones } from "../../features/backup/backup_content.ts";
import type { RemovedClients } from "../../features/access/removed_clients.ts";
import type { SqlDatabase, SqlStatement } from "./sql_database.ts";

/** How many removed clients are remembered, and how many removed keys; the oldest are forgotten. */
export const MAX_TOMBSTONES = 4096;

const STATEMENTS = {
  byToken: "SELECT 1 FROM removed_clients WHERE token_hash = ?",
  byId: "SELECT 1 FROM removed_clients WHERE client_id = ?",
  byKey: "SELECT 1 FROM removed_keys WHERE key_id = ?",
  addClient: "INSERT OR IGNORE INTO removed_clients (client_id, token_hash) VALUES (?, ?)",
  addKey: "INSERT OR IGNORE INTO removed_keys (key_id) VALUES (?)",
  clients: "SELECT client_id, token_hash FROM removed_clients ORDER BY seq",
  keys: "SELECT key_id FROM removed_keys ORDER BY seq",
  clearClients: "DELETE FROM removed_clients",
  clearKeys: "DELETE FROM removed_keys",
  pruneClients: `DELETE FROM removed_clients WHERE seq <=
    (SELECT seq FROM removed_clients ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
  pruneKeys: `DELETE FROM removed_keys WHERE seq <=
    (SELECT seq FROM removed_keys ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
} as const;

/** The tombstones over the tables of the fourth migration. Its callers bring the transaction. */
export class SqliteTombstones implements RemovedClients {
  readonly #max: number;
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;

  /** The tombstones in an open, migrated database. */
  constructor(database: SqlDatabase, options: { max?: number } = {}) {
    this.#max = options.max ?? MAX_TOMBSTONES;
    this.#statements = Object.fromEntries(
      Object.entries(STATEMENTS).map(([name, sql]) => [name, database.prepare(sql)]),
    ) as Record<keyof typeof STATEMENTS, SqlStatement>;
  }

  /** Whether a removed client had this token. */
  wasRemoved(authToken: string): boolean {
    return this.#statements.byToken.get(hashToken(authToken)) !== undefined;
  }

  /** Whether a client was removed, by its id or its token. */
  hasClient({ clientId, authToken }: { clientId: string; authToken: string }): boolean {
    return this.#statements.byId.get(clientId) !== undefined || this.wasRemoved(authToken);
  }

  /** Whether a key was removed. */
  hasKey(keyId: string): boolean {
    return this.#statements.byKey.get(keyId) !== undefined;
  }

  /** Remembers a removed client. */
  addClient({ clientId, authToken }: { clientId: string; authToken: string }): void {
    this.#statements.addClient.run(clientId, hashToken(authToken));
    this.#statements.pruneClients.run(this.#max);
  }

  /** Remembers a removed key. */
  addKey(keyId: string): void {
    this.#statements.addKey.run(keyId);
    this.#statements.pruneKeys.run(this.#max);
  }

  /** All of them, oldest first. */
  list(): Tombstones {
    return {
      clients: this.#statements.clients.all().map((row): RemovedClient => ({
        clientId: String(row["client_id"]),
        tokenHash: new Uint8Array(row["token_hash"] as Uint8Array),
      })),
      keys: this.#statements.keys.all().map((row) => String(row["key_id"])),
    };
  }

  /** Adds another device's or an older moment's; those count as older than all that are here. */
  merge(older: Tombstones): void {
    const own = this.list();
    this.#statements.clearClients.run();
    this.#statements.clearKeys.run();
    const ownIds = new Set(own.clients.map(({ clientId }) => clientId));
    const missing = older.clients.filter(({ clientId }) => !ownIds.has(clientId));
    for (const { clientId, tokenHash } of [...missing, ...own.clients]) {
      this.#statements.addClient.run(clientId, tokenHash);
    }
    for (const keyId of [...older.keys.filter((id) => !own.keys.includes(id)), ...own.keys]) {
      this.#statements.addKey.run(keyId);
    }
    this.#statements.pruneClients.run(this.#max);
    this.#statements.pruneKeys.run(this.#max);
  }
}

function hashToken(authToken: string): Bytes {
  return new Uint8Array(sha256(utf8(authToken)));
}
