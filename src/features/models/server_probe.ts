// Whether the model server answers, for whoever watches the device. Asked at most once in a while,
// because anybody may ask here: the answer in between is the last one.

import type { Clock } from "../../base/clock.ts";
import type { Fetch } from "./upstream.ts";

/** How long the server has to answer, in milliseconds. */
export const PROBE_LIMIT_MS = 2_000;

/** How long an answer is good for, in milliseconds. */
export const PROBE_LIFETIME_MS = 5_000;

/** Options of {@linkcode ServerProbe}. */
export interface ServerProbeOptions {
  /** The server's base URL at this moment, without a slash at its end. */
  baseUrl: () => string;
  fetch: Fetch;
  clock: Clock;
}

/** Looks whether a server is there. */
export class ServerProbe {
  readonly #options: ServerProbeOptions;
  #last: { readonly atMs: number; readonly answer: Promise<boolean> } | undefined;

  /** Has not looked yet. */
  constructor(options: ServerProbeOptions) {
    this.#options = options;
  }

  /** Whether the server answers a question that costs it nothing. Never rejects. */
  isThere(): Promise<boolean> {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#last === undefined || nowMs - this.#last.atMs >= PROBE_LIFETIME_MS) {
      this.#last = { atMs: nowMs, answer: this.#ask() };
    }
    return this.#last.answer;
  }

  async #ask(): Promise<boolean> {
    const { baseUrl, fetch, clock } = this.#options;
    const abort = new AbortController();
    const cancel = clock.after(PROBE_LIMIT_MS, () => abort.abort());
    try {
      const { signal } = abort;
      const url = `${baseUrl()}/api/version`;
      const response = await fetch(url, { method: "GET", redirect: "manual", signal });
      await response.body?.getReader().cancel();
      return response.status === 200;
    } catch {
      return false;
    } finally {
      cancel();
    }
  }
}
