// Takes connections from a listener for as long as it is open, whatever happens to single ones: a
// peer that reset before it was accepted costs nothing, running out of file descriptors is a pause.

import type { Clock } from "../../../base/clock.ts";
import { asError } from "../../../base/app_error.ts";
import type { RareWarning } from "./rare_warning.ts";

/** How long accepting pauses where the system has no room for a connection, in milliseconds. */
export const ACCEPT_RETRY_MS = 100;

/** Options of {@linkcode AcceptLoop}. */
export interface AcceptLoopOptions<Connection> {
  /** Where connections come from. */
  listener: { accept(): Promise<Connection>; close(): void };
  /** Takes a connection and says when the next one may come; must neither throw nor reject. */
  onConnection: (connection: Connection) => Promise<void>;
  /** Hears of failures that are not a single peer's. */
  warning: RareWarning;
  clock: Clock;
}

/** An endless accept. */
export class AcceptLoop<Connection> {
  /** Resolves when the loop has ended. Never rejects. */
  readonly done: Promise<void>;
  readonly #options: AcceptLoopOptions<Connection>;
  #isClosed = false;
  #endPause: (() => void) | undefined;

  /** Begins at once. */
  constructor(options: AcceptLoopOptions<Connection>) {
    this.#options = options;
    this.done = this.#run();
  }

  /** Closes the listener; does nothing the second time. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.listener.close();
    this.#endPause?.();
  }

  async #run(): Promise<void> {
    const { listener, onConnection, warning } = this.#options;
    while (!this.#isClosed) {
      try {
        await onConnection(await listener.accept());
      } catch (error) {
        if (this.#isClosed) return;
        // Whoever resets many connections must not slow down those of others by a pause for each.
        if (!isLocalFailure(error)) continue;
        warning.warn(asError(error));
        await this.#pause();
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ACCEPT_RETRY_MS, resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }
}

// The codes by which the system says that it has no room (accept(2)).
const EXHAUSTION_CODES: readonly unknown[] = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"];

// Everything else that accept(2) fails with belongs to the one connection; a listener that is gone
// would fail for ever without a pause.
function isLocalFailure(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return EXHAUSTION_CODES.includes(code) || error instanceof Deno.errors.BadResource;
}
