// Who counts as the device itself (docs/protocol.md §8): the connection came in on a loopback
// listener and nothing says that somebody stands behind it, neither a header nor the owner, who named
// the address as a proxy's. A tunnel or proxy on the device must not make the world local.

import type { Peer } from "./request_env.ts";

const FORWARDING_HEADERS = ["forwarded", "x-real-ip", "via"];
const FORWARDING_PREFIX = "x-forwarded-";

/** Options of {@linkcode isLocalRequest}. */
export interface LocalityOptions {
  /** The headers of the request. */
  headers: Headers;
  /** Whether an address is that of a proxy, by whose word alone others are told apart. */
  isTrustedProxy: (address: string) => boolean;
}

/** Whether a request comes from the device itself; `peer` is the connection's own. */
export function isLocalRequest(peer: Peer, options: LocalityOptions): boolean {
  const { headers, isTrustedProxy } = options;
  return peer.cameOverLoopback && !isForwarded(headers) && !isTrustedProxy(peer.address);
}

function isForwarded(headers: Headers): boolean {
  let isFound = false;
  // An iterator costs six times as much, for every request of a local client.
  headers.forEach((_, name) => {
    isFound ||= FORWARDING_HEADERS.includes(name) || name.startsWith(FORWARDING_PREFIX);
  });
  return isFound;
}
