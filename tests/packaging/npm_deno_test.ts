import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { fetchDeno, type NpmPackage } from "../../packaging/build/npm_deno.ts";
import { TARGETS } from "../../packaging/build/target.ts";

const PROGRAM = new TextEncoder().encode("the program");

async function packageOf(files: Readonly<Record<string, Uint8Array>>): Promise<Uint8Array> {
  const tar = pack();
  for (const [name, bytes] of Object.entries(files)) tar.entry({ name }, bytes);
  tar.finalize();
  const chunks = await Array.fromAsync(tar as AsyncIterable<Uint8Array<ArrayBuffer>>);
  return new Uint8Array(gzipSync(await new Blob(chunks).bytes()));
}

function described(archive: Uint8Array): NpmPackage {
  const sha512 = createHash("sha512").update(archive).digest("base64");
  return { file: "it.tgz", path: "@some/it/-/it.tgz", sha512 };
}

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    await test(`${folder}/cache`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ARCHIVE = await packageOf({ "package/README.md": Uint8Array.of(1), "package/deno": PROGRAM });

Deno.test("an image carries the Deno that everything is tested with", () => {
  const packages = TARGETS.map(({ denoPackage }) => denoPackage);
  assert.deepEqual(packages.map(({ file }) => file), [
    `linux-arm64-glibc-${Deno.version.deno}.tgz`,
    `linux-x64-glibc-${Deno.version.deno}.tgz`,
  ]);
  for (const { file, path } of packages) {
    assert.equal(path, `@deno/${file.replace(/-[\d.]+tgz$/, "")}/-/${file}`);
  }
});

Deno.test("fetchDeno() downloads once and keeps the package", () =>
  withFolder(async (folder) => {
    const asked: string[] = [];
    const options = {
      folder,
      npmPackage: described(ARCHIVE),
      download: (path: string): Promise<Uint8Array> => {
        asked.push(path);
        return Promise.resolve(ARCHIVE);
      },
    };
    assert.deepEqual(await fetchDeno(options), PROGRAM);
    assert.deepEqual(await fetchDeno(options), PROGRAM);
    assert.deepEqual(asked, ["@some/it/-/it.tgz"]);
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), [
      "it.tgz",
    ]);
  }));

Deno.test("fetchDeno() refuses another package, and does not keep it", () =>
  withFolder(async (folder) => {
    const npmPackage = described(ARCHIVE);
    const other = await packageOf({ "package/deno": new TextEncoder().encode("evil") });
    await assert.rejects(
      fetchDeno({ folder, npmPackage, download: () => Promise.resolve(other) }),
      /@some\/it\/-\/it\.tgz is not what it should be/,
    );
    await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
  }));

Deno.test("fetchDeno() refuses a kept package that changed, and asks nobody for another", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(folder);
    const damaged = ARCHIVE.with(ARCHIVE.length - 1, 0xff);
    await Deno.writeFile(`${folder}/it.tgz`, damaged);
    const download = (): Promise<Uint8Array> => assert.fail("it was asked for");
    await assert.rejects(
      fetchDeno({ folder, npmPackage: described(ARCHIVE), download }),
      /cache\/it\.tgz is not what it should be/,
    );
  }));

Deno.test("fetchDeno() says when the program is not in the package", () =>
  withFolder(async (folder) => {
    const empty = await packageOf({ "package/README.md": PROGRAM });
    const download = (): Promise<Uint8Array> => Promise.resolve(empty);
    await assert.rejects(
      fetchDeno({ folder, npmPackage: described(empty), download }),
      /no file package\/deno/,
    );
  }));
