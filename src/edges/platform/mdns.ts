// Multicast DNS over the system's sockets, by multicast-dns. It is loaded only where the device
// announces itself or looks for others.

import { Buffer } from "node:buffer";
import type {
  MdnsAnswer,
  MdnsPacket,
  MdnsSocket,
  OpenMdnsSocket,
} from "../../features/discovery/mdns_socket.ts";
import type { DnsQuestion, DnsRecord } from "../../features/discovery/service_records.ts";
import { openDatagrams } from "./mdns_datagrams.ts";

/** The group of multicast DNS over IPv4. */
const GROUP = { address: "224.0.0.251", port: 5353 };

/** Loads what opens sockets; to be awaited before permissions are given up. */
export async function loadMdns(): Promise<OpenMdnsSocket> {
  const { default: multicastDns } = await import("multicast-dns");
  return (address, { onPacket, onError }): MdnsSocket => {
    const socket = multicastDns({ socket: openDatagrams(address), bind: false });
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
      query: (questions) => {
        socket.query({ questions: questions.map(questionOf) }, ignore(failed));
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

interface PlatformPacket {
  id?: number;
  questions?: { name: string; type: string }[];
  answers?: { name: string }[];
  additionals?: { name: string }[];
}

function ignore(failed: (error: Error) => void): (error: Error | null) => void {
  return (error) => {
    if (error) failed(error);
  };
}

function packetOf(packet: PlatformPacket, from: { address: string; port: number }): MdnsPacket {
  const { id = 0, questions = [], answers = [], additionals = [] } = packet;
  return {
    id,
    questions: questions.map(({ name, type }) => ({ name, type })),
    toldNames: [...answers, ...additionals].map(({ name }) => name),
    from: { address: from.address, port: from.port },
  };
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
  if (to === undefined) return { packet, to: GROUP };
  const { source, id, questions } = to;
  return { packet: { ...packet, id, questions: questions.map(questionOf) }, to: source };
}
