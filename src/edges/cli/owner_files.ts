// Files that a command is told of by name.

import { asError } from "../../base/app_error.ts";

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
  return error instanceof Deno.errors.NotFound ? "no such file" : asError(error).message;
}
