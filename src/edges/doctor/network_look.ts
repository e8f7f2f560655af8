// The doctor's look at the network: who listens on the port, whether the service answers at an
// address, and whether the guard stands there. Plain sockets, so that no proxy and no pool of the
// platform gets in between; each is closed before its answer is given.

import { normalizeAddress } from "../../base/ip_address.ts";
import { formatSocketAddress, type SocketAddress } from "../../base/socket_address.ts";
import type { GuardFacts } from "../../features/doctor/doctor_facts.ts";
import { addressesNotInUse, listeningAddresses } from "../../features/doctor/proc_files.ts";

/** How long the service may take to say how it is, in milliseconds. */
export const HEALTH_LIMIT_MS = 2_000;

/** How long the guard may take to cut what it must, in milliseconds; it does so at once. */
export const GUARD_LIMIT_MS = 2_000;

/** How long the upstream of the model gateway may take to answer, in milliseconds. */
export const UPSTREAM_LIMIT_MS = 5_000;

const MAX_ANSWER_BYTES = 4096;
const HTTP2_PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const TCP_FILES = ["/proc/net/tcp", "/proc/net/tcp6"];

/** The addresses on which somebody listens on a port. */
export async function findListeners(port: number): Promise<string[]> {
  const texts = await Promise.all(TCP_FILES.map(readIfThere));
  return texts.flatMap((text) => listeningAddresses(text, port));
}

/** The addresses of this machine that are in use; those of a link with their zones. */
export async function findOwnAddresses(): Promise<string[]> {
  const unused = addressesNotInUse(await readIfThere("/proc/net/if_inet6"));
  const addresses = Deno.networkInterfaces()
    .filter(({ address }) => !unused.includes(normalizeAddress(address)))
    .map((found) => {
      // Without its zone, an address of a link leads nowhere.
      const isOfLink = normalizeAddress(found.address).startsWith("fe80:");
      const hasZone = isOfLink && found.family === "IPv6";
      return hasZone ? `${found.address}%${found.scopeid}` : found.address;
    });
  return [...new Set(addresses)];
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    // No IPv6, say.
    return "";
  }
}

/** What /health at an address says of the service; undefined where no Latchkey answers. */
export async function askHealth(address: SocketAddress): Promise<string | undefined> {
  const { hostname, port } = address;
  // A zone belongs to this machine alone, and not into a Host header.
  const host = formatSocketAddress({ hostname: hostname.replace(/%.*$/, ""), port });
  const request = `GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  const answer = await exchange(address, { send: request, limitMs: HEALTH_LIMIT_MS });
  return /^HTTP\/1\.1 200 [^]*\{"status":"ok","state":"([a-z_]+)"\}/.exec(answer.text)?.[1];
}

/** What becomes of a connection through `address` that begins with HTTP/2. */
export async function tryGuard(address: SocketAddress): Promise<GuardFacts["outcome"]> {
  const answer = await exchange(address, { send: HTTP2_PREFACE, limitMs: GUARD_LIMIT_MS });
  if (!answer.isConnected) return "unreachable";
  if (answer.text === "") return answer.isEnded ? "cut" : "open";
  return answer.text.startsWith("HTTP/1.1 503") ? "full" : "answered";
}

/** Whether anything answers a request to a URL, with whatever status. */
export async function isAnswered(url: string): Promise<boolean> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), UPSTREAM_LIMIT_MS);
  try {
    const response = await fetch(url, { signal: stop.signal, redirect: "manual" });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

interface Answer {
  /** Whether there was a connection at all. */
  readonly isConnected: boolean;
  /** Whether the peer ended it within the limit. */
  readonly isEnded: boolean;
  /** What came, its beginning at most. */
  readonly text: string;
}

// Sends a text and reads until the peer ends, the answer is long enough, or the limit is over.
async function exchange(
  address: SocketAddress,
  options: { send: string; limitMs: number },
): Promise<Answer> {
  const { send, limitMs } = options;
  const over = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => over.resolve(undefined), limitMs);
  const connecting = Deno.connect(address);
  let text = "";
  try {
    const connection = await Promise.race([connecting, over.promise]);
    if (connection === undefined) return { isConnected: false, isEnded: false, text };
    try {
      await Promise.race([connection.write(new TextEncoder().encode(send)), over.promise]);
      const buffer = new Uint8Array(MAX_ANSWER_BYTES);
      while (text.length < MAX_ANSWER_BYTES) {
        const length = await Promise.race([connection.read(buffer), over.promise]);
        if (length === undefined) return { isConnected: true, isEnded: false, text };
        if (length === null) break;
        text += new TextDecoder().decode(buffer.subarray(0, length));
      }
      return { isConnected: true, isEnded: true, text };
    } catch {
      // A reset is an end too.
      return { isConnected: true, isEnded: true, text };
    }
  } catch {
    return { isConnected: false, isEnded: true, text };
  } finally {
    clearTimeout(timer);
    connecting.then((connection) => connection.close(), () => {});
  }
}
