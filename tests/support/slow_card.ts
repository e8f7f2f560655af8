// A card whose syncs are slow, hang or fail, for a service in a process of its own: builds the
// library of slow_fsync.c and says with which variables a process is started.

/** What the card does. */
export interface SlowCardOptions {
  /**
   * How long every sync takes at least, in milliseconds.
   * @default no longer than the disk needs
   */
  delayMs?: number;
  /**
   * While there is a file of this name, every sync waits for its end.
   * @default syncs never wait
   */
  holdFile?: string;
  /**
   * While there is a file of this name, every sync fails.
   * @default syncs never fail by themselves
   */
  failFile?: string;
}

/** A built library. */
export interface SlowCard {
  /** The variables of a process that has such a card. */
  env(options: SlowCardOptions): Record<string, string>;
}

/** Why this machine cannot have a slow card; undefined where it can. */
export function whyNoSlowCard(): string | undefined {
  if (Deno.build.os !== "linux") return "libraries are preloaded on Linux only";
  try {
    return new Deno.Command("cc", { args: ["--version"], stdout: "null", stderr: "null" })
        .outputSync().success
      ? undefined
      : "the C compiler does not run";
  } catch {
    return "there is no C compiler";
  }
}

/** Builds the library in a folder. */
export async function buildSlowCard(folder: string): Promise<SlowCard> {
  const library = `${folder}/slow_fsync.so`;
  const source = new URL("slow_fsync.c", import.meta.url).pathname;
  const { success, stderr } = await new Deno.Command("cc", {
    args: ["-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", library, source, "-ldl"],
  }).output();
  if (!success) throw new Error(`Cannot build ${source}: ${new TextDecoder().decode(stderr)}`);
  return {
    env: ({ delayMs, holdFile, failFile }) => ({
      LD_PRELOAD: library,
      ...(delayMs === undefined ? {} : { SLOW_FSYNC_MS: String(delayMs) }),
      ...(holdFile === undefined ? {} : { SLOW_FSYNC_HOLD: holdFile }),
      ...(failFile === undefined ? {} : { SLOW_FSYNC_FAIL: failFile }),
    }),
  };
}
