// Answers the doctor's questions about this machine, out of the parts that look at it. Nothing on the device is changed, whether the service runs or not.

import { compileRunPatterns } from "../../features/actions/run_patterns.ts";
import type { Clock } from "../../base/clock.ts";
import { isLoopbackAddress } from "../../base/ip_address.ts";
import type { RandomSource } from "../../base/random.ts";
import { SkipCheck } from "../../features/doctor/check.ts";
import { hostLabel, instanceLabel } from "../../features/discovery/instance_name.ts";
import type { FoundInstance, KeyFacts, ServiceFacts } from "../../features/doctor/doctor_facts.ts";
import type { DoctorProbes } from "../../features/doctor/doctor_probes.ts";
import { isReachedAt } from "../../features/doctor/network_judgements.ts";
import { tryRunPatterns } from "../../features/doctor/pattern_trial.ts";
import type { Identity } from "../../features/doctor/proc_files.ts";
import { tryPairing } from "../../features/doctor/trial_pairing.ts";
import type { ActionSettings } from "../../features/actions/action_settings.ts";
import type { DiscoverySettings } from "../../features/discovery/discovery_settings.ts";
import type { DisplaySettings } from "../../features/screen/display_settings.ts";
import type { LibrarySettings } from "../../features/library/library_settings.ts";
import type { LibraryEdges } from "../../features/library/library_sources.ts";
import type { ApiKey } from "../../features/access/api_key.ts";
import type { ModelSettings } from "../../features/models/model_settings.ts";
import { RELEASE_DATE } from "../../version.ts";
import { lookAtActions } from "./action_look.ts";
import { type DatabaseForm, lookAtDatabase } from "./database_look.ts";
import { type FrontendLook, lookAtDisplays, type OpenFramebuffer } from "./display_look.ts";
import { findLockHolder, identityOf, lookAtFolder, writesToTerminal } from "./file_look.ts";
import { lookAtLibrary } from "./library_look.ts";
import {
  askHealth,
  findListeners,
  findOwnAddresses,
  isAnswered,
  tryGuard,
} from "./network_look.ts";
import { findScreenOwner } from "./screen_owner.ts";

/** How long is listened for answers in the local network, in milliseconds. */
export const MDNS_LIMIT_MS = 3_000;

/** What of a device's configuration the doctor goes by. */
export interface DoctorSettings {
  /** The service itself. */
  readonly service: {
    /** Where to listen; every interface where there is no host name. */
    readonly listen: { readonly hostname: string | undefined; readonly port: number };
    /** The folder for all state. */
    readonly dataDir: string;
    /** Whether remote WebSocket peers must encrypt. */
    readonly encryption: boolean;
  };
  /** What remote peers may do. */
  readonly security: {
    /** Addresses and CIDR ranges that POST, SSE and the model gateway are open to. */
    readonly allowedIps: readonly string[];
    /** Addresses and CIDR ranges of proxies that may say for whom they speak. */
    readonly trustedProxies: readonly string[];
    /** Web origins beyond the built-in ones. */
    readonly allowedOrigins: readonly string[];
    /** Patterns of texts that remote peers may run over REST. */
    readonly allowRun: readonly string[];
  };
  /** What texts start. */
  readonly actions: readonly ActionSettings[];
  /** Where systems and media come from. */
  readonly libraries: readonly LibrarySettings[];
  /** The announcement in the local network. */
  readonly discovery: DiscoverySettings;
  /** The model gateway. */
  readonly models: ModelSettings;
  /** Where PINs are shown. */
  readonly display: DisplaySettings;
}

/** Options of {@linkcode createDoctorProbes}. */
export interface DeviceProbesOptions {
  /** The configuration as far as it can be used; undefined where it cannot. */
  config: DoctorSettings | undefined;
  /** The owner's file; undefined where the defaults hold. */
  configFile: string | undefined;
  /** What is wrong with the configuration, a line each. */
  configProblems: readonly string[];
  /**
   * Who answers to a service type in the local network, within a limit in milliseconds.
   * @default the check is skipped
   */
  findInstances?: (service: string, limitMs: number) => Promise<readonly FoundInstance[]>;
  /**
   * What is wrong with the store and the limits that gateways share, a line each.
   * @default nothing
   */
  checkFleet?: (settings: ModelSettings) => Promise<readonly string[]>;
  /** The machine's name. */
  hostName: () => string;
  /** What a device's database is. */
  databaseForm: DatabaseForm;
  /** Opens a panel; throws where it is missing or odd. */
  openFramebuffer: OpenFramebuffer;
  /** Looks for programs that own the screen. */
  frontends: FrontendLook;
  /** What the library is read with. */
  libraryEdges: LibraryEdges;
  clock: Clock;
  /** Randomness for trials. */
  random: RandomSource;
}

/** The questions, asked of this machine. */
export function createDoctorProbes(options: DeviceProbesOptions): DoctorProbes {
  const { config, configFile, configProblems, findInstances, checkFleet, clock, random } = options;
  const { databaseForm, hostName, openFramebuffer, frontends, libraryEdges } = options;
  const searchPath = Deno.env.get("PATH") ?? "";
  const service = once(() => lookAtService(given()));
  const database = once(() => lookAtDatabase(given().service.dataDir, databaseForm));

  function given(): DoctorSettings {
    if (config === undefined) throw new SkipCheck("the configuration cannot be used");
    return config;
  }

  async function runningPort(): Promise<number> {
    const { state, holder, port } = await service();
    if (state === undefined || holder.kind === "nobody") {
      throw new SkipCheck("the service does not run");
    }
    return port;
  }

  async function servicePid(): Promise<number | undefined> {
    const { holder } = await service();
    return holder.kind === "process" ? holder.pid : undefined;
  }

  async function user(): Promise<{ identity: Identity; isOfService: boolean }> {
    const pid = await servicePid();
    const ofService = pid === undefined ? undefined : await identityOf(pid);
    const identity = ofService ?? await identityOf(undefined) ??
      { uid: Deno.uid() ?? -1, gids: [] };
    return { identity, isOfService: ofService !== undefined };
  }

  return {
    config: () => Promise.resolve({ file: configFile, problems: configProblems }),
    actions: async () => {
      return await lookAtActions(given().actions, { searchPath, ...await user() });
    },
    library: async (signal) => {
      const { libraries } = given();
      return await lookAtLibrary(libraries, {
        ...libraryEdges,
        searchPath,
        signal,
        ...await user(),
      });
    },
    data_folder: async () => {
      const { service: { dataDir } } = given();
      return await lookAtFolder(dataDir, (await user()).identity);
    },
    database: async () => (await database()).facts,
    service: async () => {
      if (given().service.listen.port === 0) {
        throw new SkipCheck("its port is another one at each start");
      }
      return await service();
    },
    port: async () => {
      const { service: { listen } } = given();
      const { holder, state } = await service();
      return {
        listen,
        ownAddresses: await findOwnAddresses(),
        takenAddresses: await findListeners(listen.port),
        isLatchkey: state !== undefined,
        holder,
      };
    },
    listeners: async () => {
      const { service: { listen: { hostname } } } = given();
      const port = await runningPort();
      const answers = await Promise.all((await findOwnAddresses()).map(async (address) => ({
        address,
        isAnswered: await askHealth({ hostname: address, port }) !== undefined,
      })));
      // Addresses come and go: one that is gone by now has good reason to be silent.
      const current = await findOwnAddresses();
      return { hostname, answers: answers.filter(({ address }) => current.includes(address)) };
    },
    guard: async () => {
      const { service: { listen: { hostname } } } = given();
      const port = await runningPort();
      const address = (await findOwnAddresses()).find((own) =>
        !isLoopbackAddress(own) && isReachedAt(own, hostname)
      );
      if (address === undefined) throw new SkipCheck("no other host reaches the service");
      return { address, outcome: await tryGuard({ hostname: address, port }) };
    },
    clock: async () => {
      const { markMs } = config === undefined ? { markMs: undefined } : await database();
      return { wallMs: clock.wallMs(), releaseDate: RELEASE_DATE, markMs };
    },
    mdns: async () => {
      const { discovery, service: { listen: { hostname } } } = given();
      if (!discovery.enabled) throw new SkipCheck("discovery is off");
      if (hostname !== undefined && isLoopbackAddress(hostname)) {
        throw new SkipCheck("no other host reaches the service");
      }
      const port = await runningPort();
      if (findInstances === undefined) throw new SkipCheck("nothing here can ask");
      const name = instanceLabel(discovery.instanceName ?? hostLabel(hostName()));
      const own = { name, port, addresses: await findOwnAddresses() };
      return { own, found: await findInstances(discovery.service, MDNS_LIMIT_MS) };
    },
    display: async () => {
      const { display } = given();
      const pid = await servicePid();
      const hasTerminal = pid !== undefined && await writesToTerminal(pid);
      return await lookAtDisplays(display, {
        ...{ hasTerminal, searchPath, openFramebuffer, frontends, findScreenOwner },
        ...await user(),
      });
    },
    pairing_time: () => tryPairing({ clock, random }),
    encryption: () => {
      const { service: { encryption, listen: { hostname } } } = given();
      return { encryption, hostname };
    },
    allowed_ips: () => given().security.allowedIps,
    allow_run: () => {
      const { security: { allowRun: patterns }, actions } = given();
      const actionPatterns = actions.map(({ match }) => match);
      return tryRunPatterns({ patterns, actionPatterns, compile: compileRunPatterns, random });
    },
    trusted_proxies: () => given().security.trustedProxies,
    allowed_origins: () => given().security.allowedOrigins,
    keys: async (): Promise<KeyFacts> => {
      const { security: { allowedIps } } = given();
      const { keys: all, markMs = 0, required } = await database();
      const nowMs = Math.max(clock.wallMs(), markMs);
      const keys = keysInForce(all, nowMs);
      if (keys === undefined) throw new SkipCheck("the database cannot tell");
      return { nowMs, allowedIps: allowedIps.length, required, keys };
    },
    permissions: async () => {
      const { identity: { uid }, isOfService } = await user();
      return { uid, isOfService };
    },
    models: async () => {
      const { models, security: { allowedIps, trustedProxies }, service } = given();
      const { enabled, upstream, allow, databaseUrl } = models;
      const isAsked = enabled && checkFleet !== undefined;
      const { keys, markMs = 0 } = databaseUrl === undefined
        ? await database()
        : { keys: undefined };
      const nowMs = Math.max(clock.wallMs(), markMs);
      return {
        enabled,
        isUpstreamReached: enabled && await isAnswered(upstream),
        allowed: allow.length,
        scopes: keysInForce(keys, nowMs)?.flatMap(({ scopes }) => scopes),
        fleetProblems: isAsked ? await checkFleet(models) : [],
        hostname: service.listen.hostname,
        allowedIps: allowedIps.length,
        trustedProxies: trustedProxies.length,
      };
    },
  };
}

async function lookAtService(config: DoctorSettings): Promise<ServiceFacts> {
  const { dataDir, listen: { port } } = config.service;
  const [holder, state] = await Promise.all([
    findLockHolder(dataDir),
    port === 0 ? undefined : askHealth({ hostname: "127.0.0.1", port }),
  ]);
  return { port, holder, state };
}

function keysInForce(keys: readonly ApiKey[] | undefined, nowMs: number): ApiKey[] | undefined {
  return keys?.filter(({ revokedAtMs, expiresAtMs }) =>
    revokedAtMs === undefined && (expiresAtMs === undefined || expiresAtMs > nowMs)
  );
}

function once<Result>(run: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  return () => result ??= run();
}
