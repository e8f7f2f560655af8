// Multicast DNS on one interface, as the announcement sees it. The packets are the platform's.

import type { DnsQuestion, DnsRecord } from "./service_records.ts";

/** Where a packet came from. */
export interface PacketSource {
  /** The address. */
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
  /** The names of the records that are told. */
  readonly toldNames: readonly string[];
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
  /** Asks everybody. */
  query(questions: readonly DnsQuestion[]): void;
  /** Answers; resolves when it was handed to the system, also where that failed. */
  answer(answer: MdnsAnswer): Promise<void>;
  /** Closes it. */
  close(): void;
}

/** Opens a socket on the interface with an address. */
export type OpenMdnsSocket = (
  address: string,
  events: { onPacket: (packet: MdnsPacket) => void; onError: (error: Error) => void },
) => MdnsSocket;
