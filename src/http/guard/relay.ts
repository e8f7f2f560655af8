// Bytes between a peer and the inner server, no faster than the account allows and no faster than
// the other side takes them. Thin on purpose: what may happen is decided in account.ts.

import type { ConnectionAccount } from "./account.ts";

/** How many bytes are moved at once. */
export const RELAY_BUFFER_BYTES: number = 16 * 1024;

/** How long a peer may take nothing of what the device sends, in milliseconds. */
export const WRITE_LIMIT_MS = 20_000;

/** Options of {@linkcode Relay}. */
export interface RelayOptions {
  /** The connection from outside. */
  peer: Deno.TcpConn;
  /** The connection to the inner server. */
  inner: Deno.TcpConn;
  /** What the peer may send. */
  account: ConnectionAccount;
  /** A clock that never goes back, in milliseconds. */
  nowMs: () => number;
}

/** A relay over two connections until one of them ends. */
export class Relay {
  /** Resolves when both connections are closed. Never rejects. */
  readonly done: Promise<void>;
  readonly #options: RelayOptions;
  #wake: (() => void) | undefined;
  #writeSinceMs: number | undefined;
  #isCut = false;

  /** Starts to move bytes. */
  constructor(options: RelayOptions) {
    this.#options = options;
    this.done = this.#run();
  }

  /** When the write to the peer that is under way must be done, if one is. */
  get writeCutAtMs(): number | undefined {
    return this.#writeSinceMs === undefined ? undefined : this.#writeSinceMs + WRITE_LIMIT_MS;
  }

  /** The account may allow reading again. */
  resume(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Closes both connections at once, with whatever is on its way. */
  cut(): void {
    this.#isCut = true;
    this.resume();
    closeQuietly(this.#options.peer);
    closeQuietly(this.#options.inner);
  }

  async #run(): Promise<void> {
    await Promise.all([this.#fromPeer(), this.#toPeer()]);
    this.cut();
  }

  // Ends with the peer's half of the conversation; the device may still be answering then.
  async #fromPeer(): Promise<void> {
    const { peer, inner, account, nowMs } = this.#options;
    const buffer = new Uint8Array(RELAY_BUFFER_BYTES);
    try {
      for (;;) {
        while (!account.mayRead && !this.#isCut) {
          // deno-lint-ignore no-await-in-loop -- reading waits until the handler got somewhere
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
        if (this.#isCut) return;
        const room = Math.min(buffer.length, account.leftBytes);
        // deno-lint-ignore no-await-in-loop -- one piece after the other
        const length = await peer.read(buffer.subarray(0, room));
        if (length === null) break;
        account.received(length, nowMs());
        // deno-lint-ignore no-await-in-loop -- as above
        await writeAll(inner, buffer.subarray(0, length));
      }
      await inner.closeWrite();
    } catch {
      this.cut();
    }
  }

  async #toPeer(): Promise<void> {
    const { peer, inner, nowMs } = this.#options;
    const buffer = new Uint8Array(RELAY_BUFFER_BYTES);
    try {
      for (;;) {
        // deno-lint-ignore no-await-in-loop -- one piece after the other
        const length = await inner.read(buffer);
        if (length === null) break;
        this.#writeSinceMs = nowMs();
        // deno-lint-ignore no-await-in-loop -- as above
        await writeAll(peer, buffer.subarray(0, length));
        this.#writeSinceMs = undefined;
      }
    } catch {
      // The connection has ended, from whichever side.
    }
    // The inner server has closed: what the peer still says goes nowhere.
    this.cut();
  }
}

/** Writes all bytes. */
export async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  let left = bytes;
  // deno-lint-ignore no-await-in-loop -- a write may take a part only
  while (left.length > 0) left = left.subarray(await conn.write(left));
}

/** Closes a connection that may be closed already. */
export function closeQuietly(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}
