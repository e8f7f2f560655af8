// The time that everything in a build carries.

import { BuildError, ROOT } from "./deno.ts";

/**
 * The time of the last commit where git can tell, in seconds since 1970, so that two builds of it are
 * the same; SOURCE_DATE_EPOCH overrides it.
 */
export async function sourceTimeS(): Promise<number> {
  const given = Deno.env.get("SOURCE_DATE_EPOCH");
  if (given !== undefined) {
    if (!/^\d{1,11}$/.test(given)) throw new BuildError("SOURCE_DATE_EPOCH: expected seconds");
    return Number(given);
  }
  try {
    const { success, stdout } = await new Deno.Command("git", {
      // This tree's own history, not that of a repository which it lies in.
      args: ["--git-dir", `${ROOT}.git`, "log", "-1", "--format=%ct"],
      stderr: "null",
    }).output();
    if (success) return Number(new TextDecoder().decode(stdout).trim());
  } catch {
    // There is no git here.
  }
  return 0;
}
