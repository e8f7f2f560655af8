// `deno task release 0.2.0`: sets version and date, moves the changelog's unreleased entries under
// them, commits, builds what is shipped, and tags. A build that fails leaves the tree as it was.

import { BuildError, ROOT, runScript } from "./deno.ts";

const VERSION_LINE = /"version": "([^"]+)"/;
const PYTHON_VERSION_LINE = /^version = "[^"]+"$/m;
const DATE_LINE = /(export const RELEASE_DATE = )"[^"]+"/;
const UNRELEASED = "## [Unreleased]\n";

/** What a release needs of the outside. */
export interface ReleaseOptions {
  /** The repository, with a slash at its end. */
  root: string;
  /** The new version, such as "0.2.0". */
  version: string;
  /** The day of the release in UTC, such as "2026-12-01". */
  date: string;
  /** Builds what is shipped; throws BuildError. */
  build: () => Promise<void>;
}

/** Makes a release; throws BuildError where something stands in its way, and then nothing changed. */
export async function release(options: ReleaseOptions): Promise<void> {
  const { root, version, date, build } = options;
  if (await git(root, "status", "--porcelain") !== "") {
    throw new BuildError("Commit or remove your changes first: git status");
  }
  const before = await git(root, "rev-parse", "HEAD");
  if (await git(root, "tag", "--list", `v${version}`) !== "") {
    throw new BuildError(`The tag v${version} exists already`);
  }
  const edits: [file: string, edit: (text: string) => string][] = [
    ["deno.json", (text) => setVersion(text, version)],
    ["src/version.ts", (text) => setDate(text, date)],
    ["clients/python/pyproject.toml", (text) => setPythonVersion(text, version)],
    ["CHANGELOG.md", (text) => releaseEntries(text, { version, date })],
  ];
  const texts = await Promise.all(edits.map(async ([file, edit]): Promise<[string, string]> => {
    return [`${root}${file}`, edit(await Deno.readTextFile(`${root}${file}`))];
  }));
  await Promise.all(texts.map(([file, text]) => Deno.writeTextFile(file, text)));
  try {
    await git(root, "commit", "--all", "--quiet", "--message", `release: ${version}`);
    await build();
    await git(root, "tag", "--annotate", "--message", `Latchkey ${version}`, `v${version}`);
  } catch (error) {
    // The tree was clean, so nothing but this release is lost.
    await git(root, "reset", "--hard", "--quiet", before);
    throw error;
  }
}

/** A manifest with another version; throws BuildError where that is not a later one. */
export function setVersion(manifest: string, version: string): string {
  const [, old = ""] = VERSION_LINE.exec(manifest) ?? [];
  if (!isLater(version, old)) {
    throw new BuildError(`Expected a version later than ${old}, such as ${nextOf(old)}`);
  }
  return manifest.replace(VERSION_LINE, `"version": "${version}"`);
}

/** The Python client's manifest with another version. */
export function setPythonVersion(manifest: string, version: string): string {
  if (!PYTHON_VERSION_LINE.test(manifest)) {
    throw new BuildError("clients/python/pyproject.toml has no version");
  }
  return manifest.replace(PYTHON_VERSION_LINE, `version = "${version}"`);
}

/** The source of the version with another date. */
export function setDate(source: string, date: string): string {
  if (!DATE_LINE.test(source)) throw new BuildError("src/version.ts has no RELEASE_DATE");
  return source.replace(DATE_LINE, `$1"${date}"`);
}

/** A changelog whose unreleased entries belong to a version; throws BuildError where there are none. */
export function releaseEntries(
  changelog: string,
  { version, date }: { version: string; date: string },
): string {
  const [head = "", rest] = changelog.split(UNRELEASED);
  const entries = rest?.split(/^## \[/m)[0]?.trim() ?? "";
  if (rest === undefined || entries === "") {
    throw new BuildError("CHANGELOG.md has no entries under [Unreleased]");
  }
  return `${head}${UNRELEASED}\n## [${version}] - ${date}\n${rest}`;
}

function isLater(version: string, old: string): boolean {
  if (!/^\d+\.\d+\.\d+$/.test(version)) return false;
  const [a, b] = [version, old].map((text) => text.split(".").map(Number));
  const at = [0, 1, 2].find((part) => a?.[part] !== b?.[part]);
  return at !== undefined && (a?.[at] ?? 0) > (b?.[at] ?? 0);
}

function nextOf(version: string): string {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return `${major}.${minor + 1}.0`;
}

async function git(root: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", {
    args: ["-C", root, ...args],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new BuildError(`git ${args[0]}: ${decoder.decode(stderr).trim()}`);
  return decoder.decode(stdout).trim();
}

if (import.meta.main) {
  await runScript(async () => {
    const [version = ""] = Deno.args;
    const date = new Date().toISOString().slice(0, 10);
    await release({
      root: ROOT,
      version,
      date,
      build: async () => {
        const { success } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", `${ROOT}packaging/build/image.ts`],
          cwd: ROOT,
        }).spawn().status;
        if (!success) throw new BuildError("The image cannot be built");
      },
    });
    await Deno.stdout.write(
      new TextEncoder().encode(`Released ${version}. Push it: git push --follow-tags\n`),
    );
  });
}
