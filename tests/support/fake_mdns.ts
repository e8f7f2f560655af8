// A link without a network: every socket that a test opens, and what was sent over it.

import type {
  MdnsAnswer,
  MdnsPacket,
  OpenMdnsSocket,
} from "../../src/features/discovery/mdns_socket.ts";
import type { DnsQuestion } from "../../src/features/discovery/service_records.ts";

/** A socket of a test. */
export interface FakeMdnsSocket {
  /** The interface's address. */
  readonly address: string;
  /** What was asked. */
  readonly queries: DnsQuestion[][];
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
  const openSocket: OpenMdnsSocket = (address, { onPacket, onError }) => {
    const failure = failures.shift();
    if (failure !== undefined) throw new Error(failure);
    let isClosed = false;
    const queries: DnsQuestion[][] = [];
    const answers: MdnsAnswer[] = [];
    sockets.push({
      address,
      queries,
      answers,
      isClosed: () => isClosed,
      receive: (packet) =>
        onPacket({
          id: 0,
          questions: [],
          toldNames: [],
          from: { address: "192.0.2.9", port: 5353 },
          ...packet,
        }),
      fail: (message) => onError(new Error(message)),
    });
    return {
      query: (questions) => queries.push([...questions]),
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
