// The opening handshake of a WebSocket that the guard serves itself (RFC 6455 §4.2): no extensions and
// no subprotocols.

import { sha1 } from "@noble/hashes/legacy.js";
import { type Bytes, encodeBase64, utf8 } from "../../../base/bytes.ts";

const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The answer to a request for a WebSocket; undefined where it is none. */
export function answerUpgrade(request: Request): Response | undefined {
  const { headers } = request;
  const key = headers.get("Sec-WebSocket-Key");
  const isAsked = request.method === "GET" && hasToken(headers, "Upgrade", "websocket") &&
    hasToken(headers, "Connection", "upgrade");
  if (!isAsked || !key || headers.get("Sec-WebSocket-Version") !== "13") return undefined;
  return new Response(null, {
    status: 101,
    headers: {
      Upgrade: "websocket",
      Connection: "Upgrade",
      "Sec-WebSocket-Accept": encodeBase64(sha1(utf8(key + ACCEPT_GUID))),
    },
  });
}

/** The head of an answer as bytes. */
export function encodeUpgradeHead({ headers }: Response): Bytes {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return utf8(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
}

function hasToken(headers: Headers, name: string, token: string): boolean {
  const tokens = (headers.get(name) ?? "").split(",");
  return tokens.some((entry) => entry.trim().toLowerCase() === token);
}
