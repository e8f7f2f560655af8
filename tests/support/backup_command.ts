// The program's commands with a passphrase in their environment, and nobody to ask for one.

const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;

/** What starts a command of the program. */
export function latchkeyCommand(...args: readonly string[]): [string, ...string[]] {
  return [Deno.execPath(), "run", "-A", MAIN, ...args];
}

/** Runs a command; what it wrote, and its exit code. */
export async function latchkey(
  passphrase: string,
  ...args: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const [program, ...all] = latchkeyCommand(...args);
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: all,
    env: { LATCHKEY_PASSPHRASE: passphrase },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}
