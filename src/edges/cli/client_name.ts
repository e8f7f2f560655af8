// The names of clients that commands take.

import { utf8 } from "../../base/bytes.ts";
import { MAX_CLIENT_NAME_BYTES } from "../../features/access/client.ts";
import { UsageError } from "./command.ts";

/** Throws UsageError where no client can have the name that an option gives. */
export function checkClientName(option: string, name: string): void {
  const bytes = utf8(name).length;
  if (bytes > 0 && bytes <= MAX_CLIENT_NAME_BYTES) return;
  throw new UsageError(`${option}: expected 1 to ${MAX_CLIENT_NAME_BYTES} bytes`);
}
