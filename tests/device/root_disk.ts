// What a device starts from: a kernel, an initramfs with its modules, and root disks with an init
// system, the C library and the image as it is shipped.

import { downloadFromNpm, fetchDeno, readCacheFolder } from "../../packaging/build/npm_deno.ts";
import type { Target } from "../../packaging/build/target.ts";
import { runTool, unpackDebian } from "./debian_packages.ts";
import type { MachineKind } from "./machine_kind.ts";

const HERE = new URL("./", import.meta.url).pathname;
const REPOSITORY = new URL("../../", import.meta.url).pathname;

/** The size of a root disk: the program, and room for another version beside it. */
const ROOT_DISK = "512M";

/** The release before this one, without Deno: made by `task image` at the commit 2fcb474. */
const PREVIOUS_RELEASE = `${HERE}previous_release/latchkey-0.1.0-without-deno.tar.gz`;

/** Init systems, each with the Debian packages that it comes from. */
const INIT_PACKAGES = {
  busybox: [],
  openrc: ["openrc"],
  systemd: ["systemd-sysv", "udev"],
} as const;

/** What starts the services of a device. */
export type InitSystem = keyof typeof INIT_PACKAGES;

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

/** What all machines of a kind start from. */
export interface BootFiles {
  readonly kernel: string;
  readonly initramfs: string;
}

/** Where a device's files are made and kept. */
interface Places {
  /** The folder for what is made. */
  folder: string;
  /** The folder for what was downloaded. */
  cache: string;
}

/** Gets a kernel, and makes an initramfs with what it needs. */
export async function buildBootFiles(kind: MachineKind, places: Places): Promise<BootFiles> {
  const debian = `${places.folder}/kernel`;
  await unpackDebian({
    architecture: kind.target.debian,
    packages: [kind.kernel, "busybox-static"],
    hasDependencies: false,
    cache: places.cache,
    folder: debian,
  });
  const initramfs = `${places.folder}/initramfs.cpio`;
  await buildInitramfs({ debian, folder: `${places.folder}/initramfs`, file: initramfs });
  const kernel = `${places.folder}/vmlinuz`;
  await Deno.rename(await findOne(`${debian}/boot`, /^vmlinuz-/), kernel);
  await Deno.remove(debian, { recursive: true });
  return { kernel, initramfs };
}

/** Options of {@linkcode buildRootDisk}. */
export interface RootDiskOptions extends Places {
  kind: MachineKind;
  init: InitSystem;
  /** The image that is installed on it. */
  tarball: string;
}

/** Makes a root disk; it is never written to: each machine has a copy. */
export async function buildRootDisk(options: RootDiskOptions): Promise<string> {
  const { kind, init, tarball, cache, folder } = options;
  const root = `${folder}/root`;
  // As Debian has it: one place for programs and one for libraries.
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await Deno.mkdir(`${root}/usr/${name}`, { recursive: true });
    await Deno.symlink(`usr/${name}`, `${root}/${name}`);
  }
  const folders = ["dev", "proc", "sys", "run", "tmp", "etc", "var/log", "var/lib", "root"];
  for (const name of folders) await Deno.mkdir(`${root}/${name}`, { recursive: true });
  await unpackDebian({
    architecture: kind.target.debian,
    packages: ["busybox-static", "libgcc-s1", "libstdc++6", ...INIT_PACKAGES[init]],
    hasDependencies: true,
    cache,
    folder: root,
  });
  await linkApplets(root, init);
  for (const name of ["all", init]) {
    await runTool("sh", [
      "-c",
      `tar -c -C "$1" . | tar -x --no-same-owner --keep-directory-symlink -C "$2"`,
      "sh",
      `${HERE}rootfs/${name}`,
      root,
    ]);
  }
  const config = `${root}/etc/latchkey/config.toml`;
  const mine = await Deno.readTextFile(config);
  await runTool("tar", ["-xzf", tarball, "-C", root]);
  // Older tarballs bring one.
  await Deno.writeTextFile(config, mine);
  if (init !== "busybox") {
    await runTool("sh", [`${root}/usr/lib/latchkey/enable-service`, root]);
    await PREPARE[init](root);
  }
  const disk = `${folder}.ext4`;
  await makeDisk(disk, { size: ROOT_DISK, folder: root });
  await Deno.remove(folder, { recursive: true });
  return disk;
}

// The applets of this machine's BusyBox: the other's cannot be asked here. What a package brought
// itself stays.
async function linkApplets(root: string, init: InitSystem): Promise<void> {
  for (const name of (await runTool("busybox", ["--list"])).trim().split("\n")) {
    const taken = await Promise.all(
      ["bin", "sbin"].map((place) => isThere(`${root}/${place}/${name}`)),
    );
    if (!taken.includes(true)) await Deno.symlink("/bin/busybox", `${root}/bin/${name}`);
  }
  if (init !== "systemd") await Deno.symlink("/bin/busybox", `${root}/sbin/init`);
}

const PREPARE = {
  async openrc(root: string): Promise<void> {
    await Deno.symlink("/etc/init.d/localmount", `${root}/etc/runlevels/boot/localmount`);
  },
  async systemd(root: string): Promise<void> {
    const units = `${root}/etc/systemd/system`;
    for (const name of ["device-prepare", "device-control"]) {
      await Deno.symlink(`../${name}.service`, `${units}/multi-user.target.wants/${name}.service`);
    }
    // Nobody sits at its terminals, and a device has no first boot that asks.
    for (
      const name of ["getty.target", "systemd-firstboot.service", "systemd-hwdb-update.service"]
    ) {
      await Deno.writeTextFile(`${units}/${name}`, "");
    }
    await Deno.writeTextFile(`${root}/etc/machine-id`, `${"0123456789abcdef".repeat(2)}\n`);
    await Deno.remove(`${root}/etc/systemd/system/default.target`).catch(() => {});
    await Deno.symlink("/lib/systemd/system/multi-user.target", `${units}/default.target`);
  },
} as const;

/** Makes a disk with ext4 on it, empty or with what is in a folder. */
export async function makeDisk(
  file: string,
  { size, folder }: { size: string; folder?: string },
): Promise<void> {
  const from = folder === undefined ? [] : ["-d", folder];
  await runTool("mkfs.ext4", ["-q", "-F", "-E", "root_owner=0:0", ...from, file, size]);
}

/** Puts a text in the place of a file on a disk that is switched off. */
export async function writeToDisk(
  disk: string,
  { path, text }: { path: string; text: string },
): Promise<void> {
  const file = await Deno.makeTempFile({ prefix: "latchkey_test_device_" });
  try {
    await Deno.writeTextFile(file, text);
    await Deno.chmod(file, 0o644);
    await Deno.writeTextFile(`${file}.debugfs`, `rm ${path}\nwrite ${file} ${path}\n`);
    await runTool("debugfs", ["-w", "-f", `${file}.debugfs`, disk]);
  } finally {
    await Deno.remove(file);
    await Deno.remove(`${file}.debugfs`);
  }
}

/** Copies a folder off a disk that lost its power, once its journal is replayed and it is sound. */
export async function copyOffDisk(
  disk: string,
  { from, to }: { from: string; to: string },
): Promise<void> {
  const copy = `${to}.ext4`;
  await Deno.mkdir(to, { recursive: true });
  await runTool("cp", ["--sparse=always", disk, copy]);
  // 1 says that something was repaired, as a journal is that had to be replayed.
  await runTool("sh", ["-c", `e2fsck -fy "$1" || [ $? -eq 1 ]`, "sh", copy]);
  await runTool("debugfs", ["-R", `rdump ${from} ${to}`, copy]);
  await Deno.remove(copy);
}

/** Builds the image of the tree as it is; its tarball. */
export async function buildTarball({ target }: MachineKind, folder: string): Promise<string> {
  await runTool(Deno.execPath(), [
    ...["run", "-A", `${REPOSITORY}packaging/build/image.ts`, folder],
    ...(target.machine === "x86_64" ? ["--x64"] : []),
  ], { cwd: REPOSITORY });
  return await findOne(folder, /^latchkey-.*\.tar\.gz$/);
}

/** The tarball of the release before this one. */
export async function buildPreviousTarball(target: Target, folder: string): Promise<string> {
  const root = `${folder}/previous`;
  await Deno.mkdir(root, { recursive: true });
  await runTool("tar", ["-xzf", PREVIOUS_RELEASE, "-C", root]);
  const deno = await fetchDeno({
    folder: readCacheFolder(),
    download: downloadFromNpm,
    npmPackage: target.denoPackage,
  });
  await Deno.writeFile(`${root}/usr/lib/latchkey/deno`, deno, { mode: 0o755 });
  await Deno.chmod(`${root}/usr/lib/latchkey/deno`, 0o755);
  const tarball = `${folder}/previous.tar.gz`;
  await runTool("sh", ["-c", `tar -c -C "$1" etc usr | gzip -1 >"$2"`, "sh", root, tarball]);
  await Deno.remove(root, { recursive: true });
  return tarball;
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

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}
