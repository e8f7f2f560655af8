// A paired client and the place that keeps all of them (docs/protocol.md §3).

import type { Bytes } from "../../base/bytes.ts";

/** What a paired client may do: an admin may also manage the others. */
export type Role = "admin" | "member";

/** All roles. */
export const ROLES: readonly Role[] = ["admin", "member"];

/** Whether a value names a role. */
export function isRole(value: unknown): value is Role {
  return ROLES.some((role) => role === value);
}

/** How many clients a device pairs with. */
export const MAX_CLIENTS = 50;

/** The longest client name, in bytes of UTF-8. */
export const MAX_CLIENT_NAME_BYTES = 128;

/** One paired client. */
export interface Client {
  /** UUID by which the owner names it. */
  readonly clientId: string;
  /** The name it gave itself: text of a peer, never to be logged. */
  readonly clientName: string;
  /** UUID by which its first frames name it; not a secret, but it links its connections. */
  readonly authToken: string;
  /** What it may do. */
  readonly role: Role;
  /** The 32-byte key from its pairing: a secret. */
  readonly pairingKey: Bytes;
  /** When it was paired, in milliseconds since 1970. */
  readonly createdAtMs: number;
  /** When its last frame came, in milliseconds since 1970; its creation at first. */
  readonly lastSeenAtMs: number;
}

/** What may change about a client. */
export interface ClientChange {
  /** A new name. */
  readonly clientName?: string | undefined;
  /** A new role. */
  readonly role?: Role | undefined;
}

/** Where clients are kept. A call that fails throws; whoever tells of one waits for the disk first. */
export interface ClientStore {
  /** All clients, oldest first. */
  list(): Client[];
  /** How many there are. */
  count(): number;
  /** The client with this token, compared exactly. */
  findByToken(authToken: string): Client | undefined;
  /** The client with this id. */
  findById(clientId: string): Client | undefined;
  /** Throws where a new client could not be kept now: the disk is full, say. */
  checkWritable(): void;
  /** Keeps a new client. */
  add(client: Client): void;
  /** Changes a client; false where there is none with this id. */
  update(clientId: string, change: ClientChange): boolean;
  /** Removes a client and all it left behind; false where there is none with this id. */
  remove(clientId: string): boolean;
  /** Sets lastSeenAtMs of many clients by id; ids without a client are passed over. */
  saveLastSeen(lastSeenAtMs: ReadonlyMap<string, number>): void;
  /** The clients that have never opened a session, oldest first. */
  listUnclaimed(): Client[];
}
