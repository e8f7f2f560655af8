// One service announced on one interface (RFC 6762, section 8): ask whether the name is free, tell
// everybody twice, answer questions, say goodbye.

import type { Clock } from "../base/clock.ts";
import { MAX_NAME_TRIES, numberedLabel } from "./instance_name.ts";
import { isInNetworks } from "./interfaces.ts";
import type { MdnsPacket, MdnsSocket, OpenMdnsSocket } from "./mdns_socket.ts";
import {
  type AnnouncedService,
  answersTo,
  type DnsRecord,
  fullName,
  goodbyeOf,
  isSameName,
  recordsOf,
} from "./service_records.ts";

/** How often a name is asked for before it is taken. */
export const PROBES = 3;

/** The time between two of these questions, in milliseconds. */
export const PROBE_MS = 250;

/** The time between the two announcements, in milliseconds. */
export const SECOND_ANNOUNCEMENT_MS = 1000;

const MDNS_PORT = 5353;

/** Options of {@linkcode announce}. */
export interface AnnounceOptions {
  /** What is announced; `instance` is the name that is wanted. */
  service: AnnouncedService;
  /** The networks of the interface; only who is in them is on the same link (RFC 6762, section 11). */
  networks: readonly string[];
  /** Opens the socket. */
  openSocket: OpenMdnsSocket;
  /** Hears of the name it got. */
  onNamed: (instance: string) => void;
  /** Hears that the socket cannot be used; the announcement is over then. */
  onFailed: (error: Error) => void;
  /** Time. */
  clock: Clock;
}

/** A running announcement. */
export interface Announcement {
  /** Takes it back and closes; resolves when the goodbye was sent. */
  stop(): Promise<void>;
}

/** Announces a service; throws where no socket can be opened. */
export function announce(options: AnnounceOptions): Announcement {
  const { service, clock, onNamed, onFailed } = options;
  let step: "probing" | "announced" | "over" = "probing";
  let tries = 1;
  let current = service;
  let records: readonly DnsRecord[] = [];
  let cancel = (): void => {};
  const socket: MdnsSocket = options.openSocket(service.addresses[0] ?? "", { onPacket, onError });
  probe(numberedLabel(service.instance, tries));

  function probe(instance: string): void {
    current = { ...service, instance };
    const ask = (asked: number): void => {
      if (asked === PROBES) return begin();
      socket.query([{ name: fullName(current), type: "ANY" }]);
      cancel = clock.after(PROBE_MS, () => ask(asked + 1));
    };
    ask(0);
  }

  function begin(): void {
    step = "announced";
    records = recordsOf(current);
    onNamed(current.instance);
    void socket.answer({ answers: records });
    cancel = clock.after(SECOND_ANNOUNCEMENT_MS, () => void socket.answer({ answers: records }));
  }

  function onPacket(packet: MdnsPacket): void {
    // The system hands every socket the packets of all interfaces, our own included.
    if (!isInNetworks(packet.from.address, options.networks)) return;
    const isOwn = service.addresses.includes(packet.from.address);
    if (
      step === "probing" && !isOwn &&
      packet.toldNames.some((name) => isSameName(name, fullName(current)))
    ) {
      cancel();
      tries += 1;
      // Somebody who answers to every name is not worth waiting for.
      if (tries <= MAX_NAME_TRIES) probe(numberedLabel(service.instance, tries));
      else onError(new Error("Every name is taken"));
    }
    if (step !== "announced") return;
    const found = answersTo(packet.questions, records);
    if (found === undefined) return;
    const { from: source, id, questions } = packet;
    const isSimple = source.port !== MDNS_PORT;
    void socket.answer(isSimple ? { ...found, to: { source, id, questions } } : found);
  }

  function onError(error: Error): void {
    if (step === "over") return;
    close();
    onFailed(error);
  }

  function close(): void {
    step = "over";
    cancel();
    socket.close();
  }

  return {
    async stop(): Promise<void> {
      if (step === "announced") {
        step = "over";
        cancel();
        await socket.answer({ answers: goodbyeOf(records) });
      }
      close();
    },
  };
}
