// The paired clients in SQLite.

import type { SQLOutputValue } from "node:sqlite";
import { decodeUtf8, utf8 } from "../../base/bytes.ts";
import type { Client, ClientChange, ClientStore, Role } from "../../features/access/client.ts";
import { SqliteTombstones } from "./tombstones.ts";
import type { SqlDatabase, SqlStatement } from "./sql_database.ts";
import { inTransaction } from "./transaction.ts";

const COLUMNS = `client_id, client_name, auth_token, role, pairing_key, created_at_ms,
  last_seen_at_ms`;

// More than one page, so that the file must grow; what that takes is free for the client then.
const PROBES = [
  "UPDATE write_probe SET filler = zeroblob(16384)",
  "UPDATE write_probe SET filler = x''",
];

type Row = Record<string, SQLOutputValue>;

/** A ClientStore over the tables of the first migration. */
export class SqliteClientStore implements ClientStore {
  readonly #database: SqlDatabase;
  readonly #statements: {
    readonly list: SqlStatement;
    readonly count: SqlStatement;
    readonly byToken: SqlStatement;
    readonly byId: SqlStatement;
    readonly insert: SqlStatement;
    readonly updateName: SqlStatement;
    readonly updateRole: SqlStatement;
    readonly remove: SqlStatement;
    readonly lastSeen: SqlStatement;
    readonly unclaimed: SqlStatement;
  };

  /** A store over an open, migrated database. */
  constructor(database: SqlDatabase) {
    this.#database = database;
    const select = `SELECT ${COLUMNS} FROM clients`;
    const order = "ORDER BY created_at_ms, client_id";
    this.#statements = {
      list: database.prepare(`${select} ${order}`),
      count: database.prepare("SELECT count(*) AS count FROM clients"),
      byToken: database.prepare(`${select} WHERE auth_token = ?`),
      byId: database.prepare(`${select} WHERE client_id = ?`),
      insert: database.prepare(`INSERT INTO clients (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`),
      updateName: database.prepare("UPDATE clients SET client_name = ? WHERE client_id = ?"),
      updateRole: database.prepare("UPDATE clients SET role = ? WHERE client_id = ?"),
      remove: database.prepare("DELETE FROM clients WHERE client_id = ?"),
      lastSeen: database.prepare("UPDATE clients SET last_seen_at_ms = ? WHERE client_id = ?"),
      unclaimed: database.prepare(
        `${select} WHERE client_id NOT IN (SELECT client_id FROM salt_counts) ${order}`,
      ),
    };
  }

  /** All clients, oldest first. */
  list(): Client[] {
    return this.#statements.list.all().map(toClient);
  }

  /** How many there are. */
  count(): number {
    return Number(this.#statements.count.get()?.["count"]);
  }

  /** The client with this token. */
  findByToken(authToken: string): Client | undefined {
    const row = this.#statements.byToken.get(authToken);
    return row && toClient(row);
  }

  /** The client with this id. */
  findById(clientId: string): Client | undefined {
    const row = this.#statements.byId.get(clientId);
    return row && toClient(row);
  }

  /** Keeps a new client. */
  add(client: Client): void {
    const { clientId, clientName, authToken, role, pairingKey } = client;
    const { createdAtMs, lastSeenAtMs } = client;
    const name = utf8(clientName);
    inTransaction(this.#database, () => {
      const { insert } = this.#statements;
      insert.run(clientId, name, authToken, role, pairingKey, createdAtMs, lastSeenAtMs);
    });
  }

  /** Writes as much as a client is, and takes it back; throws where that cannot be kept. */
  checkWritable(): void {
    for (const sql of PROBES) {
      const statement = this.#database.prepare(sql);
      inTransaction(this.#database, () => statement.run());
    }
  }

  /** Changes a client; false where there is none. */
  update(clientId: string, change: ClientChange): boolean {
    const { clientName, role } = change;
    return inTransaction(this.#database, () => {
      if (clientName !== undefined) this.#statements.updateName.run(utf8(clientName), clientId);
      if (role !== undefined) this.#statements.updateRole.run(role, clientId);
      return this.findById(clientId) !== undefined;
    });
  }

  /** Removes a client and its salts, and leaves a tombstone; false where there is none. */
  remove(clientId: string): boolean {
    return inTransaction(this.#database, () => {
      const client = this.findById(clientId);
      if (client === undefined) return false;
      new SqliteTombstones(this.#database).addClient(client);
      this.#statements.remove.run(clientId);
      return true;
    });
  }

  /** Sets when clients were last seen. */
  saveLastSeen(lastSeenAtMs: ReadonlyMap<string, number>): void {
    inTransaction(this.#database, () => {
      for (const [clientId, atMs] of lastSeenAtMs) this.#statements.lastSeen.run(atMs, clientId);
    });
  }

  /** The clients without a salt. */
  listUnclaimed(): Client[] {
    return this.#statements.unclaimed.all().map(toClient);
  }
}

function toClient(row: Row): Client {
  return {
    clientId: String(row["client_id"]),
    clientName: decodeUtf8(row["client_name"] as Uint8Array) ?? "",
    authToken: String(row["auth_token"]),
    role: row["role"] as Role,
    pairingKey: new Uint8Array(row["pairing_key"] as Uint8Array),
    createdAtMs: Number(row["created_at_ms"]),
    lastSeenAtMs: Number(row["last_seen_at_ms"]),
  };
}
