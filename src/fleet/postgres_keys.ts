// API keys in the shared store.

import type { Row } from "postgres";
import type { ApiKey, KeyCheck, KeyScope } from "../keys/api_key.ts";
import type { SharedKeyStore } from "../keys/shared_key_store.ts";
import type { Postgres } from "./postgres.ts";

/** A SharedKeyStore over the table of the first migration. */
export class PostgresKeyStore implements SharedKeyStore {
  readonly #postgres: Postgres;

  /** The keys of a server. */
  constructor(postgres: Postgres) {
    this.#postgres = postgres;
  }

  /** All keys, oldest first. */
  async list(): Promise<ApiKey[]> {
    const rows = await this.#postgres.ask((sql) =>
      sql`SELECT * FROM latchkey_api_keys ORDER BY created_at_ms, key_id`
    );
    return rows.map(toKey);
  }

  /** The key with this id. */
  async find(keyId: string): Promise<ApiKey | undefined> {
    const [row] = await this.#postgres.ask((sql) =>
      sql`SELECT * FROM latchkey_api_keys WHERE key_id = ${keyId}`
    );
    return row && toKey(row);
  }

  /** What to compare a presented key with. */
  async check(keyId: string): Promise<KeyCheck> {
    // Always one row with values of the same types, so that an unknown id costs what a known does.
    const [row] = await this.#postgres.ask((sql) =>
      sql`SELECT key_id IS NOT NULL AS is_known,
            coalesce(secret_hash, decode(repeat('00', 32), 'hex')) AS secret_hash,
            revoked_at_ms IS NOT NULL AS is_revoked,
            coalesce(expires_at_ms, ${Number.MAX_SAFE_INTEGER}::bigint) AS expires_at_ms
          FROM (SELECT 1) AS one LEFT JOIN latchkey_api_keys ON key_id = ${keyId}`
    );
    return {
      isKnown: row?.["is_known"] === true,
      secretHash: new Uint8Array(row?.["secret_hash"] ?? new Uint8Array(32)),
      isRevoked: row?.["is_revoked"] === true,
      expiresAtMs: Number(row?.["expires_at_ms"] ?? 0),
    };
  }

  /** Keeps a new key. */
  async add(key: ApiKey): Promise<void> {
    const { keyId, name, secretHash, scopes, models, createdAtMs, expiresAtMs } = key;
    await this.#postgres.ask((sql) =>
      sql`INSERT INTO latchkey_api_keys
            (key_id, name, secret_hash, scopes, models, created_at_ms, expires_at_ms)
          VALUES (${keyId}, ${name}, decode(${secretHash.toHex()}, 'hex'), ${[...scopes]},
            ${models === undefined ? null : [...models]}, ${createdAtMs}, ${expiresAtMs ?? null})`
    );
  }

  /** Revokes a key. */
  async revoke(keyId: string, atMs: number): Promise<boolean> {
    const { count } = await this.#postgres.ask((sql) =>
      sql`UPDATE latchkey_api_keys SET revoked_at_ms = ${atMs}
          WHERE key_id = ${keyId} AND revoked_at_ms IS NULL`
    );
    return count > 0;
  }

  /** Removes all revoked keys. */
  async purgeRevoked(): Promise<number> {
    const { count } = await this.#postgres.ask((sql) =>
      sql`DELETE FROM latchkey_api_keys WHERE revoked_at_ms IS NOT NULL`
    );
    return count;
  }

  /** Sets when keys were last used, where that is later. */
  async saveLastUsed(lastUsedAtMs: ReadonlyMap<string, number>): Promise<void> {
    const ids = [...lastUsedAtMs.keys()];
    const times = [...lastUsedAtMs.values()];
    await this.#postgres.ask((sql) =>
      sql`UPDATE latchkey_api_keys SET last_used_at_ms = used.at_ms
          FROM unnest(${ids}::text[], ${times}::bigint[]) AS used (key_id, at_ms)
          WHERE latchkey_api_keys.key_id = used.key_id
            AND coalesce(last_used_at_ms, 0) < used.at_ms`
    );
  }
}

function toKey(row: Row): ApiKey {
  const time = (value: unknown): number | undefined => value === null ? undefined : Number(value);
  return {
    keyId: String(row["key_id"]),
    name: String(row["name"]),
    secretHash: new Uint8Array(row["secret_hash"] as Uint8Array),
    scopes: row["scopes"] as KeyScope[],
    models: (row["models"] as string[] | null) ?? undefined,
    createdAtMs: Number(row["created_at_ms"]),
    expiresAtMs: time(row["expires_at_ms"]),
    lastUsedAtMs: time(row["last_used_at_ms"]),
    revokedAtMs: time(row["revoked_at_ms"]),
  };
}
