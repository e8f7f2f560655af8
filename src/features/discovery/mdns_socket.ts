// Multicast DNS on one interface, as the announcement sees it. The packets are the platform's.

import type { HeardRecord } from "./heard_records.ts";
import type { DnsQuestion, DnsRecord } from "./service_records.ts";

/** Where a packet came from. */
export interface PacketSource {
  readonly address: string;
  /** The port; not 5353 where a simple resolver asks. */
  readonly port: number;
}

/** A packet that came in. */
export interface MdnsPacket {
  /** Its id, which an answer to a simple resolver repeats. */
  readonly id: number;
  /** What is asked. */
  readonly questions: readonly DnsQuestion[];
  /** Whether it tells; a question with answers in it lists what its sender knows. */
  readonly isResponse: boolean;
  /** Whether its sender wants to take the name that it asks for (RFC 6762, section 8.1). */
  readonly isProbe: boolean;
  /** The answers in it. */
  readonly answers: readonly HeardRecord[];
  /** What it tells beside them. */
  readonly additionals: readonly HeardRecord[];
  /** Where it came from. */
  readonly from: PacketSource;
}

/** An answer. */
export interface MdnsAnswer {
  /** The answers. */
  readonly answers: readonly DnsRecord[];
  /** What is good to know beside them. */
  readonly additionals?: readonly DnsRecord[];
  /** Whom alone it is for, with the id and the questions to repeat; everybody where undefined. */
  readonly to?: { source: PacketSource; id: number; questions: readonly DnsQuestion[] };
}

/** A socket; nothing it does throws, and what goes wrong is told to `onError`. */
export interface MdnsSocket {
  /** Asks everybody whether names are free, for the records that are proposed for them. */
  probe(questions: readonly DnsQuestion[], proposed: readonly DnsRecord[]): void;
  /** Answers; resolves when it was handed to the system, also where that failed. */
  answer(answer: MdnsAnswer): Promise<void>;
  /** Closes it. */
  close(): void;
}

/** An interface to open a socket on. */
export interface MdnsPlace {
  /** Its IPv4 address; undefined where it has none. */
  readonly address: string | undefined;
  /** Its number, for IPv6; undefined where it has no IPv6 address of its link. */
  readonly scopeId: number | undefined;
}

/** Opens a socket on an interface; what goes to everybody goes over both protocols. */
export type OpenMdnsSocket = (
  place: MdnsPlace,
  events: { onPacket: (packet: MdnsPacket) => void; onError: (error: Error) => void },
) => MdnsSocket;
