// One service announced on one interface (RFC 6762, sections 6 to 10): ask whether the name is free,
// tell everybody twice, answer questions, ask anew where somebody contradicts, say goodbye.

import type { Clock } from "../../base/clock.ts";
import { contradicts, withoutKnown } from "./heard_records.ts";
import { MAX_NAME_TRIES, numberedHost, numberedLabel } from "./instance_name.ts";
import { isInNetworks } from "./interfaces.ts";
import type { MdnsPacket, MdnsPlace, MdnsSocket, OpenMdnsSocket } from "./mdns_socket.ts";
import { PROBE_ANSWER_GAP_MS, RECORD_GAP_MS, RecordRate } from "./record_rate.ts";
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

/** The wait before a contradicted name is asked for anew, in milliseconds. */
export const CONFLICT_MS = 250;

/** How much longer the one with the lower address waits, so that not both go on asking. */
export const YIELD_MS = 1000;

const MDNS_PORT = 5353;

/** Options of {@linkcode announce}. */
export interface AnnounceOptions {
  /** What is announced; `instance` is the name that is wanted. */
  service: AnnouncedService;
  /** The interface. */
  place: MdnsPlace;
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
  clock: Clock;
}

/** A running announcement. */
export interface Announcement {
  /** The host name that it got, such as "handheld-2.local"; undefined while it asks for one. */
  hostName(): string | undefined;
  /** Withdraws the announcement (sends goodbye packets) and closes; resolves when they are sent. */
  stop(): Promise<void>;
}

/** Announces a service; throws where no socket can be opened. */
export function announce(options: AnnounceOptions): Announcement {
  const { service, clock, onNamed, onFailed } = options;
  let step: "probing" | "announced" | "contradicted" | "over" = "probing";
  const tries = { instance: 1, host: 1 };
  let current = service;
  let records: readonly DnsRecord[] = [];
  let cancel = (): void => {};
  const rate = new RecordRate();
  const socket: MdnsSocket = options.openSocket(options.place, { onPacket, onError });
  probe();

  function probe(): void {
    step = "probing";
    current = {
      ...service,
      instance: numberedLabel(service.instance, tries.instance),
      host: numberedHost(service.host, tries.host),
    };
    const ask = (asked: number): void => {
      if (asked === PROBES) return begin();
      const names = [fullName(current), fullHost(current)];
      const proposed = recordsOf(current).filter(({ flush }) => flush);
      socket.probe(names.map((name) => ({ name, type: "ANY" })), proposed);
      cancel = clock.after(PROBE_MS, () => ask(asked + 1));
    };
    ask(0);
  }

  function begin(): void {
    step = "announced";
    records = recordsOf(current);
    onNamed(current.instance);
    tell(records);
    cancel = clock.after(SECOND_ANNOUNCEMENT_MS, () => tell(records));
  }

  // To everybody. What went out a moment ago was heard.
  function tell(
    answers: readonly DnsRecord[],
    { beside = [], gapMs = RECORD_GAP_MS }: { beside?: readonly DnsRecord[]; gapMs?: number } = {},
  ): void {
    const nowMs = clock.monotonicMs();
    const due = rate.take(answers, { nowMs, gapMs });
    if (due.length === 0) return;
    const additionals = rate.take(beside, { nowMs, gapMs: RECORD_GAP_MS });
    void socket.answer({ answers: due, ...(additionals.length > 0 ? { additionals } : {}) });
  }

  function onPacket(packet: MdnsPacket): void {
    // The system hands every socket the packets of all interfaces, our own included.
    if (!isInNetworks(packet.from.address, options.networks)) return;
    if (packet.isResponse) {
      if (!options.isOwnAddress(packet.from.address)) onTold(packet);
    } else if (step === "announced") {
      answer(packet);
    }
  }

  function onTold(packet: MdnsPacket): void {
    if (step === "probing") leaveNames(packet);
    if (step !== "announced") return;
    const told = [...packet.answers, ...packet.additionals];
    if (!told.some((record) => contradicts(record, records))) return;
    step = "contradicted";
    cancel();
    cancel = clock.after(conflictWaitMs(packet.from.address), probe);
  }

  // Whoever has the name for good answers when we ask; of two who both ask, one has to be first. One
  // who contradicts without end costs one round of questions per wait.
  function conflictWaitMs(from: string): number {
    const own = from.includes(":") ? service.addresses6 : service.addresses;
    const isLower = own.every((address) => address < from);
    return CONFLICT_MS + (isLower ? YIELD_MS : 0);
  }

  function answer({ from: source, id, questions, answers: known, isProbe }: MdnsPacket): void {
    const found = answersTo(questions, records);
    if (found === undefined) return;
    const answers = withoutKnown(found.answers, known);
    if (answers.length === 0) return;
    const additionals = withoutKnown(found.additionals, known);
    if (source.port !== MDNS_PORT) {
      void socket.answer({ answers, additionals, to: { source, id, questions } });
    } else {
      tell(answers, {
        beside: additionals,
        gapMs: isProbe ? PROBE_ANSWER_GAP_MS : RECORD_GAP_MS,
      });
    }
  }

  // Devices with one image share their host name too, and would be taken for each other.
  function leaveNames({ answers, additionals }: MdnsPacket): void {
    const isTold = (own: string): boolean =>
      [...answers, ...additionals].some(({ name }) => isSameName(name, own));
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
