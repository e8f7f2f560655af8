/**
 * The composition root: builds the parts of one device, starts them in order and stops them in
 * reverse. Everything a part needs is handed to it here; docs/architecture.md has the picture.
 *
 * @module
 */

import { AuditLog } from "./audit/audit_log.ts";
import { type Clock, every, settledWithin, systemClock } from "./base/clock.ts";
import { AppError, asError } from "./base/errors.ts";
import type { Logger, LogLevel } from "./base/log.ts";
import { type RandomSource, randomUuid, systemRandom } from "./base/random.ts";
import { LAST_SEEN_FLUSH_MS, LastSeen } from "./clients/last_seen.ts";
import { ClientRoster } from "./clients/roster.ts";
import { UNCLAIMED_SWEEP_MS, UnclaimedClients } from "./clients/unclaimed.ts";
import { type Config, settingsOf } from "./config.ts";
import { fanOut } from "./display/fan_out.ts";
import type { PinDisplay } from "./display/pin_display.ts";
import { EventStreams } from "./http/events.ts";
import { type Listeners, startListeners } from "./http/listeners.ts";
import { createMetrics } from "./http/metrics.ts";
import { createPolicyFacts } from "./http/policy_facts.ts";
import { createRoutes, type ServiceState, type SocketPeer } from "./http/routes.ts";
import { KEY_SCOPES } from "./keys/api_key.ts";
import { KeyRing } from "./keys/key_ring.ts";
import { type PairingOutcome, PairingWindow } from "./pairing/pairing_window.ts";
import { watchButtons } from "./platform/buttons.ts";
import { openDisplays } from "./platform/displays.ts";
import { hostName, ownAddresses, pairingUrl, platformName } from "./platform/host.ts";
import { dropPermissions } from "./platform/permissions.ts";
import { residentBytes, watchEventLoop } from "./platform/vitals.ts";
import type { Caller } from "./rpc/caller.ts";
import { createDispatcher } from "./rpc/dispatcher.ts";
import { ENCRYPTION_REQUIRED_MESSAGE, UNSUPPORTED_VERSION_MESSAGE } from "./rpc/message.ts";
import { auditMethods } from "./rpc/methods/audit.ts";
import { clientMethods } from "./rpc/methods/clients.ts";
import { keyMethods } from "./rpc/methods/keys.ts";
import { serviceMethods } from "./rpc/methods/service.ts";
import { settingsMethods } from "./rpc/methods/settings.ts";
import { Notifications } from "./rpc/notifications.ts";
import { Connection } from "./session/connection.ts";
import { SessionGateway } from "./session/gateway.ts";
import { LiveConnections } from "./session/live_connections.ts";
import type { Socket } from "./session/socket.ts";
import { Throttle } from "./session/throttle.ts";
import { LiveSettings } from "./settings/live_settings.ts";
import { openStores } from "./sqlite/stores.ts";
import { VERSION } from "./version.ts";
import { pairPage } from "./web/pair_page.ts";

export type { Clock } from "./base/clock.ts";
export type { LogFields, LogFormat, Logger, LogLevel, LogValue } from "./base/log.ts";
export type { RandomSource } from "./base/random.ts";
export type { SocketAddress } from "./base/socket_address.ts";
export type { ButtonSettings } from "./buttons/button_settings.ts";
export {
  type Config,
  type ConfigEnvironment,
  ConfigError,
  parseConfig,
  type ParseConfigOptions,
} from "./config.ts";
export type { DisplayKind, DisplaySettings } from "./display/display_settings.ts";
export type { PixelFormat, Rotation } from "./display/framebuffer_layout.ts";
export type { PinDisplay, PinOutcome, PinView } from "./display/pin_display.ts";

/** How long a stop waits for what runs on open connections, in milliseconds. */
export const CONNECTIONS_GRACE_MS = 3000;

/** How long a stop waits for HTTP answers after that, in milliseconds. */
export const ANSWERS_GRACE_MS = 1500;

/** Options of {@linkcode startApp}. */
export interface AppOptions {
  /** Where to listen, where to keep data, and so on. */
  config: Config;
  /** Makes the log; its level follows the settings. */
  log: (level: () => LogLevel) => Logger;
  /**
   * Where PINs are shown.
   * @default what the configuration names
   */
  display?: PinDisplay;
  /**
   * The terminal, for the display of that kind.
   * @default none
   */
  terminal?: { write: (text: string) => void; isTerminal: boolean };
  /**
   * Whether the process gives up the permissions that a running service does not need.
   * @default {false}
   */
  dropPermissions?: boolean;
  /**
   * Reads the configuration again, for a reload.
   * @default nothing can be reloaded
   */
  readConfig?: () => Config;
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
  /** The port it listens on. */
  readonly port: number;
  /** The address that other hosts reach, if any. */
  readonly outside: string | undefined;
  /** Reads the settings again; the names of those that changed. Throws and keeps the old ones. */
  reload(): readonly string[];
  /** Opens pairing, or cancels it where it is open. */
  togglePairing(): void;
  /**
   * Stops: no new connections, answers under way are finished, sockets closed with 1001, all
   * state written. Takes at most 5 seconds.
   */
  stop(): Promise<void>;
}

/**
 * Starts the service. Throws DatabaseUnusableError, LockedError, AddressTakenError or the
 * platform's error of a listener; then nothing is left running.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, clock = systemClock, random = systemRandom } = options;
  const settings = new LiveSettings(settingsOf(config));
  const log = options.log(() => settings.current.logLevel);
  const { display: given, terminal = { write: () => {}, isTerminal: false } } = options;
  const display = given === undefined
    ? openDisplays(config.display, { ...terminal, clock, log })
    : fanOut({ displays: [{ name: "given", display: given }], log });
  const deviceName = config.service.deviceName ?? hostName();
  let state: ServiceState = "starting";
  let isStopping = false;
  let port = config.service.listen.port;

  const stores = openStores({ dataDir: config.service.dataDir, log });
  const audit = new AuditLog({ store: stores.audit, clock, log });
  const live = new LiveConnections();
  const notifications = new Notifications();
  const events = new EventStreams((sink) => notifications.subscribe(sink), clock);
  const roster = new ClientRoster({
    store: stores.clients,
    onRevoked: (clientId) => live.cutClient(clientId),
    onChanged: (clientId, change) => audit.record(change, { clientId }),
  });
  const lastSeen = new LastSeen({ store: stores.clients, log });
  const keys = new KeyRing({ store: stores.keys, clock, random, log });
  const delays = watchEventLoop(clock);
  const metrics = createMetrics({
    connections: () => live.counts(),
    guard: () => listeners?.counts(),
    eventStreams: () => events.count,
    eventLoopDelayS: () => delays.takeWorstS(),
    residentBytes,
  });

  const pairing = new PairingWindow({
    clock,
    random,
    clients: roster,
    events: {
      opened: ({ pin, expiresAtMs, role }) => {
        log.info("Pairing opened", { role, expiresAt: new Date(expiresAtMs).toISOString() });
        audit.record("pairing_opened", { role });
        void display.show({
          pin,
          expiresAtMs,
          deviceName,
          url: listeners?.outside && pairingUrl(pin, port),
        });
      },
      failed: (attempt) => {
        void display.warn(attempt);
        notifications.publish("clients.pair.failed", attempt, "local");
      },
      ended: pairingEnded,
    },
  });

  function togglePairing(): void {
    try {
      if (pairing.current() === undefined) pairing.open();
      else pairing.cancel();
    } catch (error) {
      log.warn("Pairing cannot be opened", { reason: asError(error).message });
    }
  }

  function revokeAll(): void {
    pairing.cancel();
    for (const { clientId } of roster.list()) roster.remove(clientId);
    log.warn("All clients removed with the device's buttons");
  }

  function pairingEnded(outcome: PairingOutcome): void {
    const clientId = outcome.kind === "paired" ? outcome.clientId : undefined;
    log.info("Pairing ended", { outcome: outcome.kind, clientId });
    metrics.pairingEnded(outcome.kind);
    void display.clear(outcome);
    if (outcome.kind === "paired") {
      audit.record("paired", { clientId: outcome.clientId });
      const { clientName } = outcome;
      notifications.publish("clients.paired", { clientId: outcome.clientId, clientName });
    } else {
      audit.record("pairing_ended", { outcome: outcome.kind });
      notifications.publish("clients.pair.ended", { outcome: outcome.kind }, "local");
    }
  }

  function reload(): readonly string[] {
    if (options.readConfig === undefined) {
      throw new AppError("unavailable", "There is no configuration to read again");
    }
    const changed = settings.replace(settingsOf(options.readConfig()));
    if (changed.length > 0) audit.record("settings_changed", { settings: changed.join(" ") });
    return changed;
  }

  const dispatcher = createDispatcher({
    methods: [
      ...serviceMethods({ version: VERSION, platform: platformName(), state: () => state }),
      ...clientMethods({
        roster,
        pairing,
        unsavedLastSeenMs: (clientId) => lastSeen.unsaved(clientId),
      }),
      ...keyMethods({
        keys,
        scopes: KEY_SCOPES,
        onAdded: ({ keyId, scopes }) =>
          audit.record("key_added", { keyId, scopes: scopes.join(" ") }),
        onRevoked: (keyId) => audit.record("key_revoked", { keyId }),
      }),
      ...auditMethods({ audit }),
      ...settingsMethods({ reload }),
    ],
    roleOf: ({ isLocal, clientId }) => {
      if (isLocal) return "admin";
      return clientId === undefined ? "member" : roster.find(clientId)?.role;
    },
    log,
  });

  const gateway = new SessionGateway({
    clients: stores.clients,
    ledger: stores.ledger,
    throttle: new Throttle(),
    clock,
  });

  function connect(socket: Socket, peer: SocketPeer): Connection {
    const { address, isLocal, connectionId, progressed, trust } = peer;
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
      mustEncrypt: () => settings.current.encryption && !isLocal,
      plaintextErrors: {
        encryptionRequired: ENCRYPTION_REQUIRED_MESSAGE,
        unsupportedVersion: UNSUPPORTED_VERSION_MESSAGE,
      },
      clock,
      log,
      events: {
        onSession: (clientId) => {
          if (!trust()) return connection.cut("no_place");
          metrics.sessionOpened();
          log.info("Session opened", { clientId, address });
          audit.record("session_opened", { clientId, address });
        },
        onRefused: ({ reason, clientId = null, beganThrottle }) => {
          metrics.refused(reason);
          audit.recordRefusal("session_refused", { reason, clientId, address });
          if (beganThrottle) audit.recordRefusal("session_throttled", { clientId, address });
        },
        onFrame: (clientId) => {
          metrics.frame();
          lastSeen.touch(clientId, clock.wallMs());
        },
        onProgress: progressed,
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
  }

  const routes = createRoutes({
    pairing,
    onPairingFailed: (address) => {
      log.warn("Pairing attempt failed", { address });
      metrics.pairingFailed();
      audit.record("pairing_failed", { address });
    },
    handleRpc: (text, caller) => dispatcher.handle(text, caller),
    connect,
    runText: () => Promise.reject(new AppError("unavailable", "Nothing can be run here yet")),
    events,
    page: pairPage,
    metrics: () => metrics.render(),
    onAnswered: (status) => metrics.answered(status),
    policyFacts: createPolicyFacts({
      settings: () => settings.current,
      keys,
      hostName: hostName(),
      addresses: ownAddresses,
      port: () => port,
      clock,
    }),
    state: () => state,
    isStopping: () => isStopping,
    random,
    log,
  });

  let listeners: Listeners | undefined;
  try {
    listeners = await startListeners({
      listen: config.service.listen,
      handler: (request, peer) => routes.fetch(request, { peer }),
      requestId: () => randomUuid(random),
      clock,
      log,
    });
    ({ port } = listeners);
  } catch (error) {
    delays.stop();
    display.close();
    stores.close();
    throw error;
  }

  const unclaimed = new UnclaimedClients({
    clock,
    listUnclaimed: () => stores.clients.listUnclaimed(),
    remove: (clientId) => roster.remove(clientId),
    log,
  });
  const flush = (): boolean[] => [lastSeen.flush(), keys.flush()];
  const cancelFlush = every(clock, LAST_SEEN_FLUSH_MS, flush);
  const cancelSweep = every(clock, UNCLAIMED_SWEEP_MS, () => unclaimed.sweep());
  unclaimed.sweep();
  const stopButtons = watchButtons(config.buttons, { togglePairing, revokeAll, clock, log });
  if (options.dropPermissions) dropPermissions({ run: config.display.kinds.includes("command") });
  state = "ready";

  return {
    port,
    outside: listeners.outside,
    reload,
    togglePairing,
    async stop(): Promise<void> {
      if (isStopping) return;
      isStopping = true;
      cancelFlush();
      cancelSweep();
      delays.stop();
      listeners?.stopAccepting();
      stopButtons();
      pairing.close();
      display.close();
      events.close();
      await settledWithin(clock, { work: live.shutDown(), limitMs: CONNECTIONS_GRACE_MS });
      await listeners?.stop(ANSWERS_GRACE_MS);
      flush();
      stores.close();
      log.info("Stopped");
    },
  };
}
