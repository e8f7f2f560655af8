/**
 * The composition root: builds the parts of one device, starts them in order and stops them in
 * reverse. Everything a part needs is handed to it here; docs/architecture.md has the picture.
 *
 * @module
 */

import { ActionRunner } from "./actions/action_runner.ts";
import { type Announcing, startAnnouncing } from "./app/announcing.ts";
import { createConnector } from "./app/connections.ts";
import { openModels } from "./app/models.ts";
import { createPairing } from "./app/pairing.ts";
import { createSettingsControl } from "./app/settings_control.ts";
import { AuditLog } from "./audit/audit_log.ts";
import { type Clock, every, settledWithin, systemClock } from "./base/clock.ts";
import type { Logger, LogLevel } from "./base/log.ts";
import { type RandomSource, randomUuid, systemRandom } from "./base/random.ts";
import { LAST_SEEN_FLUSH_MS, LastSeen } from "./clients/last_seen.ts";
import { ClientRoster } from "./clients/roster.ts";
import { UNCLAIMED_SWEEP_MS, UnclaimedClients } from "./clients/unclaimed.ts";
import { type Config, settingsOf } from "./config/config.ts";
import type { ConfigSource } from "./config/config_source.ts";
import { fanOut } from "./display/fan_out.ts";
import type { PinDisplay } from "./display/pin_display.ts";
import { EventStreams } from "./http/events.ts";
import { type Listeners, startListeners } from "./http/listeners.ts";
import { createMetrics } from "./http/metrics.ts";
import { createPolicyFacts } from "./http/policy_facts.ts";
import { createRoutes, type ServiceState } from "./http/routes.ts";
import { KEY_SCOPES } from "./keys/api_key.ts";
import { KeyRing } from "./keys/key_ring.ts";
import { dayOf } from "./models/usage.ts";
import { createActionStarter } from "./platform/action_process.ts";
import { watchButtons } from "./platform/buttons.ts";
import { openDisplays } from "./platform/displays.ts";
import { environment, hostName, ownAddresses, pairingUrl, platformName } from "./platform/host.ts";
import { dropPermissions } from "./platform/permissions.ts";
import { privateFiles } from "./platform/private_files.ts";
import { residentBytes, watchEventLoop } from "./platform/vitals.ts";
import { createDispatcher } from "./rpc/dispatcher.ts";
import { actionMethods, showMedia } from "./rpc/methods/actions.ts";
import { auditMethods } from "./rpc/methods/audit.ts";
import { clientMethods } from "./rpc/methods/clients.ts";
import { keyMethods } from "./rpc/methods/keys.ts";
import { serviceMethods } from "./rpc/methods/service.ts";
import { settingsMethods } from "./rpc/methods/settings.ts";
import { usageMethods } from "./rpc/methods/usage.ts";
import { Notifications } from "./rpc/notifications.ts";
import { SessionGateway } from "./session/gateway.ts";
import { LiveConnections } from "./session/live_connections.ts";
import { Throttle } from "./session/throttle.ts";
import { LiveSettings } from "./settings/live_settings.ts";
import { openStores } from "./sqlite/stores.ts";
import { VERSION } from "./version.ts";
import { pairPage } from "./web/pair_page.ts";

export type { ConfigSource } from "./config/config_source.ts";
export type { Clock } from "./base/clock.ts";
export type { LogFields, LogFormat, Logger, LogLevel, LogValue } from "./base/log.ts";
export type { RandomSource } from "./base/random.ts";
export type { SocketAddress } from "./base/socket_address.ts";
export type { ButtonSettings } from "./buttons/button_settings.ts";
export type { ActionSettings } from "./actions/action_settings.ts";
export type { DiscoverySettings } from "./discovery/discovery_settings.ts";
export type { ModelSettings } from "./models/model_settings.ts";
export {
  type Config,
  type ConfigEnvironment,
  ConfigError,
  type ConfigText,
  parseConfig,
  type ParseConfigOptions,
} from "./config/config.ts";
export type { DisplayKind, DisplaySettings } from "./display/display_settings.ts";
export type { PixelFormat, Rotation } from "./display/framebuffer_layout.ts";
export type { PinDisplay, PinOutcome, PinView } from "./display/pin_display.ts";

/**
 * How long a stop waits for what runs on open connections and for actions to end, in milliseconds;
 * longer than the grace between their two signals.
 */
export const RUNNING_GRACE_MS = 2500;

/** How long a stop waits for stores elsewhere, in milliseconds; what they miss is in the outbox. */
export const DISTANT_GRACE_MS = 1000;

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
   * Where the configuration comes from.
   * @default nothing can be reloaded or changed
   */
  configSource?: ConfigSource;
  /**
   * The variables that actions inherit.
   * @default those of this process
   */
  environment?: Readonly<Record<string, string>>;
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
  const models = openModels({ settings: config.models, stores, keys, clock, random, log });
  const delays = watchEventLoop(clock);
  const metrics = createMetrics({
    connections: () => live.counts(),
    guard: () => listeners?.counts(),
    eventStreams: () => events.count,
    runningActions: () => actions.running,
    models: () => models?.counts(),
    eventLoopDelayS: () => delays.takeWorstS(),
    residentBytes,
  });

  const pairing = createPairing({
    roster,
    display,
    deviceName,
    pairingUrl: (pin) => listeners?.outside && pairingUrl(pin, port),
    notifications,
    metrics,
    audit,
    clock,
    random,
    log,
  });

  const actions = new ActionRunner({
    actions: config.actions,
    start: createActionStarter(options.environment ?? environment()),
    events: {
      started: (media) => notifications.publish("media.started", showMedia(media)),
      stopped: (media) => notifications.publish("media.stopped", showMedia(media)),
    },
    clock,
    log,
  });

  const control = createSettingsControl({
    settings,
    source: options.configSource,
    files: privateFiles,
    onChanged: (changed, next) => {
      actions.replaceTable(next.actions);
      announcing?.apply(next.discovery);
      if (changed.length > 0) audit.record("settings_changed", { settings: changed.join(" ") });
    },
  });

  const dispatcher = createDispatcher({
    methods: [
      ...serviceMethods({ version: VERSION, platform: platformName(), state: () => state }),
      ...clientMethods({
        roster,
        pairing: pairing.window,
        unsavedLastSeenMs: (clientId) => lastSeen.unsaved(clientId),
      }),
      ...keyMethods({
        keys,
        shared: models?.sharedKeys,
        scopes: KEY_SCOPES,
        onAdded: ({ keyId, scopes }) =>
          audit.record("key_added", { keyId, scopes: scopes.join(" ") }),
        onRevoked: (keyId) => audit.record("key_revoked", { keyId }),
      }),
      ...actionMethods({ actions }),
      ...usageMethods({
        usage: models && (() => models.usage),
        wallMs: () => clock.wallMs(),
        dayOf,
      }),
      ...auditMethods({ audit }),
      ...settingsMethods({
        current: () => settings.current,
        update: control.update,
        reload: control.reload,
      }),
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

  const connect = createConnector({
    gateway,
    dispatcher,
    roster,
    lastSeen,
    live,
    notifications,
    encryption: () => settings.current.encryption,
    metrics,
    audit,
    clock,
    log,
  });

  const routes = createRoutes({
    pairing: pairing.window,
    onPairingFailed: (address) => {
      log.warn("Pairing attempt failed", { address });
      metrics.pairingFailed();
      audit.record("pairing_failed", { address });
    },
    handleRpc: (text, caller) => dispatcher.handle(text, caller),
    connect,
    runText: (text) => actions.run({ text }),
    events,
    ...(models === undefined ? {} : { models: models.service }),
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
  let announcing: Announcing | undefined;
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
    await models?.close();
    stores.close();
    throw error;
  }

  // Who only listens to the device itself cannot be reached by whoever finds it.
  if (listeners.outside !== undefined) {
    const { discovery } = config;
    const name = hostName();
    announcing = await startAnnouncing({ settings: discovery, hostName: name, port, clock, log });
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
  const stopButtons = watchButtons(config.buttons, {
    togglePairing: pairing.toggle,
    revokeAll: pairing.revokeAll,
    clock,
    log,
  });
  if (options.dropPermissions) {
    dropPermissions({
      run: config.display.kinds.includes("command") || config.actions.length > 0,
      env: models !== undefined && (config.models.store ?? config.models.limits) !== undefined,
    });
  }
  state = "ready";

  return {
    port,
    outside: listeners.outside,
    reload: control.reload,
    togglePairing: pairing.toggle,
    async stop(): Promise<void> {
      if (isStopping) return;
      isStopping = true;
      cancelFlush();
      cancelSweep();
      delays.stop();
      const goodbye = announcing?.stop();
      listeners?.stopAccepting();
      stopButtons();
      pairing.window.close();
      display.close();
      events.close();
      models?.stop();
      // All of it at once: what runs over connections, the processes of actions, the goodbye.
      const work = Promise.all([live.shutDown(), actions.close(), goodbye]);
      await settledWithin(clock, { work, limitMs: RUNNING_GRACE_MS });
      await listeners?.stop(ANSWERS_GRACE_MS);
      const closed = models?.close() ?? Promise.resolve();
      await settledWithin(clock, { work: closed, limitMs: DISTANT_GRACE_MS });
      flush();
      stores.close();
      log.info("Stopped");
    },
  };
}
