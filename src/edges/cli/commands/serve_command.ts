// `latchkey serve`: the service itself, until it is told to stop.

import { asError } from "../../../base/app_error.ts";
import { createLogger, type Logger } from "../../../base/log.ts";
import type { Config } from "../../config/config.ts";
import {
  type Command,
  CommandError,
  EXIT_CODES,
  parseArguments,
  type RunningService,
  UsageError,
} from "../command.ts";
import { failureText } from "../failure_text.ts";
import { closeComingDebugger } from "../debugger.ts";
import { baseUrlOf, openConfiguration } from "../configuration.ts";

export const serveCommand: Command = {
  name: "serve",
  summary: "Run the service",
  usage: `Usage: latchkey serve [--config FILE]

Runs until SIGTERM or SIGINT (Ctrl+C); a second one ends it at once. Without a file, the defaults of
config.example.toml hold. SIGHUP reads the file again; SIGUSR1 opens pairing, and cancels it where
it is open.`,
  options: ["config"],
  async run(args, context): Promise<number> {
    const { options, positionals } = parseArguments(args, serveCommand);
    if (positionals.length > 0) throw new UsageError("serve takes no arguments");
    const file = options["config"];
    const configuration = openConfiguration(file);
    const config = configuration.read();
    let log: Logger | undefined;
    const { first, second } = stopSignals();
    const starting = start(() =>
      context.startService({
        config,
        log: (level) => {
          log = createLogger({
            level,
            format: config.log.format,
            wallMs: () => Date.now(),
            write: (line) => context.writeError(`${line}\n`),
          });
          keepAlive(log);
          return log;
        },
        terminal: { write: context.write, isTerminal: Deno.stdout.isTerminal() },
        configSource: configuration,
        dropPermissions: true,
      })
    );
    const endedAtOnce = second.then((signal) => {
      log?.warn("Stopped at once, without waiting for running work", { signal });
      return EXIT_CODES.failed;
    });
    return await Promise.race([endedAtOnce, runUntilStopped()]);

    async function runUntilStopped(): Promise<number> {
      const service = await starting;
      reloadOnSignal(service, log);
      Deno.addSignalListener("SIGUSR1", () => {
        void closeComingDebugger();
        service.togglePairing();
      });
      warnIfExposed(service, { config, log });
      context.write(describeService(service, { config, file }));
      const signal = await first;
      log?.info("Stopping", { signal });
      await service.stop();
      return EXIT_CODES.done;
    }
  },
};

async function start(startService: () => Promise<RunningService>): Promise<RunningService> {
  try {
    return await startService();
  } catch (error) {
    throw new CommandError(failureText("Cannot start", error), { cause: error });
  }
}

function warnIfExposed(
  service: RunningService,
  started: { config: Config; log: Logger | undefined },
): void {
  const { config, log } = started;
  if (service.outside === undefined || config.service.encryption) return;
  log?.warn(
    "Serving other hosts without encryption: set encryption = true in [service] of the config",
  );
}

function describeService(
  service: RunningService,
  started: { config: Config; file: string | undefined },
): string {
  const { config, file } = started;
  const pair = file === undefined ? "pair" : `pair --config ${file}`;
  const url = baseUrlOf("127.0.0.1", service.port);
  // In a source tree there is no program of that name.
  const program = import.meta.url.endsWith("/serve_command.ts")
    ? "npx -y deno@2.9.5 task latchkey"
    : "latchkey";
  return [
    `Latchkey listens on ${url}`,
    `  other hosts ${describeOutside(service)}`,
    `  encryption  ${config.service.encryption ? "required from other hosts" : "optional"}`,
    `  data        ${config.service.dataDir}`,
    "",
    `To pair a phone or an app, run in another terminal:  ${program} ${pair}`,
    "Stop with Ctrl+C",
    "",
  ].join("\n");
}

function describeOutside(service: RunningService): string {
  const { outside, port } = service;
  if (outside === undefined) return "cannot reach it";
  if (outside === "::" || outside === "0.0.0.0") {
    const [url] = service.addresses();
    return url === undefined ? `reach it on every address, port ${port}` : `reach it on ${url}`;
  }
  return `reach it on ${baseUrlOf(outside, port)}`;
}

// The second one counts from the first moment on: a start or a stop that hangs is ended by it too.
function stopSignals(): { first: Promise<string>; second: Promise<string> } {
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<string>();
  let isFirst = true;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      (isFirst ? first : second).resolve(signal);
      isFirst = false;
    });
  }
  return { first: first.promise, second: second.promise };
}

function reloadOnSignal(service: RunningService, log: Logger | undefined): void {
  Deno.addSignalListener("SIGHUP", () => {
    try {
      service.reload();
    } catch (error) {
      log?.error("Settings unchanged: cannot use the configuration file", {
        reason: asError(error).message,
      });
    }
  });
}

// A mistake in one event handler must not end the service for everybody: it is logged in full.
function keepAlive(log: Logger): void {
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    log.error("Unexpected error", { error: asError(event.error) });
  });
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("Unexpected rejection", { error: asError(event.reason) });
  });
}
