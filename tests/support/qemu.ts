// 64-bit ARM programs on another machine: Debian's user emulation with the libraries of that kind.

const LIBRARIES = "/usr/aarch64-linux-gnu";

/** Why ARM programs cannot be run here; undefined where they can. */
export async function whyNoQemu(): Promise<string | undefined> {
  try {
    await new Deno.Command("qemu-aarch64", { args: ["--version"], stdout: "null" }).output();
  } catch {
    return "needs qemu-user";
  }
  try {
    await Deno.stat(`${LIBRARIES}/lib/libstdc++.so.6`);
    await Deno.stat(`${LIBRARIES}/lib/libgcc_s.so.1`);
    return undefined;
  } catch {
    return "needs libc6-arm64-cross, libgcc-s1-arm64-cross and libstdc++6-arm64-cross";
  }
}

/** Makes an ARM program run here: it moves aside for a script that runs it. */
export async function emulate(program: string): Promise<void> {
  await Deno.rename(program, `${program}.arm`);
  await Deno.writeTextFile(
    program,
    `#!/bin/sh\nexec qemu-aarch64 -L ${LIBRARIES} "${program}.arm" "$@"\n`,
    { mode: 0o755 },
  );
}
