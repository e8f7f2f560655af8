// Whose address counts where a proxy of the owner's stands in between (docs/protocol.md §8): the last
// one in X-Forwarded-For that is no trusted proxy's. What stands before it is the peer's own text.

import { isIpAddress, normalizeAddress } from "../../base/ip_address.ts";

/** The most hops of X-Forwarded-For that are looked at. */
export const MAX_PROXY_HOPS = 8;

/** Options of {@linkcode clientAddress}. */
export interface ClientAddressOptions {
  /** The address of the connection. */
  peerAddress: string;
  /** The headers of the request. */
  headers: Headers;
  /** Whether an address is that of a proxy which may say for whom it speaks. */
  isTrustedProxy: (address: string) => boolean;
}

/** The client's address; the connection's own where no trusted proxy says another one. */
export function clientAddress(options: ClientAddressOptions): string {
  const { peerAddress, headers, isTrustedProxy } = options;
  if (!isTrustedProxy(peerAddress)) return peerAddress;
  const hops = (headers.get("X-Forwarded-For") ?? "").split(",").map((hop) => hop.trim());
  let address = peerAddress;
  for (const hop of hops.toReversed().slice(0, MAX_PROXY_HOPS)) {
    if (!isIpAddress(hop)) return address;
    address = normalizeAddress(hop);
    if (!isTrustedProxy(address)) return address;
  }
  return address;
}
