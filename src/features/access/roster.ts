// The paired clients as the rest of the device sees them: kept in memory, because every remote
// request asks for its client's role, and changed in one place, which writes the store first and from
// which a removal or a change of role reaches the client's live sessions (docs/protocol.md §6).

import { utf8 } from "../../base/bytes.ts";
import { AppError } from "../../base/app_error.ts";
import {
  type Client,
  type ClientChange,
  type ClientStore,
  MAX_CLIENT_NAME_BYTES,
  MAX_CLIENTS,
} from "./client.ts";

/** Options of {@linkcode ClientRoster}. */
export interface ClientRosterOptions {
  /** Where clients are kept. */
  store: ClientStore;
  /** Called after a client was removed or got another role: its sessions must end. */
  onRevoked: (clientId: string) => void;
  /** Called after a client was changed or removed. */
  onChanged: (clientId: string, change: "client_changed" | "client_removed") => void;
}

/** All paired clients. */
export class ClientRoster {
  /** How many clients there may be. */
  readonly limit: number = MAX_CLIENTS;
  /** The longest name, in bytes of UTF-8. */
  readonly maxNameBytes: number = MAX_CLIENT_NAME_BYTES;
  readonly #store: ClientStore;
  readonly #onRevoked: ClientRosterOptions["onRevoked"];
  readonly #onChanged: ClientRosterOptions["onChanged"];
  readonly #clients: Map<string, Client>;

  /** A roster over a store that nobody else changes. */
  constructor(options: ClientRosterOptions) {
    this.#store = options.store;
    this.#clients = new Map(options.store.list().map((client) => [client.clientId, client]));
    this.#onRevoked = options.onRevoked;
    this.#onChanged = options.onChanged;
  }

  /** Goes on from what the store has: changes that were not on the disk may be gone. */
  reload(): void {
    this.#clients.clear();
    for (const client of this.#store.list()) this.#clients.set(client.clientId, client);
  }

  /** All clients, oldest first. */
  list(): Client[] {
    return [...this.#clients.values()].sort((a, b) =>
      a.createdAtMs - b.createdAtMs || (a.clientId < b.clientId ? -1 : 1)
    );
  }

  /** How many there are. */
  count(): number {
    return this.#clients.size;
  }

  /** The client with this id. */
  find(clientId: string): Client | undefined {
    return this.#clients.get(clientId);
  }

  /** The client with this token, compared exactly. */
  findByToken(authToken: string): Client | undefined {
    for (const client of this.#clients.values()) {
      if (client.authToken === authToken) return client;
    }
    return undefined;
  }

  /** Throws AppError where a new client could not be kept now. */
  checkWritable(): void {
    this.#store.checkWritable();
  }

  /** Keeps a new client; a phone is not told why that failed. */
  add(client: Client): void {
    try {
      this.#store.add(client);
    } catch (cause) {
      throw new Error("Cannot keep the client", { cause });
    }
    this.#clients.set(client.clientId, client);
  }

  /**
   * Changes a client; another role ends its sessions. Errors: not_found where there is no such
   * client, bad_request for a name that is empty or too long.
   */
  update(clientId: string, change: ClientChange): Client {
    const { clientName, role } = change;
    if (clientName !== undefined) checkName(clientName);
    const before = this.#clients.get(clientId);
    if (before === undefined || !this.#store.update(clientId, change)) throw unknownClient();
    const after = {
      ...before,
      clientName: clientName ?? before.clientName,
      role: role ?? before.role,
    };
    this.#clients.set(clientId, after);
    if (after.role !== before.role) this.#onRevoked(clientId);
    this.#onChanged(clientId, "client_changed");
    return after;
  }

  /** Keeps when clients were last seen; ids without a client are passed over. */
  saveLastSeen(lastSeenAtMs: ReadonlyMap<string, number>): void {
    this.#store.saveLastSeen(lastSeenAtMs);
    for (const [clientId, atMs] of lastSeenAtMs) {
      const client = this.#clients.get(clientId);
      if (client !== undefined) this.#clients.set(clientId, { ...client, lastSeenAtMs: atMs });
    }
  }

  /** Removes a client and ends its sessions; not_found where there is none. */
  remove(clientId: string): void {
    if (!this.#store.remove(clientId)) throw unknownClient();
    this.#clients.delete(clientId);
    this.#onRevoked(clientId);
    this.#onChanged(clientId, "client_removed");
  }
}

function checkName(clientName: string): void {
  const bytes = utf8(clientName).length;
  if (bytes === 0 || bytes > MAX_CLIENT_NAME_BYTES) {
    throw new AppError("bad_request", `Client name: expected 1 to ${MAX_CLIENT_NAME_BYTES} bytes`);
  }
}

function unknownClient(): AppError {
  return new AppError("not_found", "No client with this id");
}
