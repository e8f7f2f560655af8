// A server that the bench measures: this tree's service, another tree's, or another server of the
// same protocol.

import { Buffer } from "node:buffer";
import { pairPhone } from "../support/reference_phone.ts";
import { callLocal } from "../support/service_process.ts";
import { listenerPid } from "./listener_pid.ts";
import type { LoadPairing } from "./load/load_session.ts";

/** How a server is started. */
export interface SubjectStart {
  /**
   * Whether nothing is left of a start before it, as after flashing.
   * @default false
   */
  isFirst?: boolean;
  /**
   * How long every sync of its disk takes at least, in milliseconds.
   * @default no longer than the disk needs
   */
  slowFsyncMs?: number;
  /**
   * A file to which it reports the delays of its event loop.
   * @default it does not report
   */
  delayFile?: string;
}

/** A server that can be measured. */
export interface Subject {
  /** What its column is called. */
  readonly name: string;
  /**
   * Starts it and waits until it is ready. A reason where it cannot be started so: a row is left
   * out then.
   */
  start(options?: SubjectStart): Promise<RunningServer | { readonly whyNot: string }>;
}

/** A server that runs. */
export interface RunningServer {
  /** Its port. */
  readonly port: number;
  /** Its process. */
  readonly pid: number;
  /** Ids of the clients that the bench has paired and has to remove. */
  readonly paired: string[];
  /** From the start of its process until it was ready, in milliseconds. */
  readonly startMs: number;
  /** Opens pairing; the PIN. */
  openPin(): Promise<string>;
  /** Ends it, where the bench has started it; see {@linkcode endServer}. */
  stop(): Promise<void>;
}

/**
 * How long a first start is left alone, in milliseconds: a service may start once more by itself when
 * its code is compiled and nobody has come.
 */
export const FIRST_REST_MS = 6000;

const POLL_MS = 1;
const START_LIMIT_MS = 20_000;

/** Its address for a client on this machine. */
export function localUrl({ port }: RunningServer): string {
  return `http://127.0.0.1:${port}`;
}

/** Its address for sessions, seen from a host that reaches this machine as `host`. */
export function sessionUrl({ port }: RunningServer, host = "127.0.0.1"): string {
  return `ws://${host}:${port}/api/v0.1`;
}

/** Pairs some clients. */
export async function pairClients(server: RunningServer, count: number): Promise<LoadPairing[]> {
  const pairings: LoadPairing[] = [];
  for (let i = 0; i < count; i++) {
    const options = { pin: await server.openPin(), name: `Bench ${i + 1}` };
    const { authToken, clientId, pairingKey } = await pairPhone(localUrl(server), options);
    server.paired.push(clientId);
    pairings.push({ authToken, pairingKey: Buffer.from(pairingKey).toString("hex") });
  }
  return pairings;
}

/** Removes the clients that the bench has paired, and ends the server. */
export async function endServer(server: RunningServer): Promise<void> {
  for (const clientId of server.paired.splice(0)) {
    await callLocal(localUrl(server), "clients.delete", { clientId });
  }
  await server.stop();
}

/** Waits until a server on this machine answers GET /health, and says since when it has run. */
export async function untilReady(
  port: number,
  startedAtMs: number,
): Promise<{ pid: number; startMs: number }> {
  while (!await isReady(port)) {
    if (performance.now() - startedAtMs > START_LIMIT_MS) {
      throw new Error(`No server is ready on port ${port} after ${START_LIMIT_MS} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const startMs = performance.now() - startedAtMs;
  const pid = listenerPid(port);
  if (pid === undefined) throw new Error(`Cannot tell which process listens on port ${port}`);
  return { pid, startMs };
}

// Over a bare connection: what fetch does first takes longer than some servers take to start.
async function isReady(port: number): Promise<boolean> {
  try {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const request = `GET /health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`;
    await conn.write(new TextEncoder().encode(request));
    const answer = await new Response(conn.readable).text();
    return /^HTTP\/1\.[01] 200 /.test(answer) && !answer.includes('"starting"');
  } catch {
    return false;
  }
}
