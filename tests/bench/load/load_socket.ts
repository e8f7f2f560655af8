// One connection of the load client: sends calls, and tells when they are answered.

import type { Buffer } from "node:buffer";
import WebSocket from "ws";
import { createLoadSession, type Envelope, type LoadPairing } from "./load_session.ts";

// 300 bytes with the call in it, as apps send them.
const CALL = `{"jsonrpc":"2.0","id":1,"method":"version"${" ".repeat(257)}}`;
const PING = "ping";

/** An open connection. */
export interface LoadSocket {
  /** Whether it can be used. */
  readonly isOpen: boolean;
  /** Sends a call. */
  call(): void;
  /** Called with each answer, in order: how long it took, in milliseconds. */
  onAnswer: (tookMs: number) => void;
  /** Called once when the connection is over, and why. */
  onEnd: (why: string) => void;
  /** Ends it without ceremony. */
  close(): void;
}

/** Connects and waits for the first answer, which is what a session begins with. */
export async function connectLoad(
  url: string,
  options: { pairing: LoadPairing; envelope: Envelope },
): Promise<LoadSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const session = createLoadSession(options.pairing, options.envelope);
  const sentAtMs: number[] = [];
  const send = (text: string): void => {
    sentAtMs.push(performance.now());
    socket.send(session.seal(text));
  };
  const load: LoadSocket = {
    get isOpen(): boolean {
      return socket.readyState === WebSocket.OPEN;
    },
    call: () => send(CALL),
    onAnswer: () => {},
    onEnd: () => {},
    close(): void {
      load.onEnd = () => {};
      socket.terminate();
    },
  };
  socket.on("open", () => send(PING));
  socket.on("message", (data: Buffer) => {
    session.open(data);
    load.onAnswer(performance.now() - (sentAtMs.shift() ?? NaN));
  });
  socket.on("close", (code: number) => load.onEnd(`The server closed a connection: ${code}`));
  socket.on("error", (error: Error) => load.onEnd(`A connection failed: ${error.message}`));
  await new Promise<void>((resolve, reject) => {
    load.onAnswer = () => resolve();
    load.onEnd = (why) => reject(new Error(why));
  });
  return load;
}
