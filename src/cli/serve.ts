// `latchkey serve`: the service itself, until it is told to stop.

import { asError } from "../base/errors.ts";
import { createLogger, type Logger } from "../base/log.ts";
import type { Config } from "../config.ts";
import { createTerminalDisplay } from "../display/terminal.ts";
import {
  type Command,
  CommandError,
  EXIT_CODES,
  parseArguments,
  type RunningService,
  UsageError,
} from "./command.ts";
import { baseUrlOf, loadConfig } from "./configuration.ts";

/** The command. */
export const serveCommand: Command = {
  name: "serve",
  summary: "Run the service",
  usage: `Usage: latchkey serve [--config FILE]

Runs until SIGTERM or SIGINT (Ctrl+C). Without a file, the defaults of
config.example.toml hold.`,
  async run(args, context): Promise<number> {
    const { options, positionals } = parseArguments(args, ["config"]);
    if (positionals.length > 0) throw new UsageError("serve takes no arguments");
    const config = loadConfig(options["config"]);
    const log = createLogger({
      level: () => config.log.level,
      format: config.log.format,
      wallMs: () => Date.now(),
      write: (line) => context.writeError(`${line}\n`),
    });
    const stopped = stopSignal();
    const release = keepAlive(log);
    try {
      const service = start(() =>
        context.startService({
          config,
          log,
          display: createTerminalDisplay({ write: context.write, wallMs: () => Date.now() }),
        })
      );
      warnIfExposed(config, log);
      context.write(describeService(service, { config, file: options["config"] }));
      const signal = await stopped;
      log.info("Stopping", { signal });
      await service.stop();
      return EXIT_CODES.done;
    } finally {
      release();
    }
  },
};

function start(startService: () => RunningService): RunningService {
  try {
    return startService();
  } catch (error) {
    throw new CommandError(`Cannot start: ${asError(error).message}`, { cause: error });
  }
}

function warnIfExposed(config: Config, log: Logger): void {
  const { listen, encryption } = config.service;
  const isLoopback = listen.hostname === "::1" || listen.hostname.startsWith("127.");
  if (isLoopback || encryption) return;
  log.warn(
    "Serving other hosts without encryption: set encryption = true in [service] of the config",
  );
}

function describeService(
  service: RunningService,
  started: { config: Config; file: string | undefined },
): string {
  const { config, file } = started;
  const pair = file === undefined ? "pair" : `pair --config ${file}`;
  const url = baseUrlOf(service.hostname, service.port);
  const encryption = config.service.encryption ? "required from other hosts" : "optional";
  return [
    `Latchkey listens on ${url}`,
    `  data        ${config.service.dataDir}`,
    `  encryption  ${encryption}`,
    "",
    `To pair a phone or an app, run in another terminal:  latchkey ${pair}`,
    `From a source tree:                                  deno task latchkey ${pair}`,
    "Stop with Ctrl+C",
    "",
  ].join("\n");
}

function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      Deno.addSignalListener(signal, () => resolve(signal));
    }
  });
}

// A mistake in one event handler must not end the service for everybody: it is logged in full.
function keepAlive(log: Logger): () => void {
  const onError = (event: ErrorEvent): void => {
    event.preventDefault();
    log.error("Unexpected error", { error: asError(event.error) });
  };
  const onRejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    log.error("Unexpected rejection", { error: asError(event.reason) });
  };
  globalThis.addEventListener("error", onError);
  globalThis.addEventListener("unhandledrejection", onRejection);
  return () => {
    globalThis.removeEventListener("error", onError);
    globalThis.removeEventListener("unhandledrejection", onRejection);
  };
}
