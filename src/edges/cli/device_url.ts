// The address of a device elsewhere, as people write it: a host alone, with a port, or a whole URL.

import { UsageError } from "./command.ts";

/** The port that a device listens on unless told otherwise. */
const USUAL_PORT = 7497;

/** The base URL of a device, without a path; UsageError where the text names none. */
export function parseDeviceUrl(text: string): string {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const url = parse(hasScheme ? text : `http://${text}`);
  const isPlain = url !== undefined && url.username === "" && url.password === "" &&
    /^\/?$/.test(url.pathname) && url.search === "" && url.hash === "";
  if (!isPlain || url.hostname === "") throw wrongUrl();
  if (url.protocol !== "http:" && url.protocol !== "https:") throw wrongUrl();
  if (!hasScheme && !/:\d+$/.test(text)) url.port = String(USUAL_PORT);
  return url.origin;
}

/** The URL of its WebSocket. */
export function webSocketUrlOf(baseUrl: string): string {
  return `${baseUrl.replace(/^http/, "ws")}/api/v0.1`;
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function wrongUrl(): UsageError {
  return new UsageError(
    `Expected the address of a device, such as http://192.168.1.5:${USUAL_PORT}`,
  );
}
