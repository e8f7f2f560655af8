// Server-sent events: every notification as one event (docs/protocol.md §8). A reader that falls
// behind by more than the buffer is cut and delays nobody.

import { AppError } from "../../base/app_error.ts";
import { type Clock, every } from "../../base/clock.ts";
import type { NotificationSink } from "../../features/rpc/notifications.ts";

/** How many events may wait for a reader. */
export const MAX_BUFFERED_EVENTS = 100;

/** How often a comment tells that the stream is alive, in milliseconds. */
export const KEEP_ALIVE_MS = 30_000;

const encoder = new TextEncoder();

/** Options of {@linkcode EventStreams.open}. */
export interface EventStreamOptions {
  /** Whether the reader is the device itself. */
  isLocal: boolean;
  /** Cuts the connection below, where the listener can. */
  abort: () => void;
  /**
   * Has the stream cut when the key that opened it ends, until the result is called.
   * @default no key opened it
   */
  hold?: (cut: () => void) => () => void;
}

interface OpenStream {
  send(text: string): void;
  end(): void;
}

/** All event streams that are open. */
export class EventStreams {
  readonly #streams = new Set<OpenStream>();
  readonly #subscribe: (sink: NotificationSink) => () => void;
  readonly #clock: Clock;

  /** Streams of a notification bus. */
  constructor(subscribe: (sink: NotificationSink) => () => void, clock: Clock) {
    this.#subscribe = subscribe;
    this.#clock = clock;
  }

  /** A response that streams until its reader leaves, falls behind, or the service stops. */
  open(options: EventStreamOptions): Response {
    const { isLocal, abort, hold = () => () => {} } = options;
    let close = (): void => {};
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const stream: OpenStream = {
          send: (text) => {
            // The platform's queue has no bound of its own.
            if ((controller.desiredSize ?? 0) <= 0) {
              return cut(new AppError("unavailable", "The reader fell behind"));
            }
            controller.enqueue(encoder.encode(text));
          },
          end: () => {
            close();
            controller.close();
          },
        };
        const cut = (reason: AppError): void => {
          close();
          controller.error(reason);
          abort();
        };
        const release = hold(() => cut(new AppError("gone", "The key has ended")));
        const unsubscribe = this.#subscribe((text, audience) => {
          if (audience === "everyone" || isLocal) stream.send(`data: ${text}\n\n`);
        });
        const stopTimer = every(this.#clock, KEEP_ALIVE_MS, () => stream.send(": alive\n\n"));
        this.#streams.add(stream);
        close = () => {
          stopTimer();
          unsubscribe();
          release();
          this.#streams.delete(stream);
        };
        // Browsers report the stream as open with its first byte.
        stream.send(": open\n\n");
      },
      cancel: () => close(),
    }, new CountQueuingStrategy({ highWaterMark: MAX_BUFFERED_EVENTS }));
    return new Response(body, {
      headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" },
    });
  }

  /** How many are open. */
  get count(): number {
    return this.#streams.size;
  }

  /** Ends all of them. */
  close(): void {
    for (const stream of [...this.#streams]) stream.end();
  }
}
