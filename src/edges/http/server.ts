// One Deno.serve with a loop around it, because the platform gives up listening when it runs out
// of file descriptors. Which addresses there are and how they fit together is listeners.ts.

import { AppError, asError } from "../../base/app_error.ts";
import { settledWithin, systemClock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { errorResponse } from "./error_response.ts";

const RELISTEN_DELAY_MS = 200;

/** Options of {@linkcode startServer}. */
export interface ServerOptions {
  /** The IP address to listen on. */
  hostname: string;
  /** The port; 0 lets the system choose. */
  port: number;
  /** Answers a request from the given address and port. */
  handler: (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => Promise<Response>;
  /** Names a request that never reached the handler. */
  requestId: () => string;
  log: Logger;
}

/** A running listener. */
export interface Server {
  /** The port it listens on. */
  readonly port: number;
  /**
   * Stops accepting and waits for answers under way, for `graceMs` at most. Who still takes none then
   * is cut by the end of the process.
   */
  stop(graceMs: number): Promise<void>;
}

/** Starts to listen; throws the platform's error where the address is not to be had. */
export function startServer(options: ServerOptions): Server {
  const { hostname, handler, requestId, log } = options;
  let isStopping = false;
  const listen = (port: number): Deno.HttpServer<Deno.NetAddr> =>
    Deno.serve({
      hostname,
      port,
      reusePort: true,
      onListen: () => {},
      onError: (error) => {
        // Routes answer theirs themselves: one that comes here has cut an answer on purpose.
        if (error instanceof AppError) {
          log.debug("Answer cut", { code: error.code, reason: error.message });
          return errorResponse(error, requestId());
        }
        log.error("Request failed before its route", { error: asError(error) });
        return errorResponse(new AppError("bad_request", "Malformed request"), requestId());
      },
    }, handler);
  let server = listen(options.port);
  const { port } = server.addr;
  watch();

  function watch(): void {
    server.finished.catch((error: unknown) => {
      if (isStopping) return;
      log.error("Listener failed, will retry", { error: asError(error) });
      setTimeout(relisten, RELISTEN_DELAY_MS);
    });
  }

  function relisten(): void {
    if (isStopping) return;
    try {
      server = listen(port);
      watch();
    } catch (error) {
      log.error("Cannot listen again yet", { error: asError(error) });
      setTimeout(relisten, RELISTEN_DELAY_MS);
    }
  }

  return {
    port,
    async stop(graceMs: number): Promise<void> {
      isStopping = true;
      // An abort after this would not cut who takes nothing: it would keep the promise from settling.
      const work = server.shutdown().catch((error: unknown) => {
        log.warn("Listener ended with an error", { error: asError(error) });
      });
      await settledWithin(systemClock, { work, limitMs: graceMs });
    },
  };
}
