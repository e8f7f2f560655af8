// All connections that are open now: notifications go to each, and a client's are cut when it is
// removed or gets another role (docs/protocol.md §6).

import type { Connection } from "./connection.ts";

/** The open connections. */
export class LiveConnections {
  readonly #connections = new Set<Connection>();

  /** Remembers a connection until its end is told to {@linkcode LiveConnections.remove}. */
  add(connection: Connection): void {
    this.#connections.add(connection);
  }

  /** Forgets a connection. */
  remove(connection: Connection): void {
    this.#connections.delete(connection);
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
