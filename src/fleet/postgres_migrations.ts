// The shape of the shared store, one step per version. A step is never changed once released.

/** All steps; the n-th leads to version n. */
export const POSTGRES_MIGRATIONS: readonly string[] = [
  `CREATE TABLE latchkey_api_keys (
     key_id text PRIMARY KEY CHECK (length(key_id) = 8),
     name text NOT NULL CHECK (name <> ''),
     secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
     scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
     models text[],
     created_at_ms bigint NOT NULL,
     expires_at_ms bigint,
     last_used_at_ms bigint,
     revoked_at_ms bigint
   );
   CREATE TABLE latchkey_usage (
     day date NOT NULL,
     key_id text NOT NULL,
     requests bigint NOT NULL,
     prompt_tokens bigint NOT NULL,
     output_tokens bigint NOT NULL,
     errors bigint NOT NULL,
     duration_ms bigint NOT NULL,
     PRIMARY KEY (day, key_id)
   );
   CREATE TABLE latchkey_usage_batches (
     batch_id uuid PRIMARY KEY,
     added_at timestamptz NOT NULL DEFAULT now()
   );`,
];
