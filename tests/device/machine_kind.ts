// The kinds of machine that a device is emulated as.

import { ARM64, type Target, X64 } from "../../packaging/build/target.ts";

/** A kind of machine. */
export interface MachineKind {
  /** What people call it. */
  readonly name: string;
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

/** Whether PCs run on this machine's own processor. */
export const hasKvm: boolean = await canRunKvm();

async function canRunKvm(): Promise<boolean> {
  if (Deno.build.arch !== "x86_64") return false;
  try {
    const isAble = /^flags.*\b(vmx|svm)\b/m.test(await Deno.readTextFile("/proc/cpuinfo"));
    using _ = await Deno.open("/dev/kvm", { read: true, write: true });
    return isAble;
  } catch {
    return false;
  }
}

/** A handheld: four in-order cores are slower still, but none of them is a different processor. */
export const HANDHELD: MachineKind = {
  name: "handheld",
  target: ARM64,
  emulator: "qemu-system-aarch64",
  board: ["-M", "virt", "-cpu", "cortex-a72"],
  console: "ttyAMA0",
  kernel: "linux-image-arm64",
};

/** A handheld that is a PC. */
export const PC: MachineKind = {
  name: "PC",
  target: X64,
  emulator: "qemu-system-x86_64",
  // This machine's own processor where it can run another system in it; where only the node is
  // there, QEMU would hang.
  board: hasKvm ? ["-M", "q35,accel=kvm:tcg", "-cpu", "max"] : ["-M", "q35", "-cpu", "max"],
  console: "ttyS0",
  kernel: "linux-image-amd64",
};
