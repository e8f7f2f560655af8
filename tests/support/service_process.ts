// The service as its users run it: a process of its own, with its own data folder and its log at
// debug level.

import { V8_FLAGS } from "../../packaging/build/deno.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const START_TIMEOUT_MS = 20_000;

/** Options of {@linkcode startService}. */
export interface ServiceOptions {
  /** The data folder; it outlives the process. */
  dataDir: string;
  /** More lines for the [service] table. */
  settings?: string;
  /**
   * Where to listen.
   * @default {"127.0.0.1:0"}
   */
  listen?: string;
  /**
   * How many files the process may have open.
   * @default the system's limit
   */
  maxFiles?: number;
  /**
   * Variables beside those of the test.
   * @default none
   */
  env?: Record<string, string>;
  /** Lines after the [service] table, other tables included. */
  tables?: string;
  /**
   * More arguments of the runtime.
   * @default none
   */
  runtimeArgs?: readonly string[];
  /**
   * The program's first file.
   * @default the source tree's
   */
  program?: string;
}

/** A service in a process of its own. */
export interface ServiceProcess {
  /** Where it answers. */
  readonly baseUrl: string;
  /** Its process. */
  readonly pid: number;
  /** Everything it wrote so far, log and output. */
  output(): string;
  /** Its resident memory now, in MiB. */
  residentMiB(): Promise<number>;
  /** Reads its configuration again and waits until that has happened. */
  reload(): Promise<void>;
  /** Ends it with a signal and waits; the exit code. */
  stop(signal?: Deno.Signal): Promise<number>;
}

/** Starts a service on a free port and waits until it listens. */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  const { dataDir, program = `${ROOT}src/main.ts` } = options;
  const config = `${dataDir}.toml`;
  await writeConfig(options);
  // Memory is a device's only with the flags that a device has.
  const runtime = [Deno.execPath(), "run", "-A", ...V8_FLAGS, ...options.runtimeArgs ?? []];
  const command = [...runtime, program, "serve", "--config", config];
  // The platform raises the soft limit to the hard one, so both are set.
  const limit = options.maxFiles === undefined ? "" : `ulimit -n ${options.maxFiles} && `;
  const child = new Deno.Command("sh", {
    args: ["-c", `${limit}exec "$@"`, "sh", ...command],
    env: options.env ?? {},
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let written = "";
  const listening = Promise.withResolvers<string>();
  const collect = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      written += text;
      const url = /listens on (http:\S+)/.exec(written)?.[1];
      if (url !== undefined) listening.resolve(url);
    }
  };
  const collected = Promise.all([collect(child.stdout), collect(child.stderr)]);
  void child.status.then(({ code }) =>
    listening.reject(new Error(`The service ended with ${code}: ${written}`))
  );
  const timer = setTimeout(
    () => listening.reject(new Error(`The service does not listen: ${written}`)),
    START_TIMEOUT_MS,
  );
  const baseUrl = await listening.promise.finally(() => clearTimeout(timer));
  return {
    baseUrl,
    pid: child.pid,
    output: () => written,
    async residentMiB(): Promise<number> {
      const status = await Deno.readTextFile(`/proc/${child.pid}/status`);
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    },
    async reload(): Promise<void> {
      const before = written.length;
      child.kill("SIGHUP");
      while (!/Settings (reloaded|unchanged)/.test(written.slice(before))) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async stop(signal: Deno.Signal = "SIGTERM"): Promise<number> {
      try {
        child.kill(signal);
      } catch {
        // It has ended by itself.
      }
      await collected;
      return (await child.status).code;
    },
  };
}

/** Writes the configuration of a service, at first or for a reload. */
export async function writeConfig(options: ServiceOptions): Promise<void> {
  const { dataDir, settings = "", listen = "127.0.0.1:0", tables = "" } = options;
  await Deno.writeTextFile(
    `${dataDir}.toml`,
    [
      "[service]",
      `listen = ${JSON.stringify(listen)}`,
      `data_dir = ${JSON.stringify(dataDir)}`,
      settings,
      tables,
      // Tests announce nothing to the network that they did not ask for.
      ...(tables.includes("[discovery]") ? [] : ["[discovery]", "enabled = false"]),
      "[log]",
      'level = "debug"',
      "",
    ].join("\n"),
  );
}

/** What a command of the program wrote, and its exit code. */
export async function runLatchkey(
  ...args: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `${ROOT}src/main.ts`, ...args],
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

/** Runs `test` with a fresh folder path whose parent is removed afterwards. */
export async function withDataDir(test: (dataDir: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    await test(`${parent}/data`);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

/** The result of a method, called as the device itself. */
export async function callLocal(
  baseUrl: string,
  method: string,
  params?: unknown,
): Promise<unknown> {
  const response = await fetch(`${baseUrl}/api`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const answer = await response.json();
  if (answer.error !== undefined) throw new Error(JSON.stringify(answer.error));
  return answer.result;
}

/** Opens pairing and returns the PIN. */
export async function openPairing(baseUrl: string): Promise<string> {
  const { pin } = await callLocal(baseUrl, "clients.pair.start") as { pin: string };
  return pin;
}

/** Runs `test` with a service and its configuration file; the service is stopped afterwards. */
export async function withService(
  options: Omit<ServiceOptions, "dataDir">,
  test: (service: ServiceProcess, configFile: string) => Promise<void>,
): Promise<void> {
  await withDataDir(async (dataDir) => {
    const service = await startService({ ...options, dataDir });
    try {
      await rewritePort(`${dataDir}.toml`, new URL(service.baseUrl).port);
      await test(service, `${dataDir}.toml`);
    } finally {
      await service.stop();
    }
  });
}

// The service chose its port; commands find it through the configuration.
async function rewritePort(file: string, port: string): Promise<void> {
  const text = await Deno.readTextFile(file);
  await Deno.writeTextFile(file, text.replace(/(listen = ".*):0"/, `$1:${port}"`));
}
