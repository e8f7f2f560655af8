// A link without a network: every socket that a test opens, and what was sent over it.

import type {
  MdnsAnswer,
  MdnsPacket,
  OpenMdnsSocket,
} from "../../src/features/discovery/mdns_socket.ts";
import type { DnsQuestion, DnsRecord } from "../../src/features/discovery/service_records.ts";

/** A socket of a test. */
export interface FakeMdnsSocket {
  /** The interface's address. */
  readonly address: string | undefined;
  /** The interface's number. */
  readonly scopeId: number | undefined;
  /** What was asked. */
  readonly queries: DnsQuestion[][];
  /** What was proposed with it. */
  readonly proposals: DnsRecord[][];
  /** What was answered. */
  readonly answers: MdnsAnswer[];
  /** Whether it was closed. */
  isClosed(): boolean;
  /** Lets a packet come in. */
  receive(packet: Partial<MdnsPacket>): void;
  /** Lets it fail. */
  fail(message: string): void;
}

/** Opens sockets; `failures` makes the next ones throw. */
export function fakeMdns(): {
  openSocket: OpenMdnsSocket;
  sockets: FakeMdnsSocket[];
  failures: string[];
} {
  const sockets: FakeMdnsSocket[] = [];
  const failures: string[] = [];
  const openSocket: OpenMdnsSocket = ({ address, scopeId }, { onPacket, onError }) => {
    const failure = failures.shift();
    if (failure !== undefined) throw new Error(failure);
    let isClosed = false;
    const queries: DnsQuestion[][] = [];
    const proposals: DnsRecord[][] = [];
    const answers: MdnsAnswer[] = [];
    sockets.push({
      address,
      scopeId,
      queries,
      proposals,
      answers,
      isClosed: () => isClosed,
      receive: (packet) =>
        onPacket({
          id: 0,
          questions: [],
          isResponse: (packet.questions ?? []).length === 0,
          isProbe: false,
          answers: [],
          additionals: [],
          from: { address: "192.0.2.9", port: 5353 },
          ...packet,
        }),
      fail: (message) => onError(new Error(message)),
    });
    return {
      probe: (questions, proposed) => {
        queries.push([...questions]);
        proposals.push([...proposed]);
      },
      answer: (answer) => {
        answers.push(answer);
        return Promise.resolve();
      },
      close: () => {
        isClosed = true;
      },
    };
  };
  return { openSocket, sockets, failures };
}
