// One service announced on one interface (RFC 6762, section 8): ask whether the name is free, tell
// everybody twice, answer questions, say goodbye.

import type { Clock } from "../../base/clock.ts";
import { MAX_NAME_TRIES, numberedHost, numberedLabel } from "./instance_name.ts";
import { isInNetworks } from "./interfaces.ts";
import type { MdnsPacket, MdnsSocket, OpenMdnsSocket } from "./mdns_socket.ts";
import {
  type AnnouncedService,
  answersTo,
  type DnsRecord,
  fullHost,
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
  /** Whether an address is this machine's, on whatever interface. */
  isOwnAddress: (address: string) => boolean;
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
  /** The host name that it got, such as "handheld-2.local"; undefined while it asks for one. */
  hostName(): string | undefined;
  /** Takes it back and closes; resolves when the goodbye was sent. */
  stop(): Promise<void>;
}

/** Announces a service; throws where no socket can be opened. */
export function announce(options: AnnounceOptions): Announcement {
  const { service, clock, onNamed, onFailed } = options;
  let step: "probing" | "announced" | "over" = "probing";
  const tries = { instance: 1, host: 1 };
  let current = service;
  let records: readonly DnsRecord[] = [];
  let cancel = (): void => {};
  const socket: MdnsSocket = options.openSocket(service.addresses[0] ?? "", { onPacket, onError });
  probe();

  function probe(): void {
    current = {
      ...service,
      instance: numberedLabel(service.instance, tries.instance),
      host: numberedHost(service.host, tries.host),
    };
    const ask = (asked: number): void => {
      if (asked === PROBES) return begin();
      const names = [fullName(current), fullHost(current)];
      socket.query(names.map((name) => ({ name, type: "ANY" })));
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
    if (step === "probing" && !options.isOwnAddress(packet.from.address)) leaveNames(packet);
    if (step !== "announced") return;
    const found = answersTo(packet.questions, records);
    if (found === undefined) return;
    const { from: source, id, questions } = packet;
    const isSimple = source.port !== MDNS_PORT;
    void socket.answer(isSimple ? { ...found, to: { source, id, questions } } : found);
  }

  // Devices with one image share their host name too, and would be taken for each other.
  function leaveNames({ toldNames }: MdnsPacket): void {
    const isTold = (own: string): boolean => toldNames.some((name) => isSameName(name, own));
    const taken = { instance: isTold(fullName(current)), host: isTold(fullHost(current)) };
    if (!taken.instance && !taken.host) return;
    cancel();
    if (taken.instance) tries.instance += 1;
    if (taken.host) tries.host += 1;
    // Somebody who answers to every name is not worth waiting for.
    if (Math.max(tries.instance, tries.host) <= MAX_NAME_TRIES) probe();
    else onError(new Error("Every name is taken"));
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
    hostName: () => step === "announced" ? fullHost(current) : undefined,
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
