// Records that others tell, compared with ours: which answers they know already (RFC 6762, section
// 7.1), and which of our names they contradict (section 9).

import { normalizeAddress } from "../../base/ip_address.ts";
import { type DnsRecord, isSameName } from "./service_records.ts";

/** A record that somebody told. */
export interface HeardRecord {
  /** Whom it is about. */
  readonly name: string;
  /** Its type. */
  readonly type: string;
  /** How long it may be kept, in seconds; 0 takes it back. */
  readonly ttl: number;
  /** What it says; undefined where that cannot be one of ours. */
  readonly data: DnsRecord["data"] | undefined;
}

/** The records without those that the asker knows for at least half of their time. */
export function withoutKnown(
  records: readonly DnsRecord[],
  known: readonly HeardRecord[],
): DnsRecord[] {
  return records.filter((own) =>
    !known.some((heard) => heard.ttl >= own.ttl / 2 && isSameRecord(heard, own))
  );
}

/**
 * Whether it says something else about a name that is ours alone. Where we have several records of the
 * name and type, any of them is no contradiction; nor is one that is taken back.
 */
export function contradicts(heard: HeardRecord, records: readonly DnsRecord[]): boolean {
  const ours = records.filter((own) =>
    own.flush && own.type === heard.type && isSameName(own.name, heard.name)
  );
  return heard.ttl > 0 && ours.length > 0 && !ours.some((own) => isSameRecord(heard, own));
}

function isSameRecord(heard: HeardRecord, own: DnsRecord): boolean {
  return heard.type === own.type && isSameName(heard.name, own.name) &&
    heard.data !== undefined && dataText(heard.data) === dataText(own.data);
}

function dataText(data: DnsRecord["data"]): string {
  if (data instanceof Uint8Array) return `bytes ${[...data].join()}`;
  if (typeof data === "object") return `${data.port} ${data.target.toLowerCase()}`;
  return normalizeAddress(data);
}
