// One WebSocket to the device, read message by message: what comes next, or that it is closed.

import type { Clock } from "../../base/clock.ts";
import type { WireMessage } from "../../protocol/v1/frame.ts";
import type { WebSocketLike } from "../../protocol/web_socket_like.ts";
import { Deviation, quoted } from "./deviation.ts";

/** What comes next on a socket. */
export type SocketEvent =
  | { readonly kind: "message"; readonly message: WireMessage }
  | { readonly kind: "closed"; readonly code: number };

/** An open WebSocket. */
export interface JudgedSocket {
  /** Sends a message. */
  send(message: WireMessage): void;
  /** What comes next; throws Deviation where nothing comes in time. A close is always the last. */
  next(): Promise<SocketEvent>;
  /** The next message; throws Deviation where the device closes instead. */
  nextMessage(): Promise<WireMessage>;
  /** Waits until the device has closed; throws Deviation where it says something first. */
  closedInSilence(): Promise<{ readonly code: number }>;
  /** Closes it. */
  close(): void;
}

/** Options of {@linkcode listenToSocket}. */
export interface ListenToSocketOptions {
  clock: Clock;
  /** How long the device may take, in milliseconds. */
  limitMs: number;
}

/** The socket once it is open; undefined where the device refuses it. */
export async function listenToSocket(
  socket: WebSocketLike,
  options: ListenToSocketOptions,
): Promise<JudgedSocket | undefined> {
  const opened = Promise.withResolvers<boolean>();
  const events: SocketEvent[] = [];
  let wake = (): void => {};
  let isClosed = false;
  const add = (event: SocketEvent): void => {
    // The platform tells a close twice at times.
    if (isClosed) return;
    isClosed = event.kind === "closed";
    events.push(event);
    wake();
  };
  const end = (code: number): void => {
    opened.resolve(false);
    add({ kind: "closed", code });
  };
  socket.binaryType = "arraybuffer";
  socket.onopen = () => opened.resolve(true);
  socket.onmessage = ({ data }: { data: string | ArrayBuffer }) =>
    add({ kind: "message", message: typeof data === "string" ? data : new Uint8Array(data) });
  socket.onclose = ({ code }: { code?: number }) => end(code ?? 0);
  socket.onerror = () => end(0);
  const { clock, limitMs } = options;
  const cancel = clock.after(limitMs, () => opened.resolve(false));
  const isOpen = await opened.promise.finally(cancel);
  if (!isOpen) {
    socket.close();
    return undefined;
  }

  function arrival(): Promise<void> {
    if (events.length > 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = clock.after(limitMs, () => {
        reject(new Deviation(`neither answered nor closed within ${limitMs / 1000} s`));
      });
      wake = () => {
        stop();
        resolve();
      };
    });
  }
  async function next(): Promise<SocketEvent> {
    await arrival();
    const [event] = events;
    if (event === undefined) throw new Error("There is an event");
    if (event.kind === "message") events.shift();
    return event;
  }
  return {
    send: (message) => socket.send(message),
    next,
    async nextMessage(): Promise<WireMessage> {
      const event = await next();
      if (event.kind === "closed") throw new Deviation(`closed without an answer (${event.code})`);
      return event.message;
    },
    async closedInSilence(): Promise<{ readonly code: number }> {
      const event = await next();
      if (event.kind === "closed") return event;
      const { message } = event;
      throw new Deviation(
        `answered ${
          typeof message === "string" ? quoted(message) : `${message.length} bytes`
        }, expected a close without a message`,
      );
    },
    close: () => socket.close(),
  };
}
