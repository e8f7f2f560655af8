// A peer of the guard that speaks bare TCP, so that it can misbehave.

import { connect as connectFrom } from "node:net";
import { concatBytes, utf8 } from "../../src/base/bytes.ts";

/** A TCP connection with what came in over it. */
export class RawPeer {
  readonly #conn: Deno.TcpConn;
  readonly #received: Uint8Array[] = [];
  #ended: Promise<void> | undefined;
  #arrived = Promise.withResolvers<void>();
  #hasEnded = false;

  private constructor(conn: Deno.TcpConn, reads: boolean) {
    this.#conn = conn;
    if (reads) this.#ended = this.#readAll();
  }

  /** Connects to a port of 127.0.0.1; with `reads: false` it reads when its end is asked for. */
  static async connect(port: number, { reads = true } = {}): Promise<RawPeer> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    conn.setNoDelay();
    return new RawPeer(conn, reads);
  }

  /** Everything that came so far, a character per byte. */
  get text(): string {
    return new TextDecoder("latin1").decode(concatBytes(...this.#received));
  }

  /** How many bytes came so far. */
  get receivedBytes(): number {
    return this.#received.reduce((sum, piece) => sum + piece.length, 0);
  }

  /** Sends all bytes; false where the connection ended meanwhile. */
  async send(bytes: Uint8Array): Promise<boolean> {
    try {
      let left = bytes;
      while (left.length > 0) left = left.subarray(await this.#conn.write(left));
      return true;
    } catch {
      return false;
    }
  }

  /** Sends the same bytes until the connection ends; how many were taken. */
  async sendForever(bytes: Uint8Array): Promise<number> {
    let sent = 0;
    while (await this.send(bytes)) sent += bytes.length;
    return sent;
  }

  /** Waits until what came satisfies the condition; throws where the connection ends before. */
  async until(condition: (text: string) => boolean): Promise<void> {
    while (!condition(this.text)) {
      if (this.#hasEnded) throw new Error(`The connection ended after: ${this.text.slice(0, 500)}`);
      await this.#arrived.promise;
    }
  }

  /** Waits until the connection ends; what came over it, as text. */
  async untilEnd(): Promise<string> {
    await (this.#ended ??= this.#readAll());
    return this.text;
  }

  /** Closes this side. */
  close(): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
    }
  }

  async #readAll(): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const length = await this.#conn.read(buffer);
        if (length === null) break;
        this.#received.push(buffer.slice(0, length));
        this.#notify();
      }
    } catch {
      // A reset is an end, too.
    }
    this.#hasEnded = true;
    this.close();
    this.#notify();
  }

  #notify(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
  }
}

/** The bytes of a request without a body, or of the beginning of one. */
export function requestBytes(path: string, extra = ""): Uint8Array<ArrayBuffer> {
  return utf8(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${extra}\r\n`);
}

/** The bytes of a POST's head. */
export function postHead(path: string, length: number): Uint8Array<ArrayBuffer> {
  return utf8(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${length}\r\n\r\n`,
  );
}

/** The bytes of a WebSocket upgrade; by default to a socket that the guard serves. */
export function upgradeBytes(path = "/ws"): Uint8Array<ArrayBuffer> {
  return requestBytes(
    path,
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
  );
}

/** A frame's head as clients send it, with a mask of zeros; a control frame's is as short as it must be. */
export function frameHead(
  length: number,
  { opcode = 1, isLast = true }: { opcode?: number; isLast?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  if (opcode >= 8) return Uint8Array.of(0x80 | opcode, 0x80 | length, 0, 0, 0, 0);
  const head = new Uint8Array(14);
  const view = new DataView(head.buffer);
  view.setUint8(0, (isLast ? 0x80 : 0) | opcode);
  view.setUint8(1, 0x80 | 127);
  view.setBigUint64(2, BigInt(length));
  return head;
}

/** A text frame. */
export function textFrame(text: string): Uint8Array<ArrayBuffer> {
  const bytes = utf8(text);
  const frame = new Uint8Array(14 + bytes.length);
  frame.set(frameHead(bytes.length));
  frame.set(bytes, 14);
  return frame;
}

/** Upgrades a connection to a WebSocket. */
export async function upgrade(peer: RawPeer, path?: string): Promise<void> {
  await peer.send(upgradeBytes(path));
  await peer.until((text) => text.includes("101 Switching Protocols"));
}

/** Asks for a path on a connection of its own, which stays open. */
export async function ask(port: number, path: string): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  await peer.send(requestBytes(path));
  await peer.until((text) => /\r\n\r\n.+$/.test(text));
  return peer;
}

/**
 * Asks for /address from another address of this host, which Deno.connect() cannot choose; the
 * connection stays open.
 */
export async function askFrom(
  address: string,
  port: number,
): Promise<{ answer: string; close: () => void }> {
  const socket = connectFrom({ host: "127.0.0.1", port, localAddress: address });
  socket.write(requestBytes("/address"));
  const answer = await new Promise<string>((resolve, reject) => {
    socket.once("data", (bytes) => resolve(bytes.toString("latin1")));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("The connection ended")));
  });
  return { answer, close: () => socket.destroy() };
}
