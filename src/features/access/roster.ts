// The paired clients as the rest of the device sees them: the store, and one place from which a
// removal or a change of role reaches the client's live sessions (docs/protocol.md §6).

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

  /** A roster over a store. */
  constructor(options: ClientRosterOptions) {
    this.#store = options.store;
    this.#onRevoked = options.onRevoked;
    this.#onChanged = options.onChanged;
  }

  /** All clients, oldest first. */
  list(): Client[] {
    return this.#store.list();
  }

  /** How many there are. */
  count(): number {
    return this.#store.count();
  }

  /** The client with this id. */
  find(clientId: string): Client | undefined {
    return this.#store.findById(clientId);
  }

  /** Throws AppError where a new client could not be kept now. */
  checkWritable(): void {
    this.#store.checkWritable();
  }

  /** Keeps a new client durably; a phone is not told why that failed. */
  add(client: Client): void {
    try {
      this.#store.add(client);
    } catch (cause) {
      throw new Error("Cannot keep the client", { cause });
    }
  }

  /**
   * Changes a client; another role ends its sessions. Errors: not_found where there is no such
   * client, bad_request for a name that is empty or too long.
   */
  update(clientId: string, change: ClientChange): Client {
    const { clientName, role } = change;
    if (clientName !== undefined) checkName(clientName);
    const before = this.#store.findById(clientId);
    if (before === undefined || !this.#store.update(clientId, change)) throw unknownClient();
    if (role !== undefined && role !== before.role) this.#onRevoked(clientId);
    this.#onChanged(clientId, "client_changed");
    return this.#store.findById(clientId) ?? before;
  }

  /** Removes a client and ends its sessions; not_found where there is none. */
  remove(clientId: string): void {
    if (!this.#store.remove(clientId)) throw unknownClient();
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
