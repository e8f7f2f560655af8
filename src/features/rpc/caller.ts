// Who is calling, as the edges know it. What the caller may do is decided per request from this
// (docs/protocol.md §8), never remembered.

import type { Role } from "../access/client.ts";

/** The origin of one request. */
export interface Caller {
  /** Whether the request came from the device itself. */
  readonly isLocal: boolean;
  /** The peer's address without a port; "local" in-process. */
  readonly address: string;
  /** The paired client whose session carries the request, if any. */
  readonly clientId: string | undefined;
  /** Names the request in the log and in the answer. */
  readonly requestId: string;
}

/**
 * What a caller may do: the device itself everything, a session what its client may by now, and
 * plaintext of another host what a member may. Undefined where the client is gone.
 */
export function roleOfCaller(
  { isLocal, clientId }: Pick<Caller, "isLocal" | "clientId">,
  findClient: (clientId: string) => { readonly role: Role } | undefined,
): Role | undefined {
  if (isLocal) return "admin";
  return clientId === undefined ? "member" : findClient(clientId)?.role;
}
