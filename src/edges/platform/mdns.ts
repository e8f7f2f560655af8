// Multicast DNS over the system's sockets, by multicast-dns. It is loaded only where the device
// announces itself or looks for others.

import { Buffer } from "node:buffer";
import type { HeardRecord } from "../../features/discovery/heard_records.ts";
import type {
  MdnsAnswer,
  MdnsPacket,
  MdnsSocket,
  OpenMdnsSocket,
} from "../../features/discovery/mdns_socket.ts";
import type { DnsQuestion, DnsRecord } from "../../features/discovery/service_records.ts";
import { EVERYBODY, openDatagrams } from "./mdns_datagrams.ts";

/** Loads what opens sockets; to be awaited before permissions are given up. */
export async function loadMdns(): Promise<OpenMdnsSocket> {
  const { default: multicastDns } = await import("multicast-dns");
  return (place, { onPacket, onError }): MdnsSocket => {
    const socket = multicastDns({ socket: openDatagrams(place), bind: false });
    let isClosed = false;
    const failed = (error: Error): void => {
      if (!isClosed) onError(error);
    };
    socket.on("error", failed);
    // What a system call answered is the network's; anything else is a packet of a peer that is none.
    socket.on("warning", (error: Error) => {
      if ("syscall" in error) failed(error);
    });
    socket.on("packet", (packet: PlatformPacket, from: { address: string; port: number }) => {
      if (!isClosed) onPacket(packetOf(packet, from));
    });
    return {
      probe: (questions, proposed) => {
        // What is only proposed makes no cache forget.
        const authorities = proposed.map((record) => recordOf({ ...record, flush: false }));
        const packet = { questions: questions.map(questionOf), authorities };
        socket.query(packet, EVERYBODY, reportFailure(failed));
      },
      answer: (answer) =>
        new Promise((resolve) => {
          const { packet, to } = responseOf(answer);
          const cancel = setTimeout(resolve, SEND_LIMIT_MS);
          socket.respond(packet, to, (error: Error | null) => {
            clearTimeout(cancel);
            if (error) failed(error);
            resolve();
          });
        }),
      close(): void {
        if (isClosed) return;
        isClosed = true;
        socket.destroy();
      },
    };
  };
}

// A send of which nothing is heard any more must not hold up a stop.
const SEND_LIMIT_MS = 1000;

interface PlatformRecord {
  name: string;
  type: string;
  ttl?: number;
  data?: unknown;
}

interface PlatformPacket {
  id?: number;
  type?: string;
  questions?: { name: string; type: string }[];
  answers?: PlatformRecord[];
  authorities?: PlatformRecord[];
  additionals?: PlatformRecord[];
}

function reportFailure(failed: (error: Error) => void): (error: Error | null) => void {
  return (error) => {
    if (error) failed(error);
  };
}

function packetOf(packet: PlatformPacket, from: { address: string; port: number }): MdnsPacket {
  const { id = 0, type, questions = [], answers = [], authorities = [], additionals = [] } = packet;
  return {
    id,
    isResponse: type === "response",
    isProbe: type === "query" && authorities.length > 0,
    questions: questions.map((question) => ({ name: question.name, type: question.type })),
    answers: answers.map(heardOf),
    additionals: additionals.map(heardOf),
    from: { address: from.address, port: from.port },
  };
}

/** A record as it was decoded. */
export function heardOf({ name, type, ttl = 0, data }: PlatformRecord): HeardRecord {
  return { name, type, ttl, data: dataOf(type, data) };
}

function dataOf(type: string, data: unknown): HeardRecord["data"] {
  if (typeof data === "string") return data;
  if (type === "TXT") {
    const texts: unknown[] = Array.isArray(data) ? data : [data];
    // Each with its length, as on the wire; one that is empty says nothing.
    return Uint8Array.from(
      texts.flatMap((text) =>
        text instanceof Uint8Array && text.length > 0 ? [text.length, ...text] : []
      ),
    );
  }
  if (type !== "SRV") return undefined;
  const { priority, weight, port, target } = data as Record<string, unknown>;
  const isOurKind = priority === 0 && weight === 0 && typeof target === "string";
  return isOurKind ? { port: Number(port), target } : undefined;
}

function questionOf({ name, type }: DnsQuestion): Record<string, unknown> {
  return { name, type, class: "IN" };
}

function recordOf({ name, type, ttl, flush, data }: DnsRecord): Record<string, unknown> {
  const shown = data instanceof Uint8Array ? [Buffer.from(data)] : data;
  return { name, type, ttl, flush, class: "IN", data: shown };
}

function responseOf(
  { answers, additionals = [], to }: MdnsAnswer,
): { packet: Record<string, unknown>; to: { address: string; port: number } } {
  // A simple resolver knows nothing of the flag that makes caches forget.
  const show = (record: DnsRecord): Record<string, unknown> =>
    recordOf(to === undefined ? record : { ...record, flush: false });
  const packet = { answers: answers.map(show), additionals: additionals.map(show) };
  if (to === undefined) return { packet, to: EVERYBODY };
  const { source, id, questions } = to;
  return { packet: { ...packet, id, questions: questions.map(questionOf) }, to: source };
}
