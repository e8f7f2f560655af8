// The records of one announced service on one interface, and what a question is answered with
// (RFC 6762 and 6763). Nothing in them tells a version, a platform or an id.

/** A record. */
export interface DnsRecord {
  /** Whom it is about. */
  readonly name: string;
  /** Its type. */
  readonly type: "PTR" | "SRV" | "TXT" | "A" | "AAAA";
  /** How long it may be kept, in seconds; 0 takes it back. */
  readonly ttl: number;
  /** Whether it is ours alone, so that caches drop what they had. */
  readonly flush: boolean;
  /** What it says: a name, an address, a port with its host, or bytes. */
  readonly data: string | { readonly port: number; readonly target: string } | Uint8Array;
}

/** A question. */
export interface DnsQuestion {
  /** Whom it is about. */
  readonly name: string;
  /** A type of record, or ANY. */
  readonly type: string;
}

/** A service on an interface. */
export interface AnnouncedService {
  /** Its name for people, one label without dots. */
  readonly instance: string;
  /** Its type, such as "_zaparoo._tcp". */
  readonly service: string;
  /** The host, one label. */
  readonly host: string;
  readonly port: number;
  /** IPv4 addresses. */
  readonly addresses: readonly string[];
  /** IPv6 addresses. */
  readonly addresses6: readonly string[];
}

/** How long records with a host in them are kept, in seconds (RFC 6762, section 10). */
export const HOST_TTL_S = 120;

/** How long other records are kept, in seconds. */
export const OTHER_TTL_S = 4500;

const LIST_OF_SERVICES = "_services._dns-sd._udp.local";
// One empty string: how an empty TXT record is written (RFC 6763, section 6.1).
const NO_TEXT = Uint8Array.of();

/** The full name of an instance. */
export function fullName({ instance, service }: AnnouncedService): string {
  return `${instance}.${service}.local`;
}

/** The full name of the host. */
export function fullHost({ host }: AnnouncedService): string {
  return `${host}.local`;
}

/** All records of a service. */
export function recordsOf(announced: AnnouncedService): DnsRecord[] {
  const { service, port, addresses, addresses6 } = announced;
  const name = fullName(announced);
  const host = fullHost(announced);
  const own = { ttl: HOST_TTL_S, flush: true };
  const shared = { ttl: OTHER_TTL_S, flush: false };
  return [
    { name: `${service}.local`, type: "PTR", ...shared, data: name },
    { name: LIST_OF_SERVICES, type: "PTR", ...shared, data: `${service}.local` },
    { name, type: "SRV", ...own, data: { port, target: host } },
    { name, type: "TXT", ttl: OTHER_TTL_S, flush: true, data: NO_TEXT },
    ...addresses.map((data): DnsRecord => ({ name: host, type: "A", ...own, data })),
    ...addresses6.map((data): DnsRecord => ({ name: host, type: "AAAA", ...own, data })),
  ];
}

/**
 * The same records, taken back. The list of services is not ours alone and stays; so do the addresses,
 * which another program of the device may announce too. They run out.
 */
export function goodbyeOf(records: readonly DnsRecord[]): DnsRecord[] {
  return records.filter(({ name, type }) =>
    name !== LIST_OF_SERVICES && type !== "A" && type !== "AAAA"
  )
    .map((record) => ({ ...record, ttl: 0 }));
}

/** What some questions are answered with, and what is good to know beside it; undefined for nothing. */
export function answersTo(
  questions: readonly DnsQuestion[],
  records: readonly DnsRecord[],
): { answers: DnsRecord[]; additionals: DnsRecord[] } | undefined {
  const answers = records.filter((record) =>
    questions.some(({ name, type }) =>
      isSameName(name, record.name) && (type === "ANY" || type === record.type)
    )
  );
  if (answers.length === 0) return undefined;
  // Who asks for one record of a service asks for the others next.
  const additionals = records.filter((record) =>
    !answers.includes(record) && record.name !== LIST_OF_SERVICES && record.type !== "PTR"
  );
  return { answers, additionals };
}

/** Whether two names are the same; case does not matter in DNS. */
export function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
