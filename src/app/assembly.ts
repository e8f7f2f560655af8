// The composition root: builds the parts of one device in order. Everything a part needs is handed to
// it here, and the line after it says how it ends; docs/architecture.md has the picture.

import { platformAead } from "../edges/platform/sync_aead.ts";
import { type Clock, settledWithin, systemClock } from "../base/clock.ts";
import { asError } from "../base/app_error.ts";
import type { Logger } from "../base/log.ts";
import { type RandomSource, randomUuid, systemRandom } from "../base/random.ts";
import type { Config } from "../edges/config/config.ts";
import { fanOut } from "../features/screen/fan_out.ts";
import type { PinDisplay } from "../features/screen/pin_display.ts";
import { EventStreams } from "../edges/http/events.ts";
import { createMetrics } from "../edges/http/metrics.ts";
import { ModelMetrics } from "../edges/http/model_metrics.ts";
import { compileAddressRules } from "../edges/http/address_rules.ts";
import { createPolicyFacts } from "../edges/http/policy_facts.ts";
import { createRoutes } from "../edges/http/routes.ts";
import { KeyHolds } from "../features/access/key_holds.ts";
import { Notifications } from "../features/rpc/notifications.ts";
import { launchesPrograms } from "../features/library/library_settings.ts";
import { LiveConnections } from "../features/session/live_connections.ts";
import { Throttle } from "../features/session/throttle.ts";
import { V1Opening } from "../features/session/v1_opening.ts";
import { PhoneSettings } from "../features/settings/phone_settings.ts";
import { LiveSettings } from "../features/settings/live_settings.ts";
import { createAnnouncing } from "./announcing.ts";
import { auditChanges } from "./audit_changes.ts";
import { createConnector } from "./connections.ts";
import type { Edges } from "./edges.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { openLibrary } from "./library.ts";
import type { OpenLibrary } from "./open_library.ts";
import { Lifetime } from "./lifetime.ts";
import { createMethods } from "./methods.ts";
import type { App, AppOptions } from "./options.ts";
import { createPairing } from "./pairing.ts";
import { createPlaying, type Playing } from "./playing.ts";
import { openRecords } from "./records.ts";
import { createServedPage } from "./served_page.ts";
import { createSessionRecorder } from "./session_recorder.ts";
import { ServiceStatus } from "./service_status.ts";
import { createSettingsControl } from "./settings_control.ts";
import { scheduleWarmRestart } from "./warm_restart.ts";

/**
 * How long a stop waits for what runs on open connections and for actions to end, in milliseconds;
 * longer than the grace between their two signals.
 */
export const RUNNING_GRACE_MS = 2500;

/** How long a stop waits for stores elsewhere, in milliseconds; what they miss is in the outbox. */
export const DISTANT_GRACE_MS = 1000;

/** How long a stop waits for HTTP answers after that, in milliseconds. */
export const ANSWERS_GRACE_MS = 1500;

/** What is there before anything is opened, and what every step works with. */
interface Frame {
  readonly options: AppOptions;
  readonly config: Config;
  readonly edges: Edges;
  readonly lifetime: Lifetime;
  readonly status: ServiceStatus;
  readonly settings: LiveSettings;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** Starts a service over the given edges; where a step throws, ends all that was started. */
export async function assemble(options: AppOptions, edges: Edges): Promise<App> {
  const { config, clock = systemClock, random = systemRandom } = options;
  const settings = new LiveSettings(config);
  const log = options.log(() => settings.current.log.level);
  const lifetime = new Lifetime({ clock, graceMs: RUNNING_GRACE_MS });
  const status = new ServiceStatus(config.service.listen.port);
  const frame = { options, config, edges, lifetime, status, settings, clock, random, log };
  try {
    for (const warning of options.configSource?.readWarnings() ?? []) log.warn(warning);
    return await build(frame);
  } catch (error) {
    await lifetime.end().catch((left: unknown) => {
      log.warn("Not all could be closed after a failed start", { reason: asError(left).message });
    });
    throw error;
  }
}

async function build(frame: Frame): Promise<App> {
  const { config, lifetime, status, log } = frame;
  const core = await buildCore(frame);
  const service = await buildService(frame, core);
  const routes = buildRoutes(frame, { ...core, ...service });
  let wasAsked = false;
  await listen(frame, (request, peer) => {
    wasAsked ||= !peer.cameOverLoopback;
    return routes.fetch(request, { peer });
  });

  // Who only listens to the device itself cannot be reached by whoever finds it.
  lifetime.early(() => service.announcing.stop());
  // What that needs is loaded meanwhile: nobody waits for it.
  if (status.outside !== undefined) void service.announcing.start(status.port);
  lifetime.early(startHousekeeping({ ...frame, ...core, ...service.playing }));
  const { toggle: togglePairing, revokeAll } = service.pairing;
  lifetime.early(
    frame.edges.watchButtons(config.buttons, { ...frame, togglePairing, revokeAll }),
  );
  if (frame.options.dropPermissions) {
    const restart = frame.edges.prepareRestart({ log });
    if (restart !== undefined) {
      const isInUse = (): boolean => wasAsked || isBusy({ ...core, ...service });
      lifetime.early(scheduleWarmRestart({ ...frame, ...service.playing, restart, isInUse }));
    }
    frame.edges.dropPermissions({
      run: startsPrograms(config),
      env: core.models !== undefined &&
        (config.models.databaseUrl ?? config.models.redisUrl) !== undefined,
    });
  }
  status.state = "ready";
  return {
    port: status.port,
    outside: status.outside,
    addresses: () => status.addresses(frame.edges.reachableUrls),
    reload: service.control.reload,
    togglePairing,
    async stop(): Promise<void> {
      if (lifetime.isEnding) return;
      try {
        await lifetime.end();
        log.info("Stopped");
      } catch (error) {
        log.error("Stopped, though not all could be closed", { error: asError(error) });
      }
    },
  };
}

// Whether the device itself has begun something that a restart would end.
function isBusy({ live, events, models, playing, pairing }: Core & Service): boolean {
  return live.counts().open > 0 || events.count > 0 || playing.actions.running > 0 ||
    playing.screen.current() !== undefined ||
    (models?.counts().requests ?? 0) > 0 || pairing.window.current() !== undefined;
}

function startsPrograms({ display, actions, libraries }: Config): boolean {
  return display.kind.includes("command") || actions.length > 0 || launchesPrograms(libraries);
}

interface Core {
  readonly stores: ReturnType<Edges["openStores"]>;
  readonly live: LiveConnections;
  readonly notifications: Notifications;
  readonly records: ReturnType<typeof openRecords>;
  readonly models: ReturnType<Edges["openModels"]>;
  readonly modelMetrics: ModelMetrics;
  readonly holds: KeyHolds;
  readonly events: EventStreams;
  readonly display: PinDisplay;
}

// What is kept, what is connected, and what is shown.
async function buildCore(frame: Frame): Promise<Core> {
  const { options, config, edges, lifetime, status, clock, random, log } = frame;
  const stores = edges.openStores({ dataDir: config.service.dataDir, clock, log });
  status.areStoresUsable = stores.isUsable;
  lifetime.late(() => stores.close());
  const live = new LiveConnections(config.limits.sessionsPerClient);
  lifetime.early(() => live.shutDown());
  const notifications = new Notifications();
  const records = openRecords({ stores, live, notifications, clock, random, log });
  lifetime.late(() => records.audit.settled());
  lifetime.late(() => void records.flush());
  const { keys, keyClock } = records;
  lifetime.late(() => keyClock.close());
  const modelMetrics = new ModelMetrics();
  const models = edges.openModels({
    settings: config.models,
    live: () => frame.settings.current.models,
    stores,
    keys,
    onEnded: (record) => modelMetrics.record(record),
    clock: keyClock,
    random,
    log,
  });
  if (models !== undefined) {
    lifetime.late(() => settledWithin(clock, { work: models.close(), limitMs: DISTANT_GRACE_MS }));
    lifetime.early(() => models.stop());
  }
  const { sharedKeys } = models ?? {};
  const holds = new KeyHolds({
    // Shared keys are the gateway's only ones where there are any.
    isInForce: (keyId, scope) =>
      scope === "models" && sharedKeys !== undefined
        ? sharedKeys.isInForce(keyId)
        : keys.isInForce(keyId, scope),
    clock,
    log,
  });
  const events = new EventStreams((sink) => notifications.subscribe(sink), clock);
  lifetime.early(() => events.close());
  const { display: given, terminal = { write: () => {}, isTerminal: false } } = options;
  const display = given === undefined
    ? await edges.openDisplays(config.display, {
      ...terminal,
      environment: options.environment ?? edges.environment(),
      cancelButtons: config.buttons.pair,
      clock,
      log,
    })
    : fanOut({ displays: [{ name: "given", display: given }], log });
  lifetime.early(() => display.close());
  return { stores, live, notifications, records, models, modelMetrics, holds, events, display };
}

interface Service {
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly library: OpenLibrary;
  readonly playing: Playing;
  readonly pairing: ReturnType<typeof createPairing>;
  readonly announcing: ReturnType<typeof createAnnouncing>;
  readonly control: ReturnType<typeof createSettingsControl>;
}

// What the device does for those who reach it.
async function buildService(frame: Frame, core: Core): Promise<Service> {
  const { options, config, edges, lifetime, status, settings, clock, random, log } = frame;
  const { live, notifications, records, models, modelMetrics, events, display } = core;
  const environment = options.environment ?? edges.environment();
  const library = await openLibrary({ ...frame, notifications, environment });
  const playing = createPlaying({ ...frame, ...core, environment, library });
  const delays = edges.watchEventLoop(clock);
  lifetime.early(() => delays.stop());
  const metrics = createMetrics({
    connections: () => live.counts(),
    guard: () => status.guardCounts(),
    eventStreams: () => events.count,
    runningActions: () => playing.actions.running,
    models: () => models?.state(),
    modelMetrics,
    eventLoopDelayS: () => delays.takeWorstS(),
    residentBytes: edges.residentBytes,
  });
  const pairing = createPairing({
    roster: records.roster,
    display,
    deviceName: config.service.deviceName ?? edges.hostName(),
    pairingUrl: (pin) => status.pairingUrl(pin, edges.reachableUrls),
    notifications,
    metrics,
    audit: records.audit,
    durable: core.stores.durable,
    clock,
    random,
    log,
  });
  lifetime.early(() => pairing.window.close());
  const announcing = createAnnouncing({
    settings: config.discovery,
    hostName: edges.hostName(),
    interfaces: edges.interfaceAddresses,
    loadMdns: edges.loadMdns,
    clock,
    log,
  });
  const control = createSettingsControl({
    settings,
    source: options.configSource,
    hasLibrary: library.isConfigured,
    canStartPrograms: options.dropPermissions !== true || startsPrograms(config),
    files: edges.files,
    onChanged: ({ changed, before, by }) => {
      const after = settings.current;
      auditChanges(records.audit, { changed, before, after, by });
      playing.actions.replaceTable(after.actions);
      playing.history.applySetting();
      library.replaceSources(after.libraries);
      announcing.apply(after.discovery);
      models?.settingsChanged();
      core.notifications.publish("settings.changed", {}, "admin");
    },
    log,
  });
  return { metrics, library, playing, pairing, announcing, control };
}

// What answers requests and sockets.
function buildRoutes(frame: Frame, parts: Core & Service): ReturnType<typeof createRoutes> {
  const { edges, lifetime, status, settings, clock, random, log } = frame;
  const { stores, live, notifications, records, models, holds, events } = parts;
  const { metrics, library, playing, pairing, control } = parts;
  const { audit, roster, lastSeen, keys } = records;
  const dispatcher = createMethods({
    status,
    platform: edges.platformName(),
    addresses: () => status.addresses(edges.reachableUrls),
    live,
    records,
    durable: stores.durable,
    window: pairing.window,
    models,
    holds,
    playing,
    library,
    phoneSettings: new PhoneSettings(stores.phoneSettings, notifications),
    settings,
    control,
    clock,
    log,
  });
  const { removedClients: removed, ledger } = stores;
  const open = createConnector({
    openings: [
      new V1Opening({
        clients: roster,
        removed,
        ledger,
        recordSession: createSessionRecorder({ stores, audit }),
        throttle: new Throttle(),
        syncAead: platformAead,
        clock,
      }),
    ],
    dispatcher,
    roster,
    lastSeen,
    live,
    notifications,
    encryption: () => settings.current.service.encryption,
    isKeyRequired: () => keys.isRequired("rpc"),
    holds,
    metrics,
    audit,
    clock,
    log,
  });
  const connect: typeof open = (socket, peer) => {
    // Who comes from another host is about to open a session.
    if (!peer.isLocal) edges.loadAead();
    return open(socket, peer);
  };
  return createRoutes({
    pairing: pairing.window,
    onPairingFailed: async (address) => {
      log.warn("Pairing attempt failed", { address });
      metrics.pairingFailed();
      audit.recordRefusal("pairing_failed", { address });
      // The guess was wrong, whether or not that can be kept.
      await stores.durable().catch(() => {});
    },
    handleRpc: (text, caller) => dispatcher.handle(text, caller),
    connect,
    holds,
    runText: (text, { isLocal, keyId }) =>
      playing.texts.run({ text }, { by: keyId ?? (isLocal ? "local" : "remote") }),
    events,
    ...(models === undefined ? {} : { models: models.service }),
    page: createServedPage({ settings, status, edges }),
    metrics: () => metrics.render(),
    onAnswered: (code) => metrics.answered(code),
    isTrustedProxy: compileAddressRules(settings.current.security.trustedProxies),
    policyFacts: createPolicyFacts({
      settings: () => {
        const { service, security } = settings.current;
        return { encryption: service.encryption, ...security };
      },
      keys,
      hostName: edges.hostName(),
      announcedNames: () => parts.announcing.hostNames(),
      addresses: edges.ownAddresses,
      port: () => status.port,
      clock,
    }),
    state: () => status.health,
    isStopping: () => lifetime.isEnding,
    upgradeWebSocket: edges.upgradeWebSocket,
    random,
    log,
  });
}

async function listen(
  { config, edges, lifetime, status, settings, clock, random, log }: Frame,
  handler: Parameters<Edges["startListeners"]>[0]["handler"],
): Promise<void> {
  const listeners = await edges.startListeners({
    listen: config.service.listen,
    limits: () => settings.current.limits,
    handler,
    requestId: () => randomUuid(random),
    random,
    clock,
    log,
  });
  lifetime.late(() => listeners.stop(ANSWERS_GRACE_MS));
  lifetime.early(() => listeners.stopAccepting());
  status.listening(listeners);
}
