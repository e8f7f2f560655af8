// The real service in this process, with its real parts and routes: only the store lies in memory,
// time is fake, and requests are handed to the listeners' handler instead of coming from a socket.

import { assemble } from "../../src/app/assembly.ts";
import { type Edges, systemEdges } from "../../src/app/edges.ts";
import { libraryEdges, type SystemLibraryEdges } from "../../src/app/library_edges.ts";
import type { App, AppOptions } from "../../src/app/options.ts";
import { silentLogger } from "../../src/base/log.ts";
import type { Client } from "../../src/features/access/client.ts";
import { parseConfig } from "../../src/edges/config/config.ts";
import { silentDisplay } from "../../src/features/screen/pin_display.ts";
import type { GuardedConnection } from "../../src/edges/http/guard/guarded_connection.ts";
import type { HttpHandler } from "../../src/edges/http/routes.ts";
import { openLibraryIndex } from "../../src/edges/sqlite/media_index_store.ts";
import { openDatabase } from "../../src/edges/sqlite/database.ts";
import { MIGRATIONS } from "../../src/edges/sqlite/migrations.ts";
import { prepareStores, type Stores } from "../../src/edges/sqlite/stores.ts";
import { FakeClock } from "./fake_clock.ts";

/** The port that the service believes to listen on. */
export const PORT = 7497;

/** The address of a peer on another machine. */
export const REMOTE = "192.0.2.7";

/** Options of {@linkcode withAppInProcess}. */
export interface AppInProcessOptions {
  /**
   * The configuration file, as text; data_dir and listen mean nothing here.
   * @default the defaults
   */
  toml?: string;
  /**
   * Edges in the place of those of this helper.
   * @default none
   */
  edges?: Partial<Edges>;
  /**
   * Clients that are paired when the service starts.
   * @default none
   */
  clients?: readonly Client[];
  /**
   * More options of the service.
   * @default none
   */
  options?: Partial<AppOptions>;
}

/** A service in this process. */
export interface AppInProcess {
  /** The service. */
  readonly app: App;
  /** Its time. */
  readonly clock: FakeClock;
  /** Its store. */
  readonly stores: Stores;
  /**
   * Its answer to a request that comes over loopback, or from `from` through the guard. The path is
   * one such as "/api", or a whole URL.
   */
  request(
    path: string,
    init?: RequestInit & { from?: string; guarded?: GuardedConnection },
  ): Promise<Response>;
}

/** Stores in memory. */
export function memoryStores(): Stores {
  const path = ":memory:";
  const database = openDatabase({ path, migrations: MIGRATIONS, log: silentLogger });
  return {
    database,
    ...prepareStores(database, path),
    isUsable: () => true,
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}

/** A library's index in memory, and no frontend; its files are the owner's. */
export const memoryLibraryEdges: SystemLibraryEdges = {
  ...libraryEdges,
  openLibraryIndex: ({ log }) => openLibraryIndex({ dataDir: ":memory:", log }),
  fetch: () => Promise.reject(new TypeError("No network here")),
  openPortOwners: () => ({
    isOwnedBy: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  }),
};

/** Edges that touch nothing outside this process; `onHandler` is handed the request handler. */
export function innerEdges(
  stores: Stores,
  onHandler: (handler: HttpHandler) => void = () => {},
): Edges {
  return {
    ...systemEdges,
    openStores: () => stores,
    startListeners: ({ handler }) => {
      onHandler(handler);
      return Promise.resolve({
        port: PORT,
        outside: "0.0.0.0",
        counts: () => undefined,
        stopAccepting: () => {},
        stop: () => Promise.resolve(),
      });
    },
    loadLibrary: () => Promise.resolve(memoryLibraryEdges),
    loadMdns: () => Promise.reject(new Error("No network here")),
    watchButtons: () => () => {},
    dropPermissions: () => {},
    files: { write: () => {}, remove: () => {} },
    hostName: () => "handheld",
    interfaceAddresses: () => [],
    ownAddresses: () => ["127.0.0.1", "::1", "192.0.2.1"],
    reachableUrls: (port) => [`http://192.0.2.1:${port}`],
  };
}

/** Runs `test` with a service in this process. */
export async function withAppInProcess(
  given: AppInProcessOptions,
  test: (app: AppInProcess) => Promise<void>,
): Promise<void> {
  const { toml = "", edges, clients = [], options } = given;
  const clock = new FakeClock();
  const stores = memoryStores();
  for (const client of clients) stores.clients.add(client);
  let handler: HttpHandler | undefined;
  const config = parseConfig(toml, { file: "test", env: { HOME: "/nowhere", isRoot: false } });
  const app = await assemble(
    { config, log: () => silentLogger, display: silentDisplay, clock, environment: {}, ...options },
    { ...innerEdges(stores, (taken) => handler = taken), ...edges },
  );
  try {
    await test({
      app,
      clock,
      stores,
      request: async (path, { from, guarded, ...init } = {}) => {
        if (handler === undefined) throw new Error("The service took no handler");
        const host = from === undefined ? "127.0.0.1" : "192.0.2.1";
        const url = new URL(path, `http://${host}:${PORT}`);
        const request = new Request(url, init);
        // The platform's server hands this header on; a new request has none.
        if (!request.headers.has("Host")) request.headers.set("Host", url.host);
        return await handler(request, {
          address: from ?? "127.0.0.1",
          cameOverLoopback: from === undefined,
          guarded,
        });
      },
    });
  } finally {
    await app.stop();
    stores.close();
  }
}
