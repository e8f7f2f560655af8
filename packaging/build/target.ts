// The kinds of processor that are built for, under all the names that others give them.

import { BuildError } from "./deno.ts";
import type { NpmPackage } from "./npm_deno.ts";

/** A kind of processor. */
export interface Target {
  /** What people call it. */
  readonly name: string;
  /** As `deno compile` names it. */
  readonly triple: string;
  /** As the kernel and our files name it. */
  readonly machine: string;
  /** As Debian names it. */
  readonly debian: string;
  /** The number of its ELF files. */
  readonly elfMachine: number;
  /** Deno for it, of the version that the whole project is pinned to. */
  readonly denoPackage: NpmPackage;
}

/** The handhelds'. */
export const ARM64: Target = {
  name: "64-bit ARM",
  triple: "aarch64-unknown-linux-gnu",
  machine: "aarch64",
  debian: "arm64",
  elfMachine: 183,
  denoPackage: {
    file: "linux-arm64-glibc-2.9.5.tgz",
    path: "@deno/linux-arm64-glibc/-/linux-arm64-glibc-2.9.5.tgz",
    sha512:
      "IuYjsz9PGl7CJcNXMuN27KNDB8Q40brK3SG3l+TXMDVW61ZKwcn0fQHBHnXFiiygEwI8by/fKnASEluhZB1atw==",
  },
};

/** That of PCs and of handhelds that are PCs. */
export const X64: Target = {
  name: "x86-64",
  triple: "x86_64-unknown-linux-gnu",
  machine: "x86_64",
  debian: "amd64",
  elfMachine: 62,
  denoPackage: {
    file: "linux-x64-glibc-2.9.5.tgz",
    path: "@deno/linux-x64-glibc/-/linux-x64-glibc-2.9.5.tgz",
    sha512:
      "TDqcnoLe3jlgqYEQm7H7MK6q0JOth+o8iSZzknRODnVkJfPiNnjVn1M1Zc6vnp+ipkyb6Av1/CUlHgHtlq59Gw==",
  },
};

/** All of them. */
export const TARGETS: readonly Target[] = [ARM64, X64];

/** What a build's arguments ask for: its target (64-bit ARM without `--x64`), and the folder. */
export function readBuildArguments(
  args: readonly string[],
  defaultFolder: string,
): { target: Target; folder: string } {
  const [folder = defaultFolder] = args.filter((arg) => arg !== "--x64");
  return { target: args.includes("--x64") ? X64 : ARM64, folder };
}

/** BuildError unless a program is for the target: DENORT_BIN may name another machine's runtime. */
export function requireTarget(program: Uint8Array, target: Target): void {
  const isElf = ELF_64.every((byte, at) => program[at] === byte);
  if (!isElf || program[ELF_MACHINE_AT] !== target.elfMachine) {
    throw new BuildError(
      `The compiled program is not for ${target.name}: DENORT_BIN must be the runtime for ${target.triple}`,
    );
  }
}

const ELF_64 = [0x7f, 0x45, 0x4c, 0x46, 2];
const ELF_MACHINE_AT = 18;
