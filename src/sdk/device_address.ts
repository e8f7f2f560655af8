// The address of a device, as people write it: a host alone, with a port, or a whole URL, with the
// path under which a proxy has the device. What an app leaves out is not the page's own address.

/** The port that a device listens on unless told otherwise. */
const USUAL_PORT = 7497;

/** The base URL of a device, without a slash at its end; RangeError where the text names none. */
export function deviceBaseUrl(address: string): string {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(address);
  // A path alone is none, though it would be read as a host.
  const text = hasScheme || address.startsWith("/") ? address : `http://${address}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) &&
    url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  if (!isPlain) {
    throw new RangeError(`Expected the address of a device, such as 192.168.1.5:${USUAL_PORT}`);
  }
  if (!hasScheme && !/:\d+(\/|$)/.test(address)) url.port = String(USUAL_PORT);
  return url.href.replace(/\/+$/, "");
}

/** The address of its WebSocket; one that is a WebSocket's already stays as it is. */
export function deviceSocketUrl(address: string): string {
  if (/^wss?:/i.test(address)) return address;
  return `${deviceBaseUrl(address).replace(/^http/, "ws")}/api/v0.1`;
}
