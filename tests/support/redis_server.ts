// A Redis server of the test's own, as Debian packages it, in a temporary folder.

import { freePort } from "./free_port.ts";

const START_LIMIT_MS = 10_000;
const POLL_MS = 50;

/** The server. */
export interface RedisServer {
  /** Its port of 127.0.0.1. */
  readonly port: number;
  /** Where it is, without a password. */
  readonly url: string;
  /** Says something to it; what it answers, as redis-cli prints it. */
  ask(...command: readonly string[]): Promise<string>;
  /** Lets it stand still, reachable but silent. */
  freeze(): void;
  /** Lets it go on. */
  thaw(): void;
  /** Ends it; its data stay. */
  halt(): Promise<void>;
  /** Starts it again, on the same port and data. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Why there can be no server here; undefined where there can. */
export async function whyNoRedis(): Promise<string | undefined> {
  for (const program of ["redis-server", "redis-cli"]) {
    try {
      await new Deno.Command(program, { args: ["--version"], stdout: "null" }).output();
    } catch {
      return `needs ${program}`;
    }
  }
  return undefined;
}

/** Starts a server; with a password nobody may do anything without it. */
export async function startRedis(options: { password?: string } = {}): Promise<RedisServer> {
  const { password } = options;
  const port = freePort();
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_redis_" });
  let server: Deno.ChildProcess | undefined;

  async function ask(...command: readonly string[]): Promise<string> {
    const login = password === undefined ? [] : ["--no-auth-warning", "-a", password];
    const { stdout } = await new Deno.Command("redis-cli", {
      args: ["-h", "127.0.0.1", "-p", String(port), ...login, ...command],
      stderr: "null",
    }).output();
    return new TextDecoder().decode(stdout).trimEnd();
  }

  async function restart(): Promise<void> {
    const login = password === undefined ? [] : ["--requirepass", password];
    server = new Deno.Command("redis-server", {
      args: ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder, ...login],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const endMs = performance.now() + START_LIMIT_MS;
    while (await ask("PING") !== "PONG") {
      if (performance.now() > endMs) throw new Error("The server does not start");
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async function halt(): Promise<void> {
    server?.kill("SIGTERM");
    await server?.status;
    server = undefined;
  }

  await restart();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    ask,
    freeze: () => server?.kill("SIGSTOP"),
    thaw: () => server?.kill("SIGCONT"),
    halt,
    restart,
    async stop(): Promise<void> {
      await halt();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
