// `deno task build:sdk`: the SDK as a package of npm, in dist/npm or the folder that is named, and the
// archive that `npm install` takes. The same commit gives the same bytes.

import ts from "typescript";
import { packArchive } from "./archive.ts";
import { BuildError, readVersion, ROOT, runDeno, runScript } from "./deno.ts";
import { packageLicenses } from "./licenses.ts";
import { sourceTimeS } from "./source_time.ts";

/** A file that apps import: the source, the bundle, and the names under which the package has it. */
interface EntryPoint {
  readonly source: string;
  readonly bundle: string;
  readonly exports: readonly string[];
  /** What Node and Bun load in its place. */
  readonly node?: string;
}

/** What apps import of the package. */
const ENTRY_POINTS: readonly EntryPoint[] = [
  {
    source: "src/sdk/connect.ts",
    bundle: "latchkey.js",
    exports: [".", "./client"],
    node: "node.js",
  },
  { source: "src/sdk/discover.ts", bundle: "discover.js", exports: ["./discover"] },
];

/** What the package uses where it is there, and bundles nothing of. */
const OPTIONAL_PACKAGES = ["multicast-dns", "ws"];

const TYPES_FOLDER = "types";

const NODE_ENTRY =
  `// Node 20 has no WebSocket of its own: it takes that of the package ws, where it is installed.
// Nothing here waits, because a program of CommonJS could not require() it then.
import { createRequire } from "node:module";
import { provideWebSocket } from "./readable.js";

if (globalThis.WebSocket === undefined) {
  try {
    const { WebSocket } = createRequire(import.meta.url)("ws");
    provideWebSocket((url) => new WebSocket(url));
  } catch {
    // connect() says what is missing.
  }
}

export * from "./readable.js";
`;

/** The files of the package by their paths, without the archive. */
export async function buildSdkFiles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, string>();
  for (const { source, bundle } of ENTRY_POINTS) {
    files.set(bundle, await bundleForBrowsers(source, ["--minify"]));
  }
  // Node shows the line in which an error was thrown: not one with all of the SDK in it.
  files.set("readable.js", await bundleForBrowsers("src/sdk/connect.ts", []));
  files.set("node.js", NODE_ENTRY);
  const readme = await Deno.readTextFile(`${ROOT}packaging/sdk/README.md`);
  // What it points at stays in the repository.
  files.set("README.md", readme.replace(/\[([^\]]+)\]\(\.[^)]*\)/g, "$1"));
  for (const [path, text] of await declarations()) files.set(path, text);
  files.set("LICENSE", await Deno.readTextFile(`${ROOT}LICENSE`));
  files.set("THIRD_PARTY_LICENSES", await packageLicenses(["src/sdk/connect.ts"]));
  files.set("package.json", `${JSON.stringify(await manifest(), undefined, 2)}\n`);
  const encoder = new TextEncoder();
  return new Map([...files].map(([path, text]) => [path, encoder.encode(text)]));
}

/** Builds into a folder, which is made anew; the name of the archive in it. */
export async function buildSdk(folder: string): Promise<string> {
  const files = await buildSdkFiles();
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  for (const [path, bytes] of files) {
    const parent = `${folder}/${path}`.replace(/\/[^/]*$/, "");
    await Deno.mkdir(parent, { recursive: true });
    await Deno.writeFile(`${folder}/${path}`, bytes);
  }
  const packed = await packArchive(
    [...files].map(([path, bytes]) => ({ path: `package/${path}`, bytes, isExecutable: false })),
    { timeS: await sourceTimeS() },
  );
  const name = `latchkey-latchkey-${await readVersion()}.tgz`;
  await Deno.writeFile(`${folder}/${name}`, packed);
  return name;
}

async function bundleForBrowsers(source: string, flags: readonly string[]): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_sdk_" });
  try {
    const { success, stderr } = await runDeno(
      ...["bundle", "--quiet", "--frozen", "--platform", "browser", ...flags],
      ...OPTIONAL_PACKAGES.flatMap((name) => ["--external", name]),
      ...["--output", `${folder}/out.js`, source],
    );
    if (!success) throw new BuildError(`Cannot bundle ${source}:\n${stderr}`);
    return await Deno.readTextFile(`${folder}/out.js`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const RELATIVE = /(\b(?:from|import)\s*\(?\s*")(\.{1,2}\/[^"]+)\.ts"/g;

// Of each source that a declaration names, from the entry points on; of everything else nobody needs
// the types.
async function declarations(): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  const waiting = new Set(ENTRY_POINTS.map(({ source }) => source));
  // Grows while it is walked through.
  for (const source of waiting) {
    const declaration = declarationOf(source, await Deno.readTextFile(`${ROOT}${source}`));
    for (const [, , target = ""] of declaration.matchAll(RELATIVE)) {
      waiting.add(new URL(`${target}.ts`, `file:///${source}`).pathname.slice(1));
    }
    texts.set(typesPath(source), declaration.replace(RELATIVE, '$1$2.js"'));
  }
  return texts;
}

function declarationOf(source: string, text: string): string {
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(text, {
    fileName: source,
    reportDiagnostics: true,
    compilerOptions: {
      isolatedDeclarations: true,
      declaration: true,
      strict: true,
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      stripInternal: false,
    },
  });
  const [problem] = diagnostics;
  if (problem === undefined) return outputText;
  const message = ts.flattenDiagnosticMessageText(problem.messageText, "\n");
  throw new BuildError(`Cannot declare the types of ${source}: ${message}`);
}

function typesPath(source: string): string {
  return source.replace(/^src\//, `${TYPES_FOLDER}/`).replace(/\.ts$/, ".d.ts");
}

async function manifest(): Promise<unknown> {
  const exports = ENTRY_POINTS.flatMap(({ source, bundle, exports: names, node }) =>
    names.map((name) => [name, {
      types: `./${typesPath(source)}`,
      ...(node === undefined ? {} : { node: `./${node}` }),
      default: `./${bundle}`,
    }])
  );
  const { imports } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const peers = OPTIONAL_PACKAGES.map((name) => [
    name,
    `^${String(imports[name]).split("@").at(-1)}`,
  ]);
  return {
    name: "@latchkey/latchkey",
    version: await readVersion(),
    description: "Pairs with a Latchkey device by PIN and talks to it over encrypted sessions",
    license: "MIT",
    type: "module",
    engines: { node: ">=20" },
    exports: Object.fromEntries(exports),
    types: `./${typesPath("src/sdk/connect.ts")}`,
    sideEffects: ["./node.js"],
    peerDependencies: Object.fromEntries(peers),
    peerDependenciesMeta: Object.fromEntries(
      OPTIONAL_PACKAGES.map((name) => [name, { optional: true }]),
    ),
  };
}

if (import.meta.main) {
  await runScript(async () => {
    const [folder = `${ROOT}dist/npm`] = Deno.args;
    const name = await buildSdk(folder);
    await Deno.stdout.write(new TextEncoder().encode(`${folder}/${name}\n`));
  });
}
