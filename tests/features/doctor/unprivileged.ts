// The program as an ordinary user: in a user namespace in which root's own files and processes
// belong to user 1000. Needs util-linux and the right to make namespaces.

import type { CheckResult } from "../../../src/features/doctor/check.ts";

const MAIN = new URL("../../../src/main.ts", import.meta.url).pathname;
const AS_USER = ["unshare", "--user", "--map-user=1000", "--map-group=1000"];

const WITH_READ_ONLY_DISK = [
  ...["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"],
  ...['mount -t tmpfs -o ro,mode=0700 none "$1" && shift && exec "$@"', "sh"],
];

/** Why nobody can be an ordinary user here; undefined where somebody can. */
export async function whyNotUnprivileged(): Promise<string | undefined> {
  const [program = "", ...args] = AS_USER;
  try {
    const { success } = await new Deno.Command(program, { args: [...args, "true"] }).output();
    return success ? undefined : "needs user namespaces";
  } catch {
    return "needs util-linux";
  }
}

/** What the doctor said. */
export interface Diagnosis {
  /** The exit code. */
  readonly code: number;
  /** Everything on its outputs. */
  readonly output: string;
  /** The checks by code. */
  readonly checks: Readonly<Record<string, CheckResult>>;
  /** The codes of the checks that ended so, in order. */
  codesOf(status: CheckResult["status"]): string[];
}

/** As whom the program runs, and where. */
export interface RunOptions {
  /**
   * Whether it runs as root.
   * @default {false}
   */
  asRoot?: boolean;
  /**
   * A folder that is a read-only disk of its own for the program; it runs as root of a namespace.
   * @default none
   */
  readOnlyFolder?: string;
}

/** Runs `latchkey doctor --json`, as an ordinary user unless said otherwise. */
export async function runDoctor(
  configFile: string,
  options: RunOptions = {},
): Promise<Diagnosis> {
  const { code, output } = await run(["doctor", "--json", "--config", configFile], options);
  const { ok, checks } = JSON.parse(output) as { ok: boolean; checks: CheckResult[] };
  if (ok !== (code === 0)) throw new Error(`ok is ${ok}, but the exit code is ${code}`);
  return {
    code,
    output,
    checks: Object.fromEntries(checks.map((check) => [check.code, check])),
    codesOf: (status) => checks.filter((check) => check.status === status).map(({ code }) => code),
  };
}

/** Runs a command of the program to its end. */
export async function run(
  command: readonly string[],
  options: RunOptions = {},
): Promise<{ code: number; output: string }> {
  const { asRoot = false, readOnlyFolder } = options;
  const prefix = readOnlyFolder !== undefined
    ? [...WITH_READ_ONLY_DISK, readOnlyFolder]
    : asRoot
    ? []
    : AS_USER;
  const [program = "", ...args] = [...prefix, Deno.execPath(), "run", "-A", MAIN, ...command];
  const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, output: decode(stdout) + decode(stderr) };
}

/** A service of an ordinary user; the result ends it with a signal and waits. */
export async function serveUnprivileged(
  configFile: string,
): Promise<(signal: Deno.Signal) => Promise<void>> {
  const [program = "", ...prefix] = AS_USER;
  const child = new Deno.Command(program, {
    args: [...prefix, Deno.execPath(), "run", "-A", MAIN, "serve", "--config", configFile],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const listening = Promise.withResolvers<void>();
  const reading = (async () => {
    let written = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      written += text;
      if (written.includes("listens on")) listening.resolve();
    }
    listening.reject(new Error(`The service ended: ${written}`));
  })();
  listening.promise.catch(() => {});
  await listening.promise;
  return async (signal) => {
    child.kill(signal);
    await reading;
    await child.status;
  };
}
