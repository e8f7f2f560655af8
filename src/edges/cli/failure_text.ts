// What failed, and why, in one sentence.

import { asError } from "../../base/app_error.ts";

/** The error's own words; after `what`, such as "Cannot restore", where they do not say that. */
export function failureText(what: string, error: unknown): string {
  const { message } = asError(error);
  return message.startsWith("Cannot ") ? message : `${what}: ${message}`;
}
