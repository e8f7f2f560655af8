// The model gateway behind its real listeners, guard included, without the rest of a device. Run as
// a program it takes the upstream's URL and writes its own; it ends when its input does.

import { systemClock } from "../../src/base/clock.ts";
import { AppError } from "../../src/base/app_error.ts";
import type { LogFields, Logger } from "../../src/base/log.ts";
import { randomUuid, systemRandom } from "../../src/base/random.ts";
import { openUpstreamClient } from "../../src/edges/platform/upstream_client.ts";
import { startListeners } from "../../src/edges/http/listeners.ts";
import { createRoutes } from "../../src/edges/http/routes.ts";
import { EventStreams } from "../../src/edges/http/events.ts";
import type { RequestOutcome } from "../../src/features/models/accounting.ts";
import type { ModelSettings } from "../../src/features/models/model_settings.ts";
import { createModelGateway, type ModelGateway } from "../../src/features/models/proxy.ts";
import { PairingWindow } from "../../src/features/pairing/pairing_window.ts";

/** The one key that opens the server. */
export const MODEL_KEY = "lk_modelkey";

/** A running server. */
export interface ModelServer {
  readonly port: number;
  /** Where it answers on loopback. */
  readonly baseUrl: string;
  readonly gateway: ModelGateway;
  /** What became of the requests so far. */
  readonly outcomes: RequestOutcome[];
  /** What was logged at info and above. */
  readonly lines: [message: string, fields: LogFields][];
  /** Why the guard cut connections. */
  readonly cuts: string[];
  close(): Promise<void>;
}

/** Starts a server in front of an upstream; `settings` change what it is like. */
export async function startModelServer(
  upstream: string,
  settings: Partial<ModelSettings> = {},
): Promise<ModelServer> {
  const outcomes: RequestOutcome[] = [];
  const lines: ModelServer["lines"] = [];
  const cuts: string[] = [];
  const note = (message: string, fields: LogFields = {}): void =>
    void lines.push([message, fields]);
  const log: Logger = {
    debug: (message, fields = {}) => {
      if (message.startsWith("Connection cut")) cuts.push(String(fields["reason"]));
    },
    info: note,
    warn: note,
    error: note,
  };
  const client = openUpstreamClient({ clock: systemClock });
  const gateway = createModelGateway({
    settings: () => ({
      enabled: true,
      upstream,
      allow: ["llama3.1:8b", "nomic-embed-text"],
      errorStyle: "sanitized",
      maxBodyMib: 16,
      timeoutS: 30,
      maxConcurrent: 2,
      queue: 4,
      perKeyPerMinute: undefined,
      perKeyTokensPerDay: undefined,
      requestLog: undefined,
      databaseUrl: undefined,
      redisUrl: undefined,
      ...settings,
    }),
    fetch: client.fetch,
    accounting: {
      begin: () => Promise.resolve({ end: (outcome) => void outcomes.push(outcome) }),
    },
    clock: systemClock,
    log,
  });
  const routes = createRoutes({
    models: {
      gateway,
      maxBodyBytes: 16 * 1024 * 1024,
      errorStyle: settings.errorStyle ?? "sanitized",
      authenticate: (text) =>
        Promise.resolve(
          text === MODEL_KEY
            ? { kind: "accepted", key: { keyId: "modelkey", models: undefined } }
            : { kind: "unknown" },
        ),
    },
    policyFacts: () => ({
      own: { hostNames: [], addresses: [], port: 0 },
      encryption: true,
      allowedOrigins: [],
      isAllowedIp: () => true,
      isMetricsIp: () => false,
      isAllowedText: () => false,
      isKeyRequired: () => true,
      findKey: () => undefined,
      admit: () => true,
    }),
    ...nothingElse(),
    random: systemRandom,
    log,
  });
  const listeners = await startListeners({
    listen: { hostname: undefined, port: 0 },
    limits: () => ({
      connectionsPerAddress: 8,
      unknownConnections: 64,
      knownConnections: 128,
      connectionsPerKey: 32,
      waitingConnections: 256,
      connectionWaitS: 10,
    }),
    handler: (request, peer) => routes.fetch(request, { peer }),
    requestId: () => randomUuid(systemRandom),
    random: systemRandom,
    clock: systemClock,
    log,
  });
  return {
    port: listeners.port,
    baseUrl: `http://127.0.0.1:${listeners.port}`,
    gateway,
    outcomes,
    lines,
    cuts,
    async close(): Promise<void> {
      gateway.close();
      await listeners.stop(500);
      client.close();
    },
  };
}

// The parts of a device that no model client meets.
function nothingElse(): Omit<
  Parameters<typeof createRoutes>[0],
  "models" | "policyFacts" | "random" | "log"
> {
  const none = (): never => {
    throw new AppError("unavailable", "Not here");
  };
  return {
    pairing: new PairingWindow({
      clock: systemClock,
      random: systemRandom,
      clients: { limit: 0, maxNameBytes: 0, count: () => 0, add: none },
      events: { opened: () => {}, failed: () => {}, refused: () => {}, ended: () => {} },
    }),
    onPairingFailed: () => {},
    handleRpc: none,
    connect: none,
    holds: { hold: () => () => {} },
    runText: none,
    events: new EventStreams(() => () => {}, systemClock),
    page: { open: none, file: none },
    metrics: none,
    onAnswered: () => {},
    state: () => "ready",
    isStopping: () => false,
  };
}

if (import.meta.main) {
  const [upstream = "", settings = "{}"] = Deno.args;
  const server = await startModelServer(upstream, JSON.parse(settings));
  await Deno.stdout.write(new TextEncoder().encode(`${server.baseUrl}\n`));
  await Deno.stdin.readable.pipeTo(new WritableStream());
  await server.close();
}
