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
  /** Where archives are kept for the next time. */
  cache: string;
  /** Where they are unpacked, all over each other. */
  folder: string;
}

/** Unpacks packages without installing them. */
export async function unpackDebian(options: UnpackDebianOptions): Promise<void> {
  const { architecture, packages, cache, folder } = options;
  const state = `${cache}/apt-${architecture}`;
  for (const name of ["state/lists/partial", "cache/archives/partial", "archives"]) {
    await Deno.mkdir(`${state}/${name}`, { recursive: true });
  }
  await Deno.writeTextFile(`${state}/status`, "");
  await Deno.writeTextFile(
    `${state}/apt.conf`,
    [
      `Dir::State "${state}/state";`,
      `Dir::State::status "${state}/status";`,
      `Dir::Cache "${state}/cache";`,
      `APT::Architecture "${architecture}";`,
      `APT::Architectures { "${architecture}"; };`,
      'Acquire::Languages "none";',
      'APT::Sandbox::User "root";',
    ].join("\n"),
  );
  const env = { APT_CONFIG: `${state}/apt.conf`, DEBIAN_FRONTEND: "noninteractive" };
  await runTool("apt-get", ["update", "-qq"], { env });
  const names = await Promise.all(packages.map((name) => resolve(name, env)));
  await Promise.all(names.map(async (name) => {
    const uri = await runTool("apt-get", ["download", "--print-uris", name], { env });
    const [, file = ""] = /^'[^']+' (\S+)/.exec(uri) ?? [];
    const path = `${state}/archives/${file}`;
    if (!await exists(path)) {
      await runTool("apt-get", ["download", "-qq", name], { env, cwd: `${state}/archives` });
    }
    await Deno.mkdir(folder, { recursive: true });
    await runTool("dpkg-deb", ["-x", path, folder]);
  }));
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
