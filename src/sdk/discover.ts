/**
 * Finds devices in the local network by multicast DNS (RFC 6762 and 6763). For Node, Deno and Bun:
 * browsers let no page ask the network. Needs the package `multicast-dns`.
 *
 * @module
 */

import { asJsonObject } from "../base/json.ts";

/** A device that announced itself. */
export interface DiscoveredDevice {
  /** What its owner calls it. */
  readonly name: string;
  /** Its host, such as "handheld.local". */
  readonly host: string;
  /** The port of its interface. */
  readonly port: number;
  /** Its addresses, IPv4 first. */
  readonly addresses: readonly string[];
  /** Where it is reached by its first address, for `pair` and `connect`. */
  readonly url: string;
}

/** A record of an answer, as `multicast-dns` reads it. */
export interface AnnouncedRecord {
  /** Whom it is about. */
  readonly name: string;
  /** Its type, such as "SRV". */
  readonly type: string;
  /** For how many seconds it holds; with 0 it is taken back (RFC 6762, section 10.1). */
  readonly ttl?: number;
  /** What it says; its form depends on the type. */
  readonly data: unknown;
}

/** Options of {@linkcode discover}. */
export interface DiscoverOptions {
  /**
   * How long to listen, in milliseconds.
   * @default {3000}
   */
  timeoutMs?: number;
  /**
   * The type of the service that devices announce.
   * @default {"_zaparoo._tcp"}
   */
  service?: string;
  /**
   * The IPv4 address of the interface to ask on.
   * @default the system's choice
   */
  interface?: string;
  /** Ends the search; what was found until then is the result. */
  signal?: AbortSignal;
}

/** How often is asked while listening: packets get lost. */
const QUESTIONS = 3;

/** The devices that answer in the given time, by name. Throws where the network cannot be asked. */
export async function discover(options: DiscoverOptions = {}): Promise<DiscoveredDevice[]> {
  const { timeoutMs = 3000, service = "_zaparoo._tcp", signal } = options;
  const { default: multicastDns } = await import("multicast-dns");
  // Bound to an interface's own address it would not hear what is said to the group.
  const place = options.interface === undefined ? {} : { interface: options.interface };
  const socket = multicastDns({ ...place, bind: "0.0.0.0" });
  const records: AnnouncedRecord[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      // What somebody in the network sends that is no packet is none of ours.
      socket.on("warning", () => {});
      socket.on(
        "response",
        (packet: { answers: AnnouncedRecord[]; additionals: AnnouncedRecord[] }) => {
          records.push(...packet.answers, ...packet.additionals);
        },
      );
      const ask = (): void => socket.query([{ name: `${service}.local`, type: "PTR" }]);
      socket.on("ready", ask);
      const again = setInterval(ask, timeoutMs / QUESTIONS);
      const done = (): void => {
        clearInterval(again);
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      signal?.addEventListener("abort", done);
      if (signal?.aborted === true) done();
    });
  } finally {
    await new Promise<void>((resolve) => socket.destroy(resolve));
  }
  return devicesIn(records, service);
}

/** The devices that some records tell of, by name; one that took its announcement back is none. */
export function devicesIn(
  records: readonly AnnouncedRecord[],
  service: string,
): DiscoveredDevice[] {
  const suffix = `.${service}.local`.toLowerCase();
  const found = new Map<string, DiscoveredDevice>();
  for (const { name, type, ttl, data } of records) {
    const { port, target } = asJsonObject(data) ?? {};
    if (type !== "SRV" || !name.toLowerCase().endsWith(suffix)) continue;
    if (ttl === 0) {
      found.delete(name.toLowerCase());
      continue;
    }
    if (typeof port !== "number" || typeof target !== "string") continue;
    const addresses = ["A", "AAAA"].flatMap((kind) => addressesOf(records, kind, target));
    const device = { name: name.slice(0, -suffix.length), host: target, port, addresses };
    found.set(name.toLowerCase(), { ...device, url: urlOf(device) });
  }
  return [...found.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

function addressesOf(records: readonly AnnouncedRecord[], kind: string, host: string): string[] {
  const addresses = new Set<string>();
  for (const { name, type, ttl, data } of records) {
    if (type !== kind || name.toLowerCase() !== host.toLowerCase()) continue;
    if (typeof data !== "string") continue;
    if (ttl === 0) addresses.delete(data);
    else addresses.add(data);
  }
  return [...addresses];
}

// An address of the link alone would need its interface, which URLs cannot name.
function urlOf({ host, port, addresses }: Omit<DiscoveredDevice, "url">): string {
  const address = addresses.find((each) => !/^fe80:/i.test(each)) ?? host;
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
}
