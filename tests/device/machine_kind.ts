// The kinds of machine that a device is emulated as.

import { ARM64, type Target, X64 } from "../../packaging/build/target.ts";

/** A kind of machine. */
export interface MachineKind {
  /** What the image is built for. */
  readonly target: Target;
  /** The emulator. */
  readonly emulator: string;
  /** What it is to be. */
  readonly board: readonly string[];
  /** The console that the kernel writes to. */
  readonly console: string;
  /** Debian's name of the newest kernel. */
  readonly kernel: string;
}

/** A handheld: four in-order cores are slower still, but none of them is a different processor. */
export const HANDHELD: MachineKind = {
  target: ARM64,
  emulator: "qemu-system-aarch64",
  board: ["-M", "virt", "-cpu", "cortex-a72"],
  console: "ttyAMA0",
  kernel: "linux-image-arm64",
};

/** A handheld that is a PC. */
export const PC: MachineKind = {
  target: X64,
  emulator: "qemu-system-x86_64",
  board: ["-M", "q35", "-cpu", "max"],
  console: "ttyS0",
  kernel: "linux-image-amd64",
};
