// The one bus for what the device tells without being asked. Each connection subscribes; what a
// slow subscriber does is its own business, publishing never waits.

import { encodeNotification } from "./message.ts";
import type { Audience, PayloadOf } from "./notification_table.ts";

/** Takes one notification as JSON-RPC text; must not throw. */
export type NotificationSink = (text: string, audience: Audience) => void;

/** The bus. */
export class Notifications {
  readonly #sinks = new Set<NotificationSink>();
  readonly #onHeard: (() => void)[] = [];

  /** Whether anybody listens. */
  get isHeard(): boolean {
    return this.#sinks.size > 0;
  }

  /** Calls `listener` whenever somebody begins to listen. */
  whenHeard(listener: () => void): void {
    this.#onHeard.push(listener);
  }

  /** Sends everything published from now on to `sink`, until the result is called. */
  subscribe(sink: NotificationSink): () => void {
    this.#sinks.add(sink);
    for (const listener of this.#onHeard) listener();
    return () => this.#sinks.delete(sink);
  }

  /** Tells all subscribers, or some of them. */
  publish<Method extends string>(
    method: Method,
    params: PayloadOf<Method>,
    audience: Audience = "everyone",
  ): void {
    const text = encodeNotification(method, params);
    for (const sink of [...this.#sinks]) sink(text, audience);
  }
}
