// The keys for models that several gateways share, in PostgreSQL.

import type { JSONValue, Row } from "postgres";
import type { ApiKey, KeyCheck, KeyScope } from "../../features/access/api_key.ts";
import type { ModelLimits } from "../../features/access/model_limits.ts";
import type { SharedKeyStore } from "../../features/access/shared_key_store.ts";
import type { Postgres } from "./postgres.ts";

/** A SharedKeyStore over the server's tables. */
export class PostgresKeyStore implements SharedKeyStore {
  readonly #postgres: Postgres;

  /** A store on a server, whose owner ends it. */
  constructor(postgres: Postgres) {
    this.#postgres = postgres;
  }

  /** All keys, oldest first. */
  async list(): Promise<ApiKey[]> {
    const rows = await this.#postgres.run((sql) =>
      sql`SELECT * FROM latchkey_api_keys ORDER BY created_at_ms, key_id`
    );
    return rows.map(toKey);
  }

  /** The key with this id. */
  async find(keyId: string): Promise<ApiKey | undefined> {
    const [row] = await this.#postgres.run((sql) =>
      sql`SELECT * FROM latchkey_api_keys WHERE key_id = ${keyId}`
    );
    return row && toKey(row);
  }

  /** What to compare a presented key with. */
  async check(keyId: string): Promise<KeyCheck> {
    // Always one row with values of the same types, so that an unknown id costs what a known does.
    const [row = {}] = await this.#postgres.run((sql) =>
      sql`
        SELECT key_id IS NOT NULL AS is_known,
          coalesce(secret_hash, decode(repeat('00', 32), 'hex')) AS secret_hash,
          revoked_at_ms IS NOT NULL AS is_revoked,
          coalesce(expires_at_ms, ${String(Number.MAX_SAFE_INTEGER)}::bigint) AS expires_at_ms
        FROM (SELECT 1) AS one LEFT JOIN latchkey_api_keys ON key_id = ${keyId}`
    );
    return {
      isKnown: row["is_known"] === true,
      secretHash: new Uint8Array(row["secret_hash"]),
      isRevoked: row["is_revoked"] === true,
      expiresAtMs: Number(row["expires_at_ms"]),
    };
  }

  /** Keeps a new key. */
  async add(key: ApiKey): Promise<void> {
    const { keyId, name, secretHash, scopes, models, createdAtMs } = key;
    const { expiresAtMs = null, lastUsedAtMs = null, revokedAtMs = null, limits } = key;
    await this.#postgres.run((sql) =>
      sql`
        INSERT INTO latchkey_api_keys (key_id, name, secret_hash, scopes, models, created_at_ms,
          expires_at_ms, last_used_at_ms, revoked_at_ms, limits)
        VALUES (${keyId}, ${name}, ${secretHash}, ${sql.json(scopes as JSONValue)},
          ${models === undefined ? null : sql.json(models as JSONValue)}, ${createdAtMs},
          ${expiresAtMs}, ${lastUsedAtMs}, ${revokedAtMs},
          ${limits === undefined ? null : sql.json(limits as JSONValue)})`
    );
  }

  /** Sets what a key may use. */
  async setLimits(keyId: string, limits: ModelLimits | undefined): Promise<boolean> {
    const { count } = await this.#postgres.run((sql) =>
      sql`
        UPDATE latchkey_api_keys
        SET limits = ${limits === undefined ? null : sql.json(limits as JSONValue)}
        WHERE key_id = ${keyId} AND revoked_at_ms IS NULL`
    );
    return count > 0;
  }

  /** Revokes a key. */
  async revoke(keyId: string, atMs: number): Promise<boolean> {
    const { count } = await this.#postgres.run((sql) =>
      sql`
        UPDATE latchkey_api_keys SET revoked_at_ms = ${atMs}
        WHERE key_id = ${keyId} AND revoked_at_ms IS NULL`
    );
    return count > 0;
  }

  /** Removes all revoked keys. */
  async purgeRevoked(): Promise<number> {
    const { count } = await this.#postgres.run((sql) =>
      sql`DELETE FROM latchkey_api_keys WHERE revoked_at_ms IS NOT NULL`
    );
    return count;
  }

  /** Sets when keys were last used, where that is later than what is kept. */
  async saveLastUsed(lastUsedAtMs: ReadonlyMap<string, number>): Promise<void> {
    if (lastUsedAtMs.size === 0) return;
    const used = [...lastUsedAtMs].map(([id, at]) => ({ id, at }));
    // Locked in one order, so that two gateways that save at once do not wait for each other.
    await this.#postgres.run((sql) =>
      sql`
        WITH used AS (
          SELECT id, at FROM jsonb_to_recordset(${sql.json(used)}) AS used (id text, at bigint)
        ), held AS (
          SELECT key_id FROM latchkey_api_keys WHERE key_id IN (SELECT id FROM used)
          ORDER BY key_id FOR UPDATE
        )
        UPDATE latchkey_api_keys AS kept SET last_used_at_ms = used.at
        FROM used JOIN held ON held.key_id = used.id
        WHERE kept.key_id = used.id AND coalesce(kept.last_used_at_ms < used.at, true)`
    );
  }
}

function toKey(row: Row): ApiKey {
  const time = (value: unknown): number | undefined => value === null ? undefined : Number(value);
  return {
    keyId: row["key_id"],
    name: row["name"],
    secretHash: new Uint8Array(row["secret_hash"]),
    scopes: row["scopes"] as KeyScope[],
    models: (row["models"] as string[] | null) ?? undefined,
    ...(row["limits"] === null ? {} : { limits: row["limits"] as ModelLimits }),
    createdAtMs: Number(row["created_at_ms"]),
    expiresAtMs: time(row["expires_at_ms"]),
    lastUsedAtMs: time(row["last_used_at_ms"]),
    revokedAtMs: time(row["revoked_at_ms"]),
  };
}
