// Files that a command is told of by name.

import { asError } from "../../base/app_error.ts";

const REASONS: readonly [new (message?: string) => Error, string][] = [
  [Deno.errors.NotFound, "no such file"],
  [Deno.errors.IsADirectory, "it is a folder"],
  [Deno.errors.NotADirectory, "a part of its path is no folder"],
  [Deno.errors.PermissionDenied, "this user may not"],
];

/** Whether there is something of this name, whatever it is. */
export function exists(file: string): boolean {
  try {
    Deno.lstatSync(file);
    return true;
  } catch {
    return false;
  }
}

/** Why a file cannot be read or written, for people. */
export function whyNot(error: unknown): string {
  const reason = asError(error);
  const known = REASONS.find(([kind]) => reason instanceof kind);
  return known === undefined ? reason.message : known[1];
}
