// What the device tells without being asked, for programs that read it in a loop. Every reader has a
// queue of its own from the moment it asked; one that falls too far behind is told so.

import { type Deferred, deferred } from "../base/deferred.ts";
import { ClientError } from "./client_error.ts";
import type { DeviceNotification } from "./device_notification.ts";

/** How many notifications wait for a reader at most. */
export const MAX_WAITING_NOTIFICATIONS = 1024;

type Result = IteratorResult<DeviceNotification, undefined>;

/** Hands notifications to readers. */
export class NotificationFeed {
  readonly #readers = new Set<FeedReader>();
  #ending: { error: unknown } | undefined;

  /** Gives a notification to every reader. */
  publish(notification: DeviceNotification): void {
    for (const reader of [...this.#readers]) reader.push(notification);
  }

  /** Ends all reading, with an error or as an iteration ends by itself. */
  end(error?: unknown): void {
    this.#ending ??= { error };
    for (const reader of [...this.#readers]) reader.end(error);
  }

  /** A reader of what is published from now on; `signal` ends it with its reason. */
  read(signal?: AbortSignal): AsyncIterableIterator<DeviceNotification> {
    const reader = new FeedReader((left) => {
      this.#readers.delete(left);
      signal?.removeEventListener("abort", giveUp);
    });
    const giveUp = (): void => reader.end(signal?.reason);
    this.#readers.add(reader);
    signal?.addEventListener("abort", giveUp);
    if (signal?.aborted === true) giveUp();
    else if (this.#ending !== undefined) reader.end(this.#ending.error);
    return reader;
  }
}

class FeedReader implements AsyncIterableIterator<DeviceNotification> {
  readonly #leave: (reader: FeedReader) => void;
  readonly #waiting: DeviceNotification[] = [];
  readonly #asked: Deferred<Result>[] = [];
  #isOver = false;
  #error: unknown;

  constructor(leave: (reader: FeedReader) => void) {
    this.#leave = leave;
  }

  push(notification: DeviceNotification): void {
    const asked = this.#asked.shift();
    if (asked !== undefined) return asked.resolve({ done: false, value: notification });
    if (this.#waiting.length === MAX_WAITING_NOTIFICATIONS) {
      return this.end(new ClientError("too_slow", "Too many notifications wait to be read"));
    }
    this.#waiting.push(notification);
  }

  end(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    this.#leave(this);
    for (const { resolve } of this.#asked.splice(0)) resolve(this.#last());
  }

  next(): Promise<Result> {
    const value = this.#waiting.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#isOver) return this.#last();
    const asked = deferred<Result>();
    this.#asked.push(asked);
    return asked.promise;
  }

  return(): Promise<Result> {
    this.#waiting.length = 0;
    this.end(undefined);
    this.#error = undefined;
    return this.#last();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  // An error is told once; then the iteration is over like any other.
  #last(): Promise<Result> {
    const error = this.#error;
    this.#error = undefined;
    return error === undefined
      ? Promise.resolve({ done: true, value: undefined })
      : Promise.reject(error);
  }
}
