// Deno from npm: what an image carries where nothing could be compiled. Fetched
// once, checked against the hash that is written here, and kept for the next build.

import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";
import { BuildError } from "./deno.ts";

/** A package of npm: its archive, its place below the registry, and what it must be. */
export interface NpmPackage {
  /** The archive's name. */
  readonly file: string;
  /** The archive below the registry's URL. */
  readonly path: string;
  /** The archive's SHA-512, base64, as npm calls it the integrity. */
  readonly sha512: string;
}

/** The variable with the folder in which the package lies or is kept. */
export const CACHE_VARIABLE = "LATCHKEY_BUILD_CACHE";

/** Options of {@linkcode fetchDeno}. */
export interface FetchDenoOptions {
  /** Where the archive lies or is kept. */
  folder: string;
  /** The bytes of an archive, by its path below the registry; BuildError where it cannot be had. */
  download: (path: string) => Promise<Uint8Array>;
  /** The package. */
  npmPackage: NpmPackage;
}

/** The program `deno` of a package; BuildError says what is missing or wrong. */
export async function fetchDeno(options: FetchDenoOptions): Promise<Uint8Array> {
  const { folder, download, npmPackage } = options;
  const path = `${folder}/${npmPackage.file}`;
  const cached = await readIfThere(path);
  const archive = cached ?? await download(npmPackage.path);
  if (createHash("sha512").update(archive).digest("base64") !== npmPackage.sha512) {
    throw new BuildError(
      `${cached === undefined ? npmPackage.path : path} is not what it should be: its SHA-512 ` +
        "differs from the one in packaging/build/target.ts",
    );
  }
  if (cached === undefined) {
    await Deno.mkdir(folder, { recursive: true });
    const part = `${path}.${Deno.pid}`;
    await Deno.writeFile(part, archive);
    await Deno.rename(part, path);
  }
  return await unpackOne(gunzipSync(archive), "package/deno");
}

/** An archive from the registry that NPM_CONFIG_REGISTRY names, as npm and Deno read it. */
export async function downloadFromNpm(path: string): Promise<Uint8Array> {
  const registry = Deno.env.get("NPM_CONFIG_REGISTRY") || "https://registry.npmjs.org";
  const url = `${registry.replace(/\/$/, "")}/${path}`;
  try {
    const response = await fetch(url);
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`status ${response.status}`);
    }
    return await response.bytes();
  } catch (error) {
    throw new BuildError(
      `Cannot download ${url}: ${error instanceof Error ? error.message : error}\n` +
        `Put the file into a folder and name that in ${CACHE_VARIABLE}`,
    );
  }
}

/** The folder in which the package lies or is kept: outside the tree, for all checkouts. */
export function readCacheFolder(): string {
  const given = Deno.env.get(CACHE_VARIABLE);
  if (given !== undefined) return given;
  const home = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/tmp"}/.cache`;
  return `${home}/latchkey-build`;
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function unpackOne(archive: Uint8Array, name: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const unpack = extract();
    let found: Uint8Array | undefined;
    unpack.on("entry", (header, stream, next) => {
      const chunks: Uint8Array[] = [];
      stream.on("data", (chunk: unknown) => chunks.push(chunk as Uint8Array));
      stream.on("end", () => {
        if (header.name === name) found = joined(chunks);
        next();
      });
      stream.on("error", reject);
    });
    unpack.on("error", reject);
    unpack.on("finish", () => {
      if (found === undefined) reject(new BuildError(`The package has no file ${name}`));
      else resolve(found);
    });
    unpack.end(archive);
  });
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}
