// Debian's own database servers as private processes of a test: a folder of their own, a free port of
// loopback, and no trace afterwards.

import { until } from "./until.ts";

/** A server. */
export interface PrivateServer {
  /** Where it is reached. */
  readonly url: string;
  /** Ends it; what it kept stays. */
  stop(): Promise<void>;
  /** Starts it again, at the same place. */
  start(): Promise<void>;
  /** Ends it and removes what it kept. */
  remove(): Promise<void>;
}

/** Why there can be no PostgreSQL here; undefined where there can. */
export async function whyNoPostgres(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "needs root, to start PostgreSQL as its own user";
  return await findPostgres() === undefined ? "needs postgresql" : undefined;
}

/** Why there can be no Redis here; undefined where there can. */
export async function whyNoRedis(): Promise<string | undefined> {
  try {
    await new Deno.Command("redis-server", { args: ["--version"], stdout: "null" }).output();
    return undefined;
  } catch {
    return "needs redis-server";
  }
}

/** Starts a PostgreSQL server with an empty database. */
export async function startPostgres(): Promise<PrivateServer> {
  const programs = await findPostgres();
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_pg_" });
  await must("chown", "postgres", folder);
  const as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"];
  const data = `${folder}/data`;
  const initdb = [`${programs}/initdb`, "-D", data, "-A", "trust", "-U", "latchkey", "--no-sync"];
  await must(...as, ...initdb);
  const port = freePort();
  return await runServer({
    folder,
    port,
    url: `postgres://latchkey@127.0.0.1:${port}/postgres`,
    command: [
      ...as,
      `${programs}/postgres`,
      ...["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1"],
      ...["-c", "unix_socket_directories=", "-c", "fsync=off"],
    ],
    // Clients that are connected do not hold it up.
    signal: "SIGINT",
    isReady: async () => {
      const [program = "", ...args] = [
        `${programs}/pg_isready`,
        ...["-q", "-h", "127.0.0.1", "-p", String(port)],
      ];
      return (await new Deno.Command(program, { args }).output()).success;
    },
  });
}

/** Starts a Redis server that keeps its counters over a restart. */
export async function startRedis(): Promise<PrivateServer> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_redis_" });
  const port = freePort();
  return await runServer({
    folder,
    port,
    url: `redis://127.0.0.1:${port}`,
    command: [
      "redis-server",
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder],
      ...["--save", "", "--appendonly", "yes", "--appendfsync", "always"],
    ],
    signal: "SIGTERM",
    isReady: () => accepts(port),
  });
}

async function runServer(options: {
  folder: string;
  port: number;
  url: string;
  command: readonly string[];
  signal: Deno.Signal;
  isReady: () => Promise<boolean>;
}): Promise<PrivateServer> {
  const { folder, url, command, signal, isReady } = options;
  const [program = "", ...args] = command;
  let child: Deno.ChildProcess | undefined;

  async function start(): Promise<void> {
    child = new Deno.Command(program, { args, stdout: "null", stderr: "null" }).spawn();
    await until(`${program} answers`, isReady);
  }

  async function stop(): Promise<void> {
    child?.kill(signal);
    await child?.status;
    child = undefined;
  }

  await start();
  return {
    url,
    start,
    stop,
    async remove(): Promise<void> {
      await stop();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function findPostgres(): Promise<string | undefined> {
  try {
    for await (const { name } of Deno.readDir("/usr/lib/postgresql")) {
      return `/usr/lib/postgresql/${name}/bin`;
    }
  } catch {
    // It is not installed.
  }
  return undefined;
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function must(...command: readonly string[]): Promise<void> {
  const [program = "", ...args] = command;
  // Not in a folder that another user may not enter.
  const { success, stderr } = await new Deno.Command(program, { args, cwd: "/" }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
