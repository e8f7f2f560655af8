// Who counts as the device itself (docs/protocol.md §8): the connection came in on a loopback
// listener and nothing says that somebody stands behind it. A tunnel or proxy on the device must
// not make the world local.

import type { Peer } from "./request_env.ts";

const FORWARDING_HEADERS = ["forwarded", "x-real-ip", "via"];
const FORWARDING_PREFIX = "x-forwarded-";

/** Whether a request comes from the device itself. */
export function isLocalRequest(peer: Peer, headers: Headers): boolean {
  return peer.cameOverLoopback && !isForwarded(headers);
}

function isForwarded(headers: Headers): boolean {
  return [...headers.keys()].some((name) =>
    FORWARDING_HEADERS.includes(name) || name.startsWith(FORWARDING_PREFIX)
  );
}
