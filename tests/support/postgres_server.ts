// A PostgreSQL server of the test's own, as Debian packages it, in a temporary folder. It refuses to
// run as root; then it runs as the user "postgres".

import { freePort } from "./free_port.ts";

const START_LIMIT_MS = 20_000;
const POLL_MS = 50;
const USER = "postgres";

/** The server. */
export interface PostgresServer {
  /** Its port of 127.0.0.1. */
  readonly port: number;
  /** An empty database of its own, for a name of letters; where it is, with a login that may all. */
  createDatabase(name: string): Promise<string>;
  /** Runs statements in a database; what they print, one row per line. */
  sql(url: string, statements: string): Promise<string>;
  /** Ends it; its data stay. */
  halt(): Promise<void>;
  /** Starts it again, on the same port and data. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Why there can be no server here; undefined where there can. */
export async function whyNoPostgres(): Promise<string | undefined> {
  if (await findPrograms() === undefined) return "needs postgresql";
  if (Deno.uid() !== 0) return undefined;
  try {
    await run("setpriv", "--version");
    await run("id", "-u", USER);
    return undefined;
  } catch {
    return "needs setpriv and the user postgres";
  }
}

/** Starts a server; anyone on this host may log in as anyone. */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = await findPrograms() ?? "";
  const port = freePort();
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_postgres_" });
  if (Deno.uid() === 0) {
    await Deno.chown(
      folder,
      Number(await run("id", "-u", USER)),
      Number(await run("id", "-g", USER)),
    );
  }
  const data = `${folder}/data`;
  await run(
    ...asServerUser(`${programs}/initdb`, "-D", data, "-U", USER, "-A", "trust", "--no-sync"),
    ...["-E", "UTF8", "--locale=C"],
  );
  let server: Deno.ChildProcess | undefined;

  async function restart(): Promise<void> {
    const settings = {
      listen_addresses: "127.0.0.1",
      port,
      unix_socket_directories: "",
      fsync: "off",
      max_connections: 40,
    };
    const [program = "", ...args] = asServerUser(
      `${programs}/postgres`,
      ...["-D", data],
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    );
    // setpriv becomes the server, so that its process id is the server's.
    server = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
    const ask = [`${programs}/pg_isready`, "-q", "-h", "127.0.0.1", "-p", String(port)];
    await until(() => run(...ask).then(() => true, () => false));
  }

  async function halt(): Promise<void> {
    // "Fast": it does not wait for its clients.
    server?.kill("SIGINT");
    await server?.status;
    server = undefined;
  }

  async function sql(url: string, statements: string): Promise<string> {
    return await run(`${programs}/psql`, url, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statements);
  }

  await restart();
  return {
    port,
    async createDatabase(name: string): Promise<string> {
      const at = `postgres://${USER}@127.0.0.1:${port}`;
      await sql(`${at}/postgres`, `CREATE DATABASE ${name}`);
      return `${at}/${name}`;
    },
    sql,
    halt,
    restart,
    async stop(): Promise<void> {
      await halt();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function asServerUser(...command: string[]): string[] {
  if (Deno.uid() !== 0) return command;
  return ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", ...command];
}

/** The folder of the newest version's programs. */
async function findPrograms(): Promise<string | undefined> {
  const base = "/usr/lib/postgresql";
  try {
    const versions = await Array.fromAsync(Deno.readDir(base), ({ name }) => Number(name));
    const newest = Math.max(...versions);
    await Deno.stat(`${base}/${newest}/bin/initdb`);
    return `${base}/${newest}/bin`;
  } catch {
    return undefined;
  }
}

async function run(program = "", ...args: string[]): Promise<string> {
  // Not in the folder of the tests, which the server's user may not enter.
  const command = new Deno.Command(program, { args, cwd: "/", stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trimEnd();
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + START_LIMIT_MS;
  while (!await isTrue()) {
    if (performance.now() > endMs) throw new Error("The server does not start");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
