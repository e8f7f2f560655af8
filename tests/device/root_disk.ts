// What a device starts from: a kernel, an initramfs with its modules, and a root disk with BusyBox, the
// C library and the image as it is shipped. Made once for all tests of one kind of machine.

import { runTool, unpackDebian } from "./debian_packages.ts";
import type { MachineKind } from "./machine_kind.ts";

const HERE = new URL("./", import.meta.url).pathname;
const REPOSITORY = new URL("../../", import.meta.url).pathname;

/** The size of a root disk: the program, and room for another version beside it. */
const ROOT_DISK = "512M";

/** What the kernel needs for its disks, panel, buttons, network and the tests' own console. */
const MODULES = [
  "virtio_pci",
  "virtio_blk",
  "virtio_net",
  "virtio-gpu",
  "virtio_input",
  "virtio_console",
  "virtio-rng",
  "evdev",
  "crc32c_generic",
  "ext4",
];

/** Files that a machine starts from. */
export interface BootFiles {
  readonly kernel: string;
  readonly initramfs: string;
  /** A disk that is never written to: each machine has a copy. */
  readonly rootDisk: string;
  /** The tarball that was unpacked on it. */
  readonly tarball: string;
}

/** Builds them in a folder. */
export async function buildBootFiles(kind: MachineKind, folder: string): Promise<BootFiles> {
  const { target } = kind;
  const debian = `${folder}/debian`;
  const root = `${folder}/root`;
  const cache = Deno.env.get("LATCHKEY_BUILD_CACHE") ??
    `${
      Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/tmp"}/.cache`
    }/latchkey-build`;
  await Deno.mkdir(root, { recursive: true });
  const [, tarball] = await Promise.all([
    unpackDebian({
      architecture: target.debian,
      packages: [kind.kernel, "busybox-static", "libc6", "libgcc-s1", "libstdc++6"],
      cache,
      folder: debian,
    }),
    buildTarball(kind, `${folder}/dist`),
  ]);
  await buildRoot({ debian, root, tarball });
  const rootDisk = `${folder}/root.ext4`;
  await makeDisk(rootDisk, { size: ROOT_DISK, folder: root });
  const initramfs = `${folder}/initramfs.cpio`;
  await buildInitramfs({ debian, folder: `${folder}/initramfs`, file: initramfs });
  const kernel = await findOne(`${debian}/boot`, /^vmlinuz-/);
  return { kernel, initramfs, rootDisk, tarball };
}

/** Makes a disk with ext4 on it, empty or with what is in a folder. */
export async function makeDisk(
  file: string,
  { size, folder }: { size: string; folder?: string },
): Promise<void> {
  const from = folder === undefined ? [] : ["-d", folder];
  await runTool("mkfs.ext4", ["-q", "-F", "-E", "root_owner=0:0", ...from, file, size]);
}

async function buildTarball({ target }: MachineKind, folder: string): Promise<string> {
  await runTool(Deno.execPath(), [
    ...["run", "-A", `${REPOSITORY}packaging/build/image.ts`, folder],
    ...(target.machine === "x86_64" ? ["--x64"] : []),
  ], { cwd: REPOSITORY });
  return await findOne(folder, /^latchkey-.*\.tar\.gz$/);
}

async function buildRoot(
  { debian, root, tarball }: { debian: string; root: string; tarball: string },
): Promise<void> {
  const folders = ["bin", "sbin", "dev", "proc", "sys", "run", "tmp", "etc", "var/log", "var/lib"];
  for (const name of folders) await Deno.mkdir(`${root}/${name}`, { recursive: true });
  await runTool("cp", ["-a", `${debian}/bin/busybox`, `${root}/bin/busybox`]);
  // The applets of this machine's BusyBox: the other's cannot be asked here.
  for (const name of (await runTool("busybox", ["--list"])).trim().split("\n")) {
    if (name !== "busybox") await Deno.symlink("/bin/busybox", `${root}/bin/${name}`);
  }
  await Deno.symlink("/bin/busybox", `${root}/sbin/init`);
  for (const name of ["lib", "lib64", "usr/lib"]) {
    if (!await isFolder(`${debian}/${name}`)) continue;
    await Deno.mkdir(`${root}/${name}`, { recursive: true });
    // Links into folders of the package keep their ends.
    await runTool("sh", [
      "-c",
      `cd "$1" && find . \\( -name "*.so*" -o -type d -name "*-linux-gnu" \\) -not -path "./modules/*" -not -path "./gconv/*" | cpio -pdm --quiet "$2"`,
      "sh",
      `${debian}/${name}`,
      `${root}/${name}`,
    ]);
  }
  await runTool("tar", ["-xzf", tarball, "-C", root]);
  await runTool("cp", ["-a", `${HERE}rootfs/.`, root]);
  await Deno.writeTextFile(`${root}/etc/passwd`, "root::0:0:root:/:/bin/sh\n");
  await Deno.writeTextFile(`${root}/etc/group`, "root:x:0:\n");
}

async function buildInitramfs(
  { debian, folder, file }: { debian: string; folder: string; file: string },
): Promise<void> {
  for (const name of ["bin", "dev", "proc", "sys", "root", "modules"]) {
    await Deno.mkdir(`${folder}/${name}`, { recursive: true });
  }
  await Deno.copyFile(`${debian}/bin/busybox`, `${folder}/bin/busybox`);
  await Deno.symlink("busybox", `${folder}/bin/sh`);
  await Deno.copyFile(`${HERE}init`, `${folder}/init`);
  const version = (await findOne(`${debian}/lib/modules`, /^\d/)).split("/").at(-1) ?? "";
  await runTool("depmod", ["-b", debian, version]);
  const modules = `${debian}/lib/modules/${version}`;
  const order = orderModules(await Deno.readTextFile(`${modules}/modules.dep`), MODULES);
  for (const path of order) {
    await Deno.copyFile(`${modules}/${path}`, `${folder}/modules/${path.split("/").at(-1)}`);
  }
  const names = order.map((path) => `${path.split("/").at(-1)}\n`);
  await Deno.writeTextFile(`${folder}/modules/order`, names.join(""));
  await runTool("sh", ["-c", `find . | cpio --quiet -o -H newc >"$1"`, "sh", file], {
    cwd: folder,
  });
}

/** The modules and what they need, each behind what it needs; `dep` is a modules.dep. */
export function orderModules(dep: string, names: readonly string[]): string[] {
  const needs = new Map(
    dep.trim().split("\n").map((line): [string, string[]] => {
      const [path = "", after = ""] = line.split(":");
      return [path, after.trim().split(" ").filter((name) => name !== "")];
    }),
  );
  const found = new Set<string>();
  const add = (path: string): void => {
    for (const needed of needs.get(path) ?? []) add(needed);
    found.add(path);
  };
  for (const name of names) {
    // Those that are built in have no file.
    const path = [...needs.keys()].find((one) => new RegExp(`/${name}\\.ko(\\.xz)?$`).test(one));
    if (path !== undefined) add(path);
  }
  return [...found];
}

async function findOne(folder: string, pattern: RegExp): Promise<string> {
  for await (const { name } of Deno.readDir(folder)) {
    if (pattern.test(name)) return `${folder}/${name}`;
  }
  throw new Error(`${folder} has nothing like ${pattern}`);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}
