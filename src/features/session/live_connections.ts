// All connections that are open now: a client's are cut when it is removed or gets another role
// (docs/protocol.md §6), and a client or key that opens too many loses its oldest (§9).

import type { Connection } from "./connection.ts";

/** How many live sessions a client or an API key may have, unless the owner says otherwise. */
export const DEFAULT_SESSIONS_PER_CLIENT = 8;

/** The most that the owner may allow: as many as there are slots for known peers. */
export const MAX_SESSIONS_PER_CLIENT = 128;

/** Whose connection it is: a client's by its session, or an API key's by its upgrade. */
export type Holder = { readonly clientId: string } | { readonly keyId: string };

/** The open connections. */
export class LiveConnections {
  readonly #connections = new Set<Connection>();
  /** The connections of each client or key, in the order in which they became its own. */
  readonly #held = new Map<string, Set<Connection>>();
  readonly #maxPerHolder: number;

  /** No connection; a client or key may have so many. */
  constructor(maxPerHolder: number = DEFAULT_SESSIONS_PER_CLIENT) {
    this.#maxPerHolder = maxPerHolder;
  }

  /** Remembers a connection until its end is told to {@linkcode LiveConnections.remove}. */
  add(connection: Connection): void {
    this.#connections.add(connection);
  }

  /** Forgets a connection. */
  remove(connection: Connection): void {
    this.#connections.delete(connection);
    for (const [name, held] of this.#held) {
      if (held.delete(connection) && held.size === 0) this.#held.delete(name);
    }
  }

  /** Notes whose a connection is; where the holder has too many now, its oldest are closed. */
  hold(connection: Connection, holder: Holder): void {
    const name = "clientId" in holder ? `client ${holder.clientId}` : `key ${holder.keyId}`;
    const held = this.#held.get(name) ?? new Set();
    this.#held.set(name, held.add(connection));
    const surplus = [...held].slice(0, Math.max(0, held.size - this.#maxPerHolder));
    for (const oldest of surplus) oldest.replace();
  }

  /** Cuts every connection of a client at once. */
  cutClient(clientId: string): void {
    for (const connection of [...this.#connections]) {
      if (connection.clientId === clientId) connection.cut("revoked");
    }
  }

  /** Ends all in good order. */
  async shutDown(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.shutDown()));
  }

  /** How many are open, and how many of them carry a session. */
  counts(): { open: number; withSession: number } {
    const all = [...this.#connections];
    return {
      open: all.length,
      withSession: all.filter((connection) => connection.clientId !== undefined).length,
    };
  }
}
