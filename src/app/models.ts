// The model gateway of one device: its keys, its accounting, and where both are kept. What is kept
// elsewhere is loaded only where the configuration names it.

import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { RandomSource } from "../base/random.ts";
import { openPostgres, type Postgres } from "../edges/shared_store/postgres.ts";
import { PostgresKeyStore } from "../edges/shared_store/postgres_keys.ts";
import { PostgresUsageStore } from "../edges/shared_store/postgres_usage.ts";
import { openRedisLimits, type RedisLimitStore } from "../edges/shared_store/redis_limits.ts";
import { STATUS_OF_CODE } from "../edges/http/error_response.ts";
import type { ModelState } from "../edges/http/metrics.ts";
import type { ModelService } from "../edges/http/model_routes.ts";
import { LineFile } from "../edges/platform/line_file.ts";
import type { UpstreamClient } from "../edges/platform/upstream_client.ts";
import type { KeyRing } from "../features/access/key_ring.ts";
import { SharedKeyRing } from "../features/access/shared_key_ring.ts";
import type { SharedKeyStore } from "../features/access/shared_key_store.ts";
import { KeyAccounting } from "../features/models/key_accounting.ts";
import type { ModelKey } from "../features/models/model_key.ts";
import { createModelKeyCheck } from "../features/models/model_key_check.ts";
import {
  type LiveModelSettings,
  MIB_BYTES,
  type ModelSettings,
} from "../features/models/model_settings.ts";
import { Outages } from "../features/models/outage.ts";
import { createModelGateway } from "../features/models/proxy.ts";
import { requestLine } from "../features/models/request_line.ts";
import type { RequestRecord } from "../features/models/request_record.ts";
import type { Fetch } from "../features/models/upstream.ts";
import type { UsageStore } from "../features/models/usage.ts";
import { UsageLedger } from "../features/models/usage_ledger.ts";
import type { UsageReader } from "../features/rpc/methods/usage_methods.ts";
import type { Stores } from "../edges/sqlite/stores.ts";

/** Options of {@linkcode openModels}. */
export interface ModelsOptions {
  /** The table [models]. */
  settings: ModelSettings;
  /** What may change of it while the service runs, at this moment. */
  live: () => LiveModelSettings;
  /** The device's own stores. */
  stores: Pick<Stores, "usage" | "usageOutbox" | "limits" | "durable">;
  /** The device's own keys. */
  keys: KeyRing;
  /**
   * Asks the model server.
   * @default a client of its own
   */
  fetch?: Fetch;
  /** Hears of every request that has ended; must not throw. */
  onEnded: (record: RequestRecord) => void;
  clock: Clock;
  random: RandomSource;
  log: Logger;
}

/** A running gateway. */
export interface Models {
  /** What the routes need. */
  readonly service: ModelService;
  /** What keys have used. */
  readonly usage: UsageReader;
  /** The keys that several gateways share, where there are such. */
  readonly sharedKeys: SharedKeyRing | undefined;
  /** Requests under way, and what is held for them. */
  counts(): { requests: number; heldBytes: number };
  /** What it is doing, for the metrics; asks the model server where it was not asked lately. */
  state(): Promise<ModelState>;
  /** To be called when the settings have changed. */
  settingsChanged(): void;
  /** A key has other limits from now on. */
  keyChanged(key: Pick<ModelKey, "keyId" | "limits">): void;
  /** Ends requests under way. */
  stop(): void;
  /** Writes everything; to be called when no request is under way any more. */
  close(): Promise<void>;
}

/** Opens the gateway; undefined where it is off. */
export function openModels(options: ModelsOptions): Models | undefined {
  const { settings, live, stores, keys, onEnded, clock, random, log } = options;
  if (!settings.enabled) return undefined;
  const { databaseUrl, redisUrl } = settings;
  const shared = databaseUrl === undefined ? undefined : openStore(databaseUrl, log);
  const distant = redisUrl === undefined ? undefined : openLimits(redisUrl, log);
  const sharedKeys = shared && new SharedKeyRing({ store: shared.keys, clock, random, log });
  const store = shared?.usage ?? stores.usage;
  const outbox = shared === undefined ? undefined : stores.usageOutbox;
  const usage = new UsageLedger({
    store,
    outbox,
    durable: stores.durable,
    clock,
    random,
    log,
  });
  const accounting = new KeyAccounting({
    // A key may have limits of its own, and 0 is none.
    limitsOf: ({ limits }) => ({
      perMinute: (limits?.perMinute ?? live().perKeyPerMinute) || undefined,
      tokensPerDay: (limits?.tokensPerDay ?? live().perKeyTokensPerDay) || undefined,
    }),
    limits: distant ?? stores.limits,
    usage,
    clock,
    random,
    log,
  });
  const client = lateClient(clock);
  const requestLog = settings.requestLog === undefined
    ? undefined
    : new LineFile({ path: settings.requestLog, clock, log });
  const gateway = createModelGateway({
    settings: mergedWith(settings, live),
    fetch: options.fetch ?? client.fetch,
    accounting,
    onEnded: (record) => {
      requestLog?.add(requestLine(record, {
        wallMs: clock.wallMs(),
        statusOf: (code) => STATUS_OF_CODE[code],
      }));
      onEnded(record);
    },
    clock,
    log,
  });
  return {
    service: {
      maxBodyBytes: settings.maxBodyMib * MIB_BYTES,
      errorStyle: settings.errorStyle,
      gateway,
      authenticate: createModelKeyCheck(sharedKeys ?? keys),
    },
    usage: { flush: () => usage.flush(), list: (wanted) => store.list(wanted) },
    sharedKeys,
    counts: () => gateway.counts(),
    state: async () => ({
      ...gateway.counts(),
      slots: gateway.slots(),
      isServerThere: await gateway.isServerThere(),
    }),
    settingsChanged: () => gateway.settingsChanged(),
    keyChanged: (key) => gateway.keyChanged(key),
    stop: () => gateway.close(),
    async close(): Promise<void> {
      // Side by side: a server that is silent must not keep what another takes from being written.
      const [isWritten] = await Promise.all([
        usage.close(),
        accounting.close(),
        sharedKeys?.close(),
      ]);
      await Promise.all([client.close(), requestLog?.close()]);
      if (!isWritten) log.error("Some usage of the model gateway could not be written");
      await Promise.all([shared?.close(), distant?.close()]);
    },
  };
}

// Loaded with the first request: few devices have a gateway.
function lateClient(clock: Clock): { fetch: Fetch; close: () => Promise<void> } {
  let client: Promise<UpstreamClient> | undefined;
  async function load(): Promise<UpstreamClient> {
    const { openUpstreamClient } = await import("../edges/platform/upstream_client.ts");
    return openUpstreamClient({ clock });
  }
  return {
    fetch: async (url, init) => await (await (client ??= load())).fetch(url, init),
    close: async () => (await client)?.close(),
  };
}

// Live settings are replaced whole, so they themselves tell whether they are still the merged ones.
function mergedWith(
  settings: ModelSettings,
  live: () => LiveModelSettings,
): () => ModelSettings {
  let merged: { live: LiveModelSettings; settings: ModelSettings } | undefined;
  return () => {
    const now = live();
    if (merged?.live !== now) merged = { live: now, settings: { ...settings, ...now } };
    return merged.settings;
  };
}

interface DistantStore {
  readonly keys: SharedKeyStore;
  readonly usage: UsageStore;
  close(): Promise<void>;
}

function openStore(url: string, log: Logger): DistantStore {
  const postgres = openPostgres(url, { log });
  const outages = new Outages({ what: "The shared store", log });
  const told: Postgres = { ...postgres, run: (work) => outages.watch(() => postgres.run(work)) };
  return {
    keys: new PostgresKeyStore(told),
    usage: new PostgresUsageStore(told),
    close: () => told.end(),
  };
}

function openLimits(url: string, log: Logger): RedisLimitStore {
  const limits = openRedisLimits(url, { log });
  const outages = new Outages({ what: "The shared limits", log });
  return {
    takeRequest: (key) => outages.watch(() => limits.takeRequest(key)),
    tokensOn: (key) => outages.watch(() => limits.tokensOn(key)),
    addTokens: (key) => outages.watch(() => limits.addTokens(key)),
    close: () => limits.close(),
  };
}
