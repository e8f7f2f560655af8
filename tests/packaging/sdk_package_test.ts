// The SDK as a package of npm: what is in it, how large it is, that two builds of it are the same, and
// that a strict TypeScript program can use its types.

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import ts from "typescript";
import { readVersion, ROOT } from "../../packaging/build/deno.ts";
import { buildSdk, buildSdkFiles } from "../../packaging/build/sdk_package.ts";

/** The most that an app loads of the SDK, packed, in bytes. */
const MAX_PACKED_BYTES: number = 40 * 1024;

const files = await buildSdkFiles();
const text = (path: string): string =>
  new TextDecoder().decode(files.get(path) ?? assert.fail(`No ${path}`));
const manifest = JSON.parse(text("package.json"));
const readme = text("README.md");

Deno.test("the SDK stays small, and its README says how small", () => {
  const bytes = gzipSync(text("latchkey.js")).length;
  assert.ok(bytes <= MAX_PACKED_BYTES, `${bytes} bytes`);
  const [, told] = /(\d+) KB packed/.exec(readme) ?? [];
  assert.ok(Math.abs(Number(told) - bytes / 1000) < 2, `The README says ${told} KB, not ${bytes}`);
});

Deno.test("what Node loads has lines that it can show beside an error", () => {
  assert.match(text("node.js"), /from "\.\/readable\.js"/);
  const longest = Math.max(...text("readable.js").split("\n").map((line) => line.length));
  assert.ok(longest <= 300, `${longest} characters`);
});

Deno.test("the README of the package points at nothing that is not in it", () => {
  assert.doesNotMatch(readme, /\]\(\./);
  assert.match(readme, /the device's reference/);
});

Deno.test("the package needs nothing beside itself but what it calls optional", () => {
  const sources = [...files.keys()].filter((path) => path.endsWith(".js"));
  const named = sources.flatMap((path) =>
    [...text(path).matchAll(/(?:\b(?:from|import)\s*\(?|url\)\()\s*["']([^"']+)["']/g)]
      .map(([, name]) => name)
  );
  assert.deepEqual(
    [...new Set(named)].sort(),
    ["./readable.js", "multicast-dns", "node:module", "ws"],
  );
  assert.deepEqual(Object.keys(manifest.peerDependenciesMeta), ["multicast-dns", "ws"]);
  assert.equal(manifest.dependencies, undefined);
});

Deno.test("every path of the manifest and of the types is in the package, and none is a source", () => {
  const paths = JSON.stringify(manifest.exports).match(/\.\/[\w./]+\.(?:d\.ts|js)/g) ?? [];
  assert.ok(paths.length >= 7);
  for (const path of paths) assert.ok(files.has(path.slice(2)), path);
  for (const path of files.keys()) {
    if (!path.endsWith(".d.ts")) continue;
    for (const [, target = ""] of text(path).matchAll(/from "(\.[^"]+)"/g)) {
      assert.match(target, /\.js$/, `${path} names ${target}`);
      const declared = new URL(target.replace(/\.js$/, ".d.ts"), `file:///${path}`).pathname;
      assert.ok(files.has(declared.slice(1)), `${path} names ${target}`);
    }
  }
});

Deno.test("the manifest has the project's version and license, and the licenses of what is bundled", async () => {
  assert.deepEqual([manifest.version, manifest.license], [await readVersion(), "MIT"]);
  assert.equal(text("LICENSE"), await Deno.readTextFile(`${ROOT}LICENSE`));
  const packages = ["@noble/ciphers", "@noble/curves", "@noble/hashes"];
  for (const name of packages) {
    assert.match(text("THIRD_PARTY_LICENSES"), new RegExp(`^${name} `, "m"));
  }
});

Deno.test("two builds of the package are the same, archive and all", async () => {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    const archives = [];
    for (const name of ["one", "two"]) {
      archives.push(
        await Deno.readFile(`${folder}/${name}/${await buildSdk(`${folder}/${name}`)}`),
      );
    }
    assert.ok(archives[0] !== undefined && archives[0].length > 10_000);
    assert.deepEqual(archives[0], archives[1]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const PROGRAM = `
import { ClientError, connect, type Connection, type Credentials, pair, parseCredentials } from "@latchkey/latchkey";
import { discover } from "@latchkey/latchkey/discover";

export async function main(): Promise<void> {
  const [found] = await discover({ timeoutMs: 10 });
  const credentials: Credentials = parseCredentials({}) ??
    await pair({ baseUrl: found?.url ?? "", pin: "123456", name: "App" });
  const device: Connection = await connect({ url: "", credentials, reconnect: true });
  for await (const told of device.notifications()) {
    if (told.method === "media.started") told.params.mediaName.toUpperCase();
  }
  // @ts-expect-error: a number is no address
  await connect({ url: 1, credentials });
  try {
    const { version } = await device.call("version", {}, { timeoutMs: 1 });
    version.toUpperCase();
    const found = await device.call("media.search", { query: "a", maxResults: 5 });
    for (const { system, name } of found.results) [system.name, name].map((text) => text.trim());
    // @ts-expect-error: the query is a text
    await device.call("media.search", { query: 1 });
    // @ts-expect-error: nothing is known of the answer
    (await device.call("my.own", { any: 1 })).version;
  } catch (error) {
    if (error instanceof ClientError && error.code === "client_removed") device.close();
    // @ts-expect-error: no such code
    if (error instanceof ClientError && error.code === "client_lost") device.close();
  }
}
`;

Deno.test("a strict TypeScript program finds the types, for Node and for bundlers", async () => {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    const home = `${folder}/node_modules/@latchkey/latchkey`;
    await Deno.mkdir(`${folder}/node_modules/@latchkey`, { recursive: true });
    await buildSdk(home);
    await Deno.writeTextFile(`${folder}/package.json`, '{ "type": "module" }');
    await Deno.writeTextFile(`${folder}/main.ts`, PROGRAM);
    for (
      const [module, moduleResolution] of [
        [ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext],
        [ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler],
      ] as const
    ) {
      const program = ts.createProgram([`${folder}/main.ts`], {
        ...{ module, moduleResolution, strict: true, noEmit: true, types: [] },
        exactOptionalPropertyTypes: true,
        target: ts.ScriptTarget.ES2022,
        lib: ["lib.es2023.d.ts", "lib.dom.d.ts"],
      });
      // The platform's own declarations, which take most of the time, are not judged here.
      const judged = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(folder));
      assert.ok(judged.length > 10, `${judged.length} files`);
      const problems = judged.flatMap((file) => [
        ...program.getSyntacticDiagnostics(file),
        ...program.getSemanticDiagnostics(file),
      ]).map(({ messageText, file }) =>
        `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`
      );
      assert.deepEqual(problems, []);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
