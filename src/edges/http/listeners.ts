// All the ways in, on one port (docs/protocol.md §8 and §9): the loopback addresses directly, every
// other address through the guard. The kernel gives a connection to the listener whose address
// fits best, so what comes to 127.0.0.1 or ::1 does not meet the guard while there is a listener for
// it, and nothing else gets past it. Where one of these listeners is away for a moment (server.ts),
// the guard takes its connections: they count as remote then, which is the safe side.

import type { Clock } from "../../base/clock.ts";
import { AppError, asError } from "../../base/app_error.ts";
import { isLoopbackAddress, normalizeAddress } from "../../base/ip_address.ts";
import type { Logger } from "../../base/log.ts";
import type { RandomSource } from "../../base/random.ts";
import { formatSocketAddress, type SocketAddress } from "../../base/socket_address.ts";
import { errorResponse } from "./error_response.ts";
import { type Guard, startGuard } from "./guard/guard.ts";
import { type ConnectionLimits, guardLimitsOf } from "./guard/guard_limits.ts";
import { encodeRefusal } from "./guard/refusal.ts";
import type { Peer } from "./request_env.ts";
import { type Server, startServer } from "./server.ts";

/** Options of {@linkcode startListeners}. */
export interface ListenersOptions {
  /** Where to listen: one address, or undefined for every interface. */
  listen: SocketAddress | { hostname: undefined; port: number };
  /** How many connections there may be from outside, at this moment. */
  limits: () => ConnectionLimits;
  /**
   * The file descriptors of the process.
   * @default as many as it needs
   */
  maxDescriptors?: number | undefined;
  /** Answers requests. */
  handler: (request: Request, peer: Peer) => Response | Promise<Response>;
  /** Draws the name of a request that never reached the handler. */
  requestId: () => string;
  /** Chooses whose connection is evicted. */
  random: RandomSource;
  clock: Clock;
  log: Logger;
}

/** The running listeners. */
export interface Listeners {
  /** The port of all of them. */
  readonly port: number;
  /** The address that other hosts reach, if any. */
  readonly outside: string | undefined;
  /** Numbers of the guard; undefined without one. */
  counts(): ReturnType<Guard["counts"]> & { waiting: number } | undefined;
  /** Accepts nobody from outside any more. */
  stopAccepting(): void;
  /** Stops all, giving answers under way `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** A place to listen is taken; the message tells the owner. */
export class AddressTakenError extends Error {
  /** An error about an address. */
  constructor(address: SocketAddress, options: ErrorOptions = {}) {
    const text = formatSocketAddress(address);
    super(`Cannot listen on ${text}: another program listens there already`, options);
    this.name = "AddressTakenError";
  }
}

/** The address to listen on cannot be had; the message tells the owner. */
export class AddressUnusableError extends Error {
  /** An error about an address. */
  constructor(hostname: string, options: ErrorOptions = {}) {
    super(
      `Cannot listen on ${hostname}, as listen in [service] says: this device has no such address`,
      options,
    );
    this.name = "AddressUnusableError";
  }
}

/** The port to listen on needs a right that the service does not have; the message tells the owner. */
export class PortForbiddenError extends Error {
  /** An error about a port. */
  constructor(port: number, options: ErrorOptions = {}) {
    super(
      `Cannot listen on port ${port}, as listen in [service] says: it needs root or ` +
        "CAP_NET_BIND_SERVICE. Name a port from 1024 on",
      options,
    );
    this.name = "PortForbiddenError";
  }
}

// Nobody is connected yet: this only keeps the platform from being told twice to stop.
const FAILED_START_GRACE_MS = 1000;

/**
 * Starts all listeners; throws AddressTakenError, AddressUnusableError, PortForbiddenError or the
 * platform's error, leaving none behind.
 */
export async function startListeners(options: ListenersOptions): Promise<Listeners> {
  const { listen, requestId, log, clock, maxDescriptors } = options;
  const servers: Server[] = [];
  let guard: Guard | undefined;
  try {
    const outside = outsideAddress(listen.hostname);
    if (outside !== undefined) requireAddress(outside);
    // The ports are shared on purpose, so a second instance would share them unseen: ask first.
    probe({ hostname: "127.0.0.1", port: listen.port });
    const first = startServer({
      hostname: "127.0.0.1",
      port: listen.port,
      handler: (request, info) => serveLocal(request, info),
      requestId,
      log,
    });
    servers.push(first);
    const { port } = first;
    const sixth = startLoopback6(port);
    if (sixth !== undefined) servers.push(sixth);
    if (outside !== undefined) {
      const inner = startServer({
        hostname: "127.0.0.1",
        port: 0,
        handler: (request, info) => serveGuarded(request, info),
        requestId,
        log,
      });
      servers.push(inner);
      guard = startGuard({
        hostname: outside,
        port,
        innerPort: inner.port,
        refusal: () => encodeRefusal(requestId()),
        random: options.random,
        clock,
        log,
        limits: () => guardLimitsOf(options.limits()),
        ...(maxDescriptors === undefined ? {} : { maxDescriptors }),
      });
    }
    return {
      port,
      outside,
      counts: () => guard && { ...guard.counts(), waiting: guard.waiting() },
      stopAccepting: () => guard?.stopAccepting(),
      stop: (graceMs) => stopAll(graceMs),
    };
  } catch (error) {
    await stopAll(FAILED_START_GRACE_MS);
    throw error;
  }

  async function stopAll(graceMs: number): Promise<void> {
    guard?.stopAccepting();
    await Promise.all(servers.map((server) => server.stop(graceMs)));
    await guard?.close();
  }

  function startLoopback6(port: number): Server | undefined {
    try {
      return startServer({
        hostname: "::1",
        port,
        handler: (request, info) => serveLocal(request, info),
        requestId,
        log,
      });
    } catch (error) {
      log.debug("No listener on ::1", { error: asError(error) });
      return undefined;
    }
  }

  async function serveLocal(
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Promise<Response> {
    const address = normalizeAddress(info.remoteAddr.hostname);
    const peer = { address, cameOverLoopback: true, guarded: undefined };
    return await options.handler(request, peer);
  }

  async function serveGuarded(
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Promise<Response> {
    const guarded = guard?.find(info.remoteAddr.port);
    if (guarded === undefined) {
      return errorResponse(new AppError("forbidden", "Not allowed from this address"), requestId());
    }
    const peer = { address: guarded.address, cameOverLoopback: false, guarded };
    const response = await options.handler(request, peer);
    // Where the guard has sent the answer, the inner server has lost the connection and sends nothing.
    if (response.status === 101) guarded.upgraded(response);
    else {
      const done = (): void => guarded.answered();
      info.completed.then(done, done);
    }
    return response;
  }
}

// A specific loopback address needs no way in from outside.
function outsideAddress(hostname: string | undefined): string | undefined {
  if (hostname !== undefined) return isLoopbackAddress(hostname) ? undefined : hostname;
  return hasIpv6() ? "::" : "0.0.0.0";
}

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

function requireAddress(hostname: string): void {
  try {
    Deno.listen({ hostname, port: 0 }).close();
  } catch (error) {
    if (error instanceof Deno.errors.AddrNotAvailable) {
      throw new AddressUnusableError(hostname, { cause: error });
    }
    throw error;
  }
}

function probe(address: SocketAddress): void {
  if (address.port === 0) return;
  try {
    Deno.listen({ ...address, reusePort: false }).close();
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new AddressTakenError(address, { cause: error });
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new PortForbiddenError(address.port, { cause: error });
    }
    throw error;
  }
}
