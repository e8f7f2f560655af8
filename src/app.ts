/**
 * The composition root: builds the parts of one device, starts them in order and stops them in
 * reverse. Everything a part needs is handed to it here; docs/architecture.md has the picture.
 *
 * @module
 */

import { type Clock, every, systemClock } from "./base/clock.ts";
import { asError } from "./base/errors.ts";
import type { Logger } from "./base/log.ts";
import { type RandomSource, randomUuid, systemRandom } from "./base/random.ts";
import { LAST_SEEN_FLUSH_MS, LastSeen } from "./clients/last_seen.ts";
import { ClientRoster } from "./clients/roster.ts";
import { UNCLAIMED_SWEEP_MS, UnclaimedClients } from "./clients/unclaimed.ts";
import type { Config } from "./config.ts";
import { guardDisplay } from "./display/guarded_display.ts";
import { type PinDisplay, silentDisplay } from "./display/pin_display.ts";
import { createRoutes, type ServiceState } from "./http/routes.ts";
import { startServer } from "./http/server.ts";
import { PairingWindow } from "./pairing/pairing_window.ts";
import { hostName, platformName } from "./platform/host.ts";
import type { Caller } from "./rpc/caller.ts";
import { createDispatcher } from "./rpc/dispatcher.ts";
import { ENCRYPTION_REQUIRED_MESSAGE, UNSUPPORTED_VERSION_MESSAGE } from "./rpc/message.ts";
import { clientMethods } from "./rpc/methods/clients.ts";
import { serviceMethods } from "./rpc/methods/service.ts";
import { Notifications } from "./rpc/notifications.ts";
import { Connection } from "./session/connection.ts";
import { SessionGateway } from "./session/gateway.ts";
import { LiveConnections } from "./session/live_connections.ts";
import { Throttle } from "./session/throttle.ts";
import { openStores } from "./sqlite/stores.ts";
import { VERSION } from "./version.ts";

export type { Clock } from "./base/clock.ts";
export type { LogFields, LogFormat, Logger, LogLevel, LogValue } from "./base/log.ts";
export type { RandomSource } from "./base/random.ts";
export type { SocketAddress } from "./base/socket_address.ts";
export {
  type Config,
  type ConfigEnvironment,
  ConfigError,
  parseConfig,
  type ParseConfigOptions,
} from "./config.ts";
export type { PinDisplay, PinOutcome, PinView } from "./display/pin_display.ts";

/** How long a stop waits for what is under way, in milliseconds. */
export const STOP_GRACE_MS = 4000;

/** Options of {@linkcode startApp}. */
export interface AppOptions {
  /** Where to listen, where to keep data, and so on. */
  config: Config;
  /** The log. */
  log: Logger;
  /**
   * Where PINs are shown.
   * @default {silentDisplay}
   */
  display?: PinDisplay;
  /**
   * Time.
   * @default {systemClock}
   */
  clock?: Clock;
  /**
   * Randomness.
   * @default {systemRandom}
   */
  random?: RandomSource;
}

/** A running service. */
export interface App {
  /** The address it listens on. */
  readonly hostname: string;
  /** The port it listens on. */
  readonly port: number;
  /**
   * Stops: no new connections, answers under way are finished, sockets closed with 1001, all
   * state written. Takes at most 5 seconds.
   */
  stop(): Promise<void>;
}

/**
 * Starts the service. Throws DatabaseUnusableError, LockedError or the platform's error of the
 * listener; then nothing is left running.
 */
export function startApp(options: AppOptions): App {
  const { config, log, clock = systemClock, random = systemRandom } = options;
  const display = guardDisplay({ display: options.display ?? silentDisplay, log });
  let state: ServiceState = "starting";

  const stores = openStores({ dataDir: config.service.dataDir, log });
  const live = new LiveConnections();
  const notifications = new Notifications();
  const roster = new ClientRoster({
    store: stores.clients,
    onRevoked: (clientId) => live.cutClient(clientId),
  });
  const lastSeen = new LastSeen({ store: stores.clients, log });
  const unclaimed = new UnclaimedClients({
    clock,
    listUnclaimed: () => stores.clients.listUnclaimed(),
    remove: (clientId) => {
      roster.remove(clientId);
      log.info("Client removed: it never opened a session", { clientId });
    },
  });
  const pairing = new PairingWindow({
    clock,
    random,
    clients: roster,
    events: {
      opened: ({ pin, expiresAtMs, role }) => {
        log.info("Pairing opened", { role, expiresAt: new Date(expiresAtMs).toISOString() });
        const deviceName = config.service.deviceName ?? hostName();
        void display.show({ pin, expiresAtMs, deviceName });
      },
      failed: (attempt) => {
        log.warn("Pairing attempt failed", attempt);
        void display.warn(attempt);
        notifications.publish("clients.pair.failed", attempt, "local");
      },
      ended: (outcome) => {
        log.info("Pairing ended", {
          outcome: outcome.kind,
          clientId: outcome.kind === "paired" ? outcome.clientId : undefined,
        });
        void display.clear(outcome);
        if (outcome.kind === "paired") {
          const { clientId, clientName } = outcome;
          notifications.publish("clients.paired", { clientId, clientName });
        } else {
          notifications.publish("clients.pair.ended", { outcome: outcome.kind }, "local");
        }
      },
    },
  });
  const gateway = new SessionGateway({
    clients: stores.clients,
    ledger: stores.ledger,
    throttle: new Throttle(),
    clock,
  });
  const dispatcher = createDispatcher({
    methods: [
      ...serviceMethods({ version: VERSION, platform: platformName(), state: () => state }),
      ...clientMethods({
        roster,
        pairing,
        unsavedLastSeenMs: (clientId) => lastSeen.unsaved(clientId),
      }),
    ],
    roleOf: ({ isLocal, clientId }) => {
      if (isLocal) return "admin";
      return clientId === undefined ? "member" : roster.find(clientId)?.role;
    },
    log,
  });
  const routes = createRoutes({
    pairing,
    handleRpc: (text, caller) => dispatcher.handle(text, caller),
    connect: (socket, peer) => {
      const { address, isLocal, connectionId } = peer;
      let requests = 0;
      const callerOf = (clientId: string | undefined): Caller => {
        requests += 1;
        return { isLocal, address, clientId, requestId: `${connectionId}.${requests}` };
      };
      const connection = new Connection({
        socket,
        address,
        connectionId,
        openSession: (frame, from) => gateway.open(frame, from),
        isPaired: (clientId) => roster.find(clientId) !== undefined,
        requests: (clientId) => ({
          handle: (text) => dispatcher.handle(text, callerOf(clientId)),
          busy: (text) => dispatcher.busyAnswer(text),
        }),
        mustEncrypt: () => config.service.encryption && !isLocal,
        plaintextErrors: {
          encryptionRequired: ENCRYPTION_REQUIRED_MESSAGE,
          unsupportedVersion: UNSUPPORTED_VERSION_MESSAGE,
        },
        clock,
        log,
        events: {
          onSession: (clientId) => log.info("Session opened", { clientId, address }),
          onFrame: (clientId) => lastSeen.touch(clientId, clock.wallMs()),
          onEnd: () => {
            live.remove(connection);
            unsubscribe();
          },
        },
      });
      const unsubscribe = notifications.subscribe((text, audience) => {
        if (audience === "everyone" || isLocal) connection.notify(text);
      });
      live.add(connection);
      return connection;
    },
    state: () => state,
    random,
    log,
  });

  const server = startOrClose();
  const cancelFlush = every(clock, LAST_SEEN_FLUSH_MS, () => lastSeen.flush());
  const cancelSweep = every(clock, UNCLAIMED_SWEEP_MS, sweep);
  sweep();
  state = "ready";

  function sweep(): void {
    try {
      unclaimed.sweep();
    } catch (error) {
      log.error("Cannot look for unclaimed clients", { error: asError(error) });
    }
  }

  function startOrClose(): ReturnType<typeof startServer> {
    try {
      return startServer({
        ...config.service.listen,
        handler: (request, peer) => routes.fetch(request, { peer }),
        requestId: () => randomUuid(random),
        log,
      });
    } catch (error) {
      stores.close();
      throw error;
    }
  }

  return {
    hostname: config.service.listen.hostname,
    port: server.port,
    async stop(): Promise<void> {
      cancelFlush();
      cancelSweep();
      pairing.close();
      await Promise.all([
        withinGrace(clock, live.shutDown()),
        server.stop(STOP_GRACE_MS),
      ]);
      lastSeen.flush();
      stores.close();
      log.info("Stopped");
    },
  };
}

// Resolves with the work or when the grace is over, whichever comes first.
function withinGrace(clock: Clock, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(STOP_GRACE_MS, resolve);
    void work.finally(() => {
      cancel();
      resolve();
    });
  });
}
