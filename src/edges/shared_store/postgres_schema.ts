// The tables of the shared store, and how they get there.

import type { Sql } from "postgres";

// Any number that nothing else in the database locks: "latchkey" in ASCII.
const MIGRATION_LOCK = "7809651250888041849";

// Texts are compared by their code units, as the device's own database does.
const STEPS: readonly string[] = [
  `CREATE TABLE latchkey_api_keys (
     key_id text COLLATE "C" PRIMARY KEY,
     name text NOT NULL,
     secret_hash bytea NOT NULL,
     scopes jsonb NOT NULL,
     models jsonb,
     created_at_ms bigint NOT NULL,
     expires_at_ms bigint,
     last_used_at_ms bigint,
     revoked_at_ms bigint
   );
   CREATE TABLE latchkey_usage (
     key_id text COLLATE "C" NOT NULL,
     day text COLLATE "C" NOT NULL,
     requests bigint NOT NULL,
     prompt_tokens bigint NOT NULL,
     output_tokens bigint NOT NULL,
     errors bigint NOT NULL,
     duration_ms bigint NOT NULL,
     PRIMARY KEY (key_id, day)
   );
   CREATE INDEX latchkey_usage_by_day ON latchkey_usage (day, key_id);
   CREATE TABLE latchkey_usage_batches (
     batch_id uuid PRIMARY KEY,
     at timestamptz NOT NULL DEFAULT now()
   );
   CREATE INDEX latchkey_usage_batches_by_time ON latchkey_usage_batches (at);`,
  "ALTER TABLE latchkey_api_keys ADD COLUMN limits jsonb;",
  `ALTER TABLE latchkey_usage ADD COLUMN model text COLLATE "C" NOT NULL DEFAULT '';
   ALTER TABLE latchkey_usage DROP CONSTRAINT latchkey_usage_pkey;
   ALTER TABLE latchkey_usage ADD PRIMARY KEY (key_id, day, model);`,
];

/** The version that the steps lead to. */
export const SCHEMA_VERSION = STEPS.length;

/** Brings the tables to {@linkcode SCHEMA_VERSION}; whether anything had to be done. */
export async function migratePostgres(sql: Sql): Promise<boolean> {
  // Looked at first, so that a login that may not create tables can work with those that are there.
  if (await schemaVersion(sql) === SCHEMA_VERSION) return false;
  // One text of several statements is one transaction, and needs no second word from this side: a
  // connection that breaks leaves nothing half done.
  await sql.unsafe(`
    SELECT pg_advisory_xact_lock(${MIGRATION_LOCK});
    CREATE TABLE IF NOT EXISTS latchkey_schema (version integer PRIMARY KEY);
    ${STEPS.map(guarded).join("\n")}`).simple();
  return true;
}

async function schemaVersion(sql: Sql): Promise<number> {
  const [table] = await sql`SELECT to_regclass('latchkey_schema') IS NOT NULL AS is_there`;
  if (table?.["is_there"] !== true) return 0;
  const [row] = await sql`SELECT coalesce(max(version), 0) AS version FROM latchkey_schema`;
  const version = Number(row?.["version"]);
  if (version > SCHEMA_VERSION) throw new Error(`The tables are of the newer version ${version}`);
  return version;
}

function guarded(step: string, index: number): string {
  const version = index + 1;
  return `DO $step$ BEGIN
    IF NOT EXISTS (SELECT FROM latchkey_schema WHERE version >= ${version}) THEN
      ${step}
      INSERT INTO latchkey_schema (version) VALUES (${version});
    END IF;
  END $step$;`;
}
