// Which web pages may talk to the device, and under which names it answers (docs/protocol.md §8).

import { isIpAddress, normalizeAddress } from "../../base/ip_address.ts";

/** What the device knows of itself. */
export interface OwnNames {
  /** Host names, such as "handheld" and "handheld.local", in lower case. */
  readonly hostNames: readonly string[];
  /** Its addresses at the moment. */
  readonly addresses: readonly string[];
  /** The port it listens on. */
  readonly port: number;
}

/** Origins that need no configuration: the published apps. */
export const BUILT_IN_ORIGINS: readonly string[] = [
  "capacitor://localhost",
  "ionic://localhost",
  "https://zaparoo.app",
];

// A host and perhaps a port, with nothing that would make a URL read it as more.
const HOST_TEXT = /^[^/\\?#@\s]+$/;

/** Whether a page of this origin may talk to the device. "null" and foreign ones may not. */
export function isAllowedOrigin(
  origin: string,
  known: { own: OwnNames; allowedOrigins: readonly string[] },
): boolean {
  const { own, allowedOrigins } = known;
  const wanted = origin.toLowerCase();
  if (BUILT_IN_ORIGINS.includes(wanted)) return true;
  if (allowedOrigins.some((allowed) => allowed.toLowerCase() === wanted)) return true;
  const url = /^https?:\/\//.test(wanted) ? URL.parse(wanted) : null;
  // An origin has no path, and its own spelling must be the canonical one.
  if (url === null || url.origin !== wanted) return false;
  const port = portOf(url);
  const isOwnPort = port === own.port;
  if (url.hostname === "127.0.0.1") return isOwnPort;
  if (url.hostname === "localhost" || own.hostNames.includes(url.hostname)) {
    return isOwnPort || url.port === "";
  }
  const address = normalizeAddress(url.hostname);
  return isOwnPort && own.addresses.some((ownAddress) => normalizeAddress(ownAddress) === address);
}

/** Whether a page under this Host may talk to the device; the scheme may be that of a proxy. */
export function isOwnPage(
  host: string | null,
  known: { own: OwnNames; allowedOrigins: readonly string[] },
): boolean {
  if (host === null || !HOST_TEXT.test(host)) return false;
  return ["http", "https"].some((scheme) => {
    // The platform's spelling: a browser leaves the scheme's own port out.
    const url = URL.parse(`${scheme}://${host.toLowerCase()}`);
    return url !== null && isAllowedOrigin(url.origin, known);
  });
}

/**
 * Whether a Host header names this device: an IP literal, localhost, its own names, or the host of
 * an allowed origin. Any other name came from somebody else's DNS.
 */
export function isOwnHost(
  host: string | null,
  known: { own: OwnNames; allowedOrigins: readonly string[] },
): boolean {
  if (host === null || !HOST_TEXT.test(host)) return false;
  const url = URL.parse(`http://${host.toLowerCase()}`);
  if (url === null) return false;
  const name = url.hostname.replace(/^\[|\]$/g, "");
  if (name === "localhost" || isIpAddress(name)) return true;
  if (known.own.hostNames.includes(name)) return true;
  return [...BUILT_IN_ORIGINS, ...known.allowedOrigins].some((origin) =>
    URL.parse(origin)?.hostname.toLowerCase() === name
  );
}

function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}
