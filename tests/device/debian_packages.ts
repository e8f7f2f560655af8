// Packages of Debian for another kind of machine, unpacked into a folder. apt is given a state of its
// own, so that nothing of this machine's changes.

/** What failed of a tool that is run here. */
export class ToolError extends Error {
  /** An error with what the tool said. */
  constructor(program: string, output: string) {
    super(`${program} failed: ${output.trim()}`);
    this.name = "ToolError";
  }
}

/** Runs a tool; what it wrote to its output, or a ToolError. */
export async function runTool(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    ...options,
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (!success) throw new ToolError(program, text + new TextDecoder().decode(stderr));
  return text;
}

/** Options of {@linkcode unpackDebian}. */
export interface UnpackDebianOptions {
  /** Debian's name of the processor. */
  architecture: string;
  /** The packages; one that only names another, as `linux-image-arm64`, stands for that. */
  packages: readonly string[];
  /** Whether what they depend on comes with them. */
  hasDependencies: boolean;
  /** Where archives are kept for the next time. */
  cache: string;
  /** Where they are unpacked, all over each other. */
  folder: string;
}

/** Unpacks packages without installing them; links in the place of folders are followed. */
export async function unpackDebian(options: UnpackDebianOptions): Promise<void> {
  const { architecture, hasDependencies, cache, folder } = options;
  const state = `${cache}/apt-${architecture}`;
  const env = await prepareApt(state, architecture);
  const packages = await Promise.all(options.packages.map((name) => resolve(name, env)));
  const files = hasDependencies
    ? await downloadAll(packages, { env, state })
    : await Promise.all(packages.map((name) => downloadOne(name, { env, state })));
  await Deno.mkdir(folder, { recursive: true });
  const leftOut = LEFT_OUT.map((pattern) => `--exclude=${pattern}`).join(" ");
  // One after the other: they make the same folders.
  for (const file of files) {
    await runTool("sh", [
      "-c",
      `dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink ${leftOut} -C "$2"`,
      "sh",
      file,
      folder,
    ]);
  }
}

const LEFT_OUT = ["./usr/share/doc", "./usr/share/man", "./usr/share/locale", "./usr/lib/debug"];

// The state's own lists are looked at anew once in a process.
const prepared = new Map<string, Promise<Record<string, string>>>();

function prepareApt(state: string, architecture: string): Promise<Record<string, string>> {
  const env = prepared.get(state) ?? makeAptState(state, architecture);
  prepared.set(state, env);
  return env;
}

async function makeAptState(state: string, architecture: string): Promise<Record<string, string>> {
  for (const name of ["state/lists/partial", "cache/archives/partial", "archives/partial"]) {
    await Deno.mkdir(`${state}/${name}`, { recursive: true });
  }
  await Deno.writeTextFile(`${state}/status`, "");
  await Deno.writeTextFile(
    `${state}/apt.conf`,
    [
      `Dir::State "${state}/state";`,
      `Dir::State::status "${state}/status";`,
      `Dir::Cache "${state}/cache";`,
      `Dir::Cache::archives "${state}/archives";`,
      `APT::Architecture "${architecture}";`,
      `APT::Architectures { "${architecture}"; };`,
      'Acquire::Languages "none";',
      'Acquire::Retries "3";',
      'APT::Sandbox::User "root";',
    ].join("\n"),
  );
  const env = { APT_CONFIG: `${state}/apt.conf`, DEBIAN_FRONTEND: "noninteractive" };
  await runTool("apt-get", ["update", "-qq"], { env });
  return env;
}

interface Apt {
  env: Record<string, string>;
  state: string;
}

async function downloadOne(name: string, { env, state }: Apt): Promise<string> {
  const [file = ""] = fileNames(
    await runTool("apt-get", ["download", "--print-uris", name], { env }),
  );
  const path = `${state}/archives/${file}`;
  if (!await exists(path)) {
    await runTool("apt-get", ["download", "-qq", name], { env, cwd: `${state}/archives` });
  }
  return path;
}

async function downloadAll(names: readonly string[], { env, state }: Apt): Promise<string[]> {
  const install = ["install", "-qq", "--yes", "--no-install-recommends"];
  // apt does not name what it has already: the list of files is asked for with an empty store.
  const asked = [...install, "--print-uris", "-o", `Dir::Cache::archives=${state}/cache/archives`];
  const files = fileNames(await runTool("apt-get", [...asked, ...names], { env }));
  await runTool("apt-get", [...install, "--download-only", ...names], { env });
  return files.map((file) => `${state}/archives/${file}`);
}

function fileNames(uris: string): string[] {
  return [...uris.matchAll(/^'[^']+' (\S+)/gm)].map(([, file = ""]) => file);
}

// A package without files depends on the one that has them, whose name changes with each kernel.
async function resolve(name: string, env: Record<string, string>): Promise<string> {
  if (!/^linux-image-\w+$/.test(name)) return name;
  const depends = await runTool("apt-cache", ["depends", name], { env });
  return /Depends: (linux-image-\S+)/.exec(depends)?.[1] ?? name;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
