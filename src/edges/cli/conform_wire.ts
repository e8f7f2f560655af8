// The way of `latchkey conform` to a server: the platform's requests and WebSockets, with any Host and
// any Origin, and a new connection wherever the server closed the old one.

import type { DeviceWire, WireAnswer, WireRequest } from "../../features/conform/device_wire.ts";

/** A way that has to be closed. */
export interface ConformWire extends DeviceWire, Disposable {}

/** The way to a base URL. */
export function openConformWire(baseUrl: string): ConformWire {
  const client = Deno.createHttpClient({ allowHost: true });
  return {
    async request(path: string, given: WireRequest = {}): Promise<WireAnswer> {
      const { method = "GET", headers = {}, body = null, isHeadOnly = false } = given;
      const response = await fetch(`${baseUrl}${path}`, {
        method,
        headers,
        body,
        redirect: "manual",
        client,
      });
      const header = (name: string): string | null => response.headers.get(name);
      if (!isHeadOnly) return { status: response.status, header, text: await response.text() };
      await response.body?.cancel();
      return { status: response.status, header, text: "" };
    },
    openSocket: (path, { origin }) =>
      new WebSocket(`${baseUrl.replace(/^http/, "ws")}${path}`, {
        headers: origin === undefined ? {} : { Origin: origin },
      }),
    [Symbol.dispose]: () => client.close(),
  };
}
