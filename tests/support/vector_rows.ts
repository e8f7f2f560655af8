// Runs checks over the rows of the shared vectors (tests/vectors/README.md). A check must look at
// every field of its rows: a field that nobody reads fails.

import assert from "node:assert/strict";
import vectors from "../vectors/v1.json" with { type: "json" };

/** The sections of the file without its own description. */
export type Sections = Omit<typeof vectors, "about">;

/** A row of a section. */
export type Row<S extends keyof Sections> = Sections[S][number];

/** A check for the rows of each of the named sections. */
export type Checks<S extends keyof Sections> = {
  [Name in S]: (row: Row<Name>) => void | Promise<void>;
};

/** The sections that pairing_vectors_test.ts checks. */
export const PAIRING_SECTIONS = [
  "pake",
  "pake_unreduced",
  "pake_identity",
  "pake_messages",
  "pairing",
  "pairing_wrong_pin",
  "minimal_bytes",
  "length_prefix",
] as const satisfies readonly (keyof Sections)[];

/** The sections that session_vectors_test.ts checks. */
export const SESSION_SECTIONS = [
  "session_keys",
  "nonces",
  "nonces_invalid",
  "frames",
  "first_frame_negative",
  "plaintext_errors",
] as const satisfies readonly (keyof Sections)[];

const LABELS = ["name", "note"];

/** Defines a test per row; throws RangeError where a section has no rows. */
export function defineVectorTests<S extends keyof Sections>(
  sections: readonly S[],
  checks: Checks<S>,
): void {
  for (const section of sections) {
    const rows = vectors[section] as Record<string, unknown>[];
    if (rows.length === 0) throw new RangeError(`Cannot test vectors: no rows in ${section}`);
    rows.forEach((row, i) => {
      const label = [row["name"], row["case"], row["pake_case"]].find((text) => text !== undefined);
      Deno.test(`vectors: ${section} ${label ?? i}`, async () => {
        const seen = new Set<string>();
        // A check takes the rows of its own section, which a loop over all of them cannot say.
        const check = checks[section] as (row: unknown) => void | Promise<void>;
        await check(watch(row, { prefix: "", seen }));
        const fields = leafPaths(row).filter((field) => !LABELS.includes(field));
        assert.deepEqual(fields.filter((field) => !seen.has(field)), [], "fields never looked at");
      });
    });
  }
}

// The object, noting the path of everything that is read.
function watch<T extends object>(object: T, notes: { prefix: string; seen: Set<string> }): T {
  return new Proxy(object, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(target, name);
      const path = `${notes.prefix}${String(name)}`;
      notes.seen.add(path);
      return typeof value === "object" && value !== null
        ? watch(value, { prefix: `${path}.`, seen: notes.seen })
        : value;
    },
  });
}

function leafPaths(object: object, prefix = ""): string[] {
  return Object.entries(object).flatMap(([name, value]) =>
    typeof value === "object" && value !== null
      ? leafPaths(value, `${prefix}${name}.`)
      : [`${prefix}${name}`]
  );
}
