// Saying no to a connection for which there is no room, without a server behind it: one answer,
// and a short time in which the peer may read it.

import { type Bytes, utf8 } from "../../../base/bytes.ts";
import type { Clock } from "../../../base/clock.ts";
import type { GuardLimits } from "./guard_limits.ts";
import { LINGER_BYTES } from "./relay.ts";
import { closeQuietly, type TcpStream, writeAll } from "./tcp_stream.ts";

/** The whole HTTP answer that refuses a connection (docs/protocol.md §10). */
export function encodeRefusal(requestId: string): Bytes {
  const body = JSON.stringify({
    error: { code: "unavailable", message: "Too many connections", request_id: requestId },
  });
  return utf8([
    "HTTP/1.1 503 Service Unavailable",
    "Content-Type: application/json",
    `Content-Length: ${utf8(body).length}`,
    `X-Request-ID: ${requestId}`,
    "Retry-After: 1",
    "Connection: close",
    "",
    body,
  ].join("\r\n"));
}

/** Options of {@linkcode Refusals}. */
export interface RefusalsOptions {
  /** The bytes of the next refusal. */
  answer: () => Uint8Array;
  limits: GuardLimits;
  clock: Clock;
}

/** The connections that are being refused. */
export class Refusals {
  readonly #options: RefusalsOptions;
  readonly #lingering = new Map<TcpStream, Promise<void>>();

  /** None yet. */
  constructor(options: RefusalsOptions) {
    this.#options = options;
  }

  /**
   * Refuses a connection; resolves when the answer is out, which the peer may then still be
   * reading. Never rejects.
   */
  async refuse(peer: TcpStream): Promise<void> {
    const { answer, limits, clock } = this.#options;
    const cancel = clock.after(limits.lingerMs, () => closeQuietly(peer));
    const end = (): void => {
      cancel();
      closeQuietly(peer);
      this.#lingering.delete(peer);
    };
    try {
      await writeAll(peer, answer());
      await peer.closeWrite();
    } catch {
      // The peer did not want the answer, or its time is over.
      return end();
    }
    // Closing over unread bytes would reset the connection and take the answer with it.
    if (this.#lingering.size >= limits.maxRefusing) return end();
    this.#lingering.set(peer, readToEnd(peer).then(end, end));
  }

  /** Closes all that linger; resolves when they are closed. */
  async close(): Promise<void> {
    const ends = [...this.#lingering.values()];
    for (const peer of [...this.#lingering.keys()]) closeQuietly(peer);
    await Promise.all(ends);
  }
}

async function readToEnd(peer: TcpStream): Promise<void> {
  const buffer = new Uint8Array(4096);
  for (let length = 0; length < LINGER_BYTES;) {
    const read = await peer.read(buffer);
    if (read === null) return;
    length += read;
  }
}
