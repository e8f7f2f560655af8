// The shape of the database, one step per version. A step is never changed once released.

import type { DatabaseSync } from "node:sqlite";
import { equalBytes } from "../../base/bytes.ts";
import { writePrivateFile } from "../../base/private_file.ts";
import type { Logger } from "../../base/log.ts";
import { inTransaction } from "./transaction.ts";

/** SQL that brings a database from one version to the next. */
export type Migration = string;

/** All steps; the n-th leads to version n. */
export const MIGRATIONS: readonly Migration[] = [
  `CREATE TABLE clients (
     client_id TEXT PRIMARY KEY NOT NULL CHECK (client_id <> ''),
     -- Names are bytes: SQLite would cut a text at a NUL.
     client_name BLOB NOT NULL CHECK (length(client_name) BETWEEN 1 AND 128),
     auth_token TEXT NOT NULL UNIQUE CHECK (auth_token <> ''),
     role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
     pairing_key BLOB NOT NULL CHECK (length(pairing_key) = 32),
     created_at_ms INTEGER NOT NULL,
     last_seen_at_ms INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE salts (
     client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
     salt BLOB NOT NULL CHECK (length(salt) = 16),
     PRIMARY KEY (client_id, salt)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE salt_counts (
     client_id TEXT PRIMARY KEY NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
     used INTEGER NOT NULL CHECK (used >= 0)
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE api_keys (
     key_id TEXT PRIMARY KEY NOT NULL CHECK (length(key_id) = 8),
     name TEXT NOT NULL CHECK (name <> ''),
     secret_hash BLOB NOT NULL CHECK (length(secret_hash) = 32),
     scopes TEXT NOT NULL CHECK (json_array_length(scopes) > 0),
     created_at_ms INTEGER NOT NULL,
     expires_at_ms INTEGER,
     last_used_at_ms INTEGER,
     revoked_at_ms INTEGER
   ) STRICT;
   CREATE TABLE audit (
     id INTEGER PRIMARY KEY NOT NULL,
     at_ms INTEGER NOT NULL,
     event TEXT NOT NULL CHECK (event <> ''),
     details TEXT NOT NULL CHECK (json_valid(details)),
     hash BLOB NOT NULL CHECK (length(hash) = 32)
   ) STRICT;
   CREATE TABLE audit_checkpoint (
     id INTEGER NOT NULL,
     hash BLOB NOT NULL CHECK (length(hash) = 32)
   ) STRICT;
   INSERT INTO audit_checkpoint (id, hash) VALUES (0, zeroblob(32));`,
  `ALTER TABLE api_keys ADD COLUMN models TEXT CHECK (models IS NULL OR json_valid(models));
   CREATE TABLE model_usage (
     key_id TEXT NOT NULL,
     day TEXT NOT NULL CHECK (length(day) = 10),
     requests INTEGER NOT NULL,
     prompt_tokens INTEGER NOT NULL,
     output_tokens INTEGER NOT NULL,
     errors INTEGER NOT NULL,
     duration_ms INTEGER NOT NULL,
     PRIMARY KEY (day, key_id)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE model_usage_batches (
     batch_id TEXT PRIMARY KEY NOT NULL,
     day TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE model_usage_outbox (
     id INTEGER PRIMARY KEY NOT NULL,
     batch_id TEXT NOT NULL UNIQUE,
     entries TEXT NOT NULL CHECK (json_valid(entries))
   ) STRICT;
   CREATE TABLE model_requests (
     key_id TEXT PRIMARY KEY NOT NULL,
     minute INTEGER NOT NULL,
     used INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE model_tokens (
     key_id TEXT PRIMARY KEY NOT NULL,
     day TEXT NOT NULL,
     used INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE removed_clients (
     seq INTEGER PRIMARY KEY NOT NULL,
     client_id TEXT NOT NULL UNIQUE CHECK (client_id <> ''),
     token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32)
   ) STRICT;
   CREATE TABLE removed_keys (
     seq INTEGER PRIMARY KEY NOT NULL,
     key_id TEXT NOT NULL UNIQUE CHECK (length(key_id) = 8)
   ) STRICT;
   CREATE TABLE audit_refusals (
     id INTEGER PRIMARY KEY NOT NULL,
     at_ms INTEGER NOT NULL,
     event TEXT NOT NULL CHECK (event <> ''),
     details TEXT NOT NULL CHECK (json_valid(details)),
     hash BLOB NOT NULL CHECK (length(hash) = 32)
   ) STRICT;
   CREATE TABLE audit_refusals_checkpoint (
     id INTEGER NOT NULL,
     hash BLOB NOT NULL CHECK (length(hash) = 32)
   ) STRICT;
   INSERT INTO audit_refusals_checkpoint (id, hash) VALUES (0, zeroblob(32));
   -- The latest time that the device has seen, for ends of keys.
   CREATE TABLE time_mark (mark_ms INTEGER NOT NULL) STRICT;
   INSERT INTO time_mark (mark_ms) VALUES (0);
   -- What is written to learn whether anything can be.
   CREATE TABLE write_probe (filler BLOB NOT NULL) STRICT;
   INSERT INTO write_probe (filler) VALUES (x'');`,
  `CREATE TABLE required_keys (
     scope TEXT PRIMARY KEY NOT NULL CHECK (scope IN ('rpc', 'events', 'run'))
   ) STRICT, WITHOUT ROWID;
   -- Until now any key, whatever its scopes, and though revoked, had other hosts asked for one at
   -- all three; an upgrade opens no door.
   INSERT INTO required_keys (scope)
     SELECT value FROM json_each('["rpc","events","run"]')
     WHERE EXISTS (SELECT 1 FROM api_keys);
   -- However a key comes in, its doors are shut in the same step.
   CREATE TRIGGER require_keys AFTER INSERT ON api_keys BEGIN
     INSERT INTO required_keys (scope)
       SELECT DISTINCT value FROM json_each(NEW.scopes)
       WHERE value IN ('rpc', 'events', 'run')
         AND value NOT IN (SELECT scope FROM required_keys);
   END;`,
  "ALTER TABLE api_keys ADD COLUMN limits TEXT CHECK (limits IS NULL OR json_valid(limits));",
  `CREATE TABLE run_history (
     id INTEGER PRIMARY KEY NOT NULL,
     at_ms INTEGER NOT NULL,
     type TEXT NOT NULL,
     uid TEXT NOT NULL,
     text TEXT NOT NULL,
     data TEXT NOT NULL,
     run_by TEXT NOT NULL,
     is_success INTEGER NOT NULL CHECK (is_success IN (0, 1)),
     system_id TEXT,
     media_path TEXT
   ) STRICT;
   CREATE TABLE favorites (
     path TEXT PRIMARY KEY NOT NULL CHECK (path <> ''),
     is_favorite INTEGER NOT NULL CHECK (is_favorite IN (0, 1))
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE phone_settings (
     name TEXT PRIMARY KEY NOT NULL,
     value TEXT NOT NULL CHECK (json_valid(value))
   ) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE model_usage RENAME TO old_model_usage;
   CREATE TABLE model_usage (
     key_id TEXT NOT NULL,
     day TEXT NOT NULL CHECK (length(day) = 10),
     -- With its tag; '' of requests that name none, and of what was counted before this step.
     model TEXT NOT NULL,
     requests INTEGER NOT NULL,
     prompt_tokens INTEGER NOT NULL,
     output_tokens INTEGER NOT NULL,
     errors INTEGER NOT NULL,
     duration_ms INTEGER NOT NULL,
     PRIMARY KEY (day, key_id, model)
   ) STRICT, WITHOUT ROWID;
   INSERT INTO model_usage
     SELECT key_id, day, '', requests, prompt_tokens, output_tokens, errors, duration_ms
     FROM old_model_usage;
   DROP TABLE old_model_usage;`,
];

/** Options of {@linkcode migrate}. */
export interface MigrateOptions {
  /** The file, or ":memory:". */
  path: string;
  /** All steps. */
  migrations: readonly Migration[];
  log: Logger;
}

/**
 * Takes all steps that are missing, in one transaction, after a copy of a database that holds
 * something was saved beside it as `PATH.vN.bak`. A failing step leaves the database as it was.
 */
export function migrate(database: DatabaseSync, options: MigrateOptions): void {
  const { path, migrations, log } = options;
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version === migrations.length) return;
  if (version > 0 && path !== ":memory:") saveCopy(database, `${path}.v${version}.bak`);
  inTransaction(database, () => {
    for (const step of migrations.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
  });
  if (version > 0) log.info("Database migrated", { from: version, to: migrations.length });
}

// Serialized by the connection: another descriptor of the file would, when closed, end the locks
// that SQLite holds on it.
function saveCopy(database: DatabaseSync, path: string): void {
  const bytes = database.serialize();
  // A step that fails at every start must not wear out the flash as well.
  if (isSame(path, bytes)) return;
  writePrivateFile(path, { bytes, files: Deno });
}

function isSame(path: string, bytes: Uint8Array): boolean {
  try {
    return equalBytes(Deno.readFileSync(path), bytes);
  } catch {
    return false;
  }
}
