// The licenses of everything that an image carries beside the program itself: of the packages in the
// bundle, as they bring them along, of the fonts, and of Deno.

import { BuildError, ROOT } from "./deno.ts";

/** What `deno info --json` tells of a program, as far as it is needed here. */
export interface ProgramInfo {
  /** The modules; those of npm name their package. */
  readonly modules: readonly { readonly npmPackage?: string }[];
  /** The packages by their keys. */
  readonly npmPackages: Readonly<Record<string, NpmPackageInfo>>;
}

/** One package. */
export interface NpmPackageInfo {
  /** Its name. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** The keys of what it depends on. */
  readonly dependencies: readonly string[];
}

const DENO_LICENSE = `MIT License

Copyright 2018-2026 the Deno authors

Permission is hereby granted, free of charge, to any person obtaining a copy of
this software and associated documentation files (the "Software"), to deal in
the Software without restriction, including without limitation the rights to
use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of
the Software, and to permit persons to whom the Software is furnished to do so,
subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS
FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER
IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** All licenses as one text; BuildError where a package cannot be found. */
export async function collectLicenses(): Promise<string> {
  const fonts = await Deno.readTextFile(`${ROOT}packaging/licenses/OFL.txt`);
  // The page is in the program as the files that it was bundled into.
  const packages = await packageLicenses(["src/main.ts", "src/page/page_script.ts"]);
  return joined([`deno\n\n${DENO_LICENSE}\n`, `fonts\n\n${fonts}`, packages]);
}

/** The licenses of the packages that some programs are bundled with; BuildError likewise. */
export async function packageLicenses(programs: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    programs.map(async (file) => bundledPackages(await ask("info", "--json", file) as ProgramInfo)),
  );
  const packages = new Map(parts.flat().map((entry) => [entry.name, entry]));
  const { npmCache } = await ask("info", "--json") as { npmCache: string };
  const sections = await Promise.all(
    [...packages.values()].sort((a, b) => a.name < b.name ? -1 : 1).map(
      async ({ name, version }) => {
        const folder = `${npmCache}/registry.npmjs.org/${name}/${version}`;
        return `${name} ${version}\n\n${(await readLicense(folder)).trim()}\n`;
      },
    ),
  );
  return joined(sections);
}

function joined(sections: readonly string[]): string {
  return sections.join(`\n${"-".repeat(80)}\n\n`);
}

/** The packages that a program imports, and what they depend on, by name. */
export function bundledPackages({ modules, npmPackages }: ProgramInfo): NpmPackageInfo[] {
  const waiting = modules.flatMap(({ npmPackage }) => npmPackage === undefined ? [] : [npmPackage]);
  const found = new Map<string, NpmPackageInfo>();
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const entry = npmPackages[key];
    if (entry === undefined || found.has(key)) continue;
    found.set(key, entry);
    waiting.push(...entry.dependencies);
  }
  return [...found.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

async function readLicense(folder: string): Promise<string> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (/^licen[cs]e(\.|$)/i.test(name)) return await Deno.readTextFile(`${folder}/${name}`);
    }
    const { license } = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
    return `License: ${license}`;
  } catch (error) {
    throw new BuildError(
      `Cannot read the license of ${folder.split("/").slice(-2).join(" ")}: ${
        error instanceof Error ? error.message : error
      }`,
    );
  }
}

async function ask(...args: readonly string[]): Promise<unknown> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    stderr: "null",
  }).output();
  if (!success) throw new BuildError("Cannot list the packages of the program");
  return JSON.parse(new TextDecoder().decode(stdout));
}
