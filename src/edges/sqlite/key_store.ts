// The API keys in SQLite. All of them are kept in memory too, because every request asks for one: they
// are read again after any change of the database, by this process or another.

import type { SQLOutputValue } from "node:sqlite";
import {
  type ApiKey,
  DOOR_SCOPES,
  type DoorScope,
  type KeyScope,
  type KeyStore,
} from "../../features/access/api_key.ts";
import type { ModelLimits } from "../../features/access/model_limits.ts";
import { SqliteTombstones } from "./tombstones.ts";
import type { SqlDatabase, SqlStatement } from "./sql_database.ts";
import { inTransaction } from "./transaction.ts";

const COLUMNS = `key_id, name, secret_hash, scopes, created_at_ms, expires_at_ms, last_used_at_ms,
  revoked_at_ms, models, limits`;

// The keys as they were after so many changes of other connections and of this one.
interface KnownKeys {
  readonly foreign: number;
  readonly own: number;
  readonly byId: ReadonlyMap<string, ApiKey>;
}

/** A KeyStore over the table of the second, third and fifth migration. */
export class SqliteKeyStore implements KeyStore {
  readonly #database: SqlDatabase;
  readonly #statements: Readonly<
    Record<
      | "list"
      | "foreignChanges"
      | "ownChanges"
      | "required"
      | "require"
      | "open"
      | "insert"
      | "setLimits"
      | "revoke"
      | "revoked"
      | "purge"
      | "lastUsed",
      SqlStatement
    >
  >;

  #known: KnownKeys | undefined;

  /** A store over an open, migrated database. */
  constructor(database: SqlDatabase) {
    this.#database = database;
    const select = `SELECT ${COLUMNS} FROM api_keys`;
    this.#statements = {
      list: database.prepare(`${select} ORDER BY created_at_ms, key_id`),
      foreignChanges: database.prepare("PRAGMA data_version"),
      ownChanges: database.prepare("SELECT total_changes() AS changes"),
      required: database.prepare("SELECT 1 FROM required_keys WHERE scope = ?"),
      require: database.prepare("INSERT OR IGNORE INTO required_keys (scope) VALUES (?)"),
      open: database.prepare("DELETE FROM required_keys WHERE scope = ?"),
      insert: database.prepare(
        `INSERT INTO api_keys (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, ?, ?)`,
      ),
      setLimits: database.prepare(
        "UPDATE api_keys SET limits = ? WHERE key_id = ? AND revoked_at_ms IS NULL",
      ),
      revoke: database.prepare(
        "UPDATE api_keys SET revoked_at_ms = ? WHERE key_id = ? AND revoked_at_ms IS NULL",
      ),
      revoked: database.prepare(
        "SELECT key_id FROM api_keys WHERE revoked_at_ms IS NOT NULL ORDER BY revoked_at_ms",
      ),
      purge: database.prepare("DELETE FROM api_keys WHERE revoked_at_ms IS NOT NULL"),
      lastUsed: database.prepare("UPDATE api_keys SET last_used_at_ms = ? WHERE key_id = ?"),
    };
  }

  /** All keys, oldest first. */
  list(): ApiKey[] {
    return this.#statements.list.all().map(toKey);
  }

  /** The key with this id. */
  find(keyId: string): ApiKey | undefined {
    return this.#byId().get(keyId);
  }

  #byId(): ReadonlyMap<string, ApiKey> {
    // What a transaction has changed may yet be undone.
    if (this.#database.isTransaction) return mapById(this.list());
    const foreign = Number(this.#statements.foreignChanges.get()?.["data_version"]);
    const own = Number(this.#statements.ownChanges.get()?.["changes"]);
    if (this.#known?.foreign !== foreign || this.#known.own !== own) {
      this.#known = { foreign, own, byId: mapById(this.list()) };
    }
    return this.#known.byId;
  }

  /** The scopes whose transports ask other hosts for a key. */
  required(): DoorScope[] {
    return DOOR_SCOPES.filter((scope) => this.isRequired(scope));
  }

  /** Whether that of one scope does. */
  isRequired(scope: DoorScope): boolean {
    return this.#statements.required.get(scope) !== undefined;
  }

  /** Has the transports of some scopes ask from now on, whether or not there is a key. */
  require(scopes: readonly DoorScope[]): void {
    inTransaction(this.#database, () => {
      for (const scope of scopes) this.#statements.require.run(scope);
    });
  }

  /** Asks for no key any more. */
  open(scope: DoorScope): boolean {
    return inTransaction(
      this.#database,
      () => Number(this.#statements.open.run(scope).changes) > 0,
    );
  }

  /** Keeps a new key; a trigger asks for keys of its scopes from now on. */
  add(key: ApiKey): void {
    const { keyId, name, secretHash, scopes, models, createdAtMs, expiresAtMs = null } = key;
    const { insert } = this.#statements;
    const modelsText = models === undefined ? null : JSON.stringify(models);
    const scopesText = JSON.stringify(scopes);
    const limitsText = textOf(key.limits);
    inTransaction(this.#database, () => {
      insert.run(
        keyId,
        name,
        secretHash,
        scopesText,
        createdAtMs,
        expiresAtMs,
        modelsText,
        limitsText,
      );
    });
  }

  /** Sets what a key may use. */
  setLimits(keyId: string, limits: ModelLimits | undefined): boolean {
    return inTransaction(
      this.#database,
      () => Number(this.#statements.setLimits.run(textOf(limits), keyId).changes) > 0,
    );
  }

  /** Revokes a key. */
  revoke(keyId: string, atMs: number): boolean {
    return inTransaction(
      this.#database,
      () => Number(this.#statements.revoke.run(atMs, keyId).changes) > 0,
    );
  }

  /** Removes all revoked keys, and leaves tombstones. */
  purgeRevoked(): number {
    return inTransaction(this.#database, () => {
      const tombstones = new SqliteTombstones(this.#database);
      for (const row of this.#statements.revoked.all()) {
        tombstones.addKey(String(row["key_id"]));
      }
      return Number(this.#statements.purge.run().changes);
    });
  }

  /** Sets when keys were last used. */
  saveLastUsed(lastUsedAtMs: ReadonlyMap<string, number>): void {
    inTransaction(this.#database, () => {
      for (const [keyId, atMs] of lastUsedAtMs) this.#statements.lastUsed.run(atMs, keyId);
    });
  }
}

function mapById(keys: readonly ApiKey[]): ReadonlyMap<string, ApiKey> {
  return new Map(keys.map((key) => [key.keyId, key]));
}

function toKey(row: Record<string, SQLOutputValue>): ApiKey {
  const time = (value: SQLOutputValue | undefined): number | undefined =>
    value === null || value === undefined ? undefined : Number(value);
  return {
    keyId: String(row["key_id"]),
    name: String(row["name"]),
    secretHash: new Uint8Array(row["secret_hash"] as Uint8Array),
    scopes: JSON.parse(String(row["scopes"])) as KeyScope[],
    models: row["models"] === null ? undefined : JSON.parse(String(row["models"])) as string[],
    ...(row["limits"] === null ? {} : { limits: JSON.parse(String(row["limits"])) as ModelLimits }),
    createdAtMs: Number(row["created_at_ms"]),
    expiresAtMs: time(row["expires_at_ms"]),
    lastUsedAtMs: time(row["last_used_at_ms"]),
    revokedAtMs: time(row["revoked_at_ms"]),
  };
}

function textOf(limits: ModelLimits | undefined): string | null {
  return limits === undefined ? null : JSON.stringify(limits);
}
