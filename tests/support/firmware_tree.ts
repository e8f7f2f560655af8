// Folder trees of the firmwares that the installer knows, and the installer beside a small tarball: a
// real image around a program that stands in for the service.

import { createHash } from "node:crypto";
import { buildImage, INSTALLER } from "../../packaging/build/image.ts";

const IN_SYSTEM = {
  config: "/etc/latchkey/config.toml",
  state: "/var/lib/latchkey",
} as const;

const SOURCE = new URL(`../../packaging/firmware/${INSTALLER}`, import.meta.url).pathname;
const ENOUGH_MEMORY = "MemTotal:        1000000 kB\n";

// Says where the launcher has found things; as the service it stays.
const PROGRAM = `#!/bin/sh
echo "config=$LATCHKEY_CONFIG cache=\${DENO_DIR:-} args=$*"
[ "$1" = serve ] || exit 0
sleep 600 &
echo "listens on http://0.0.0.0:7497"
wait
`;

/** The loader of the C library, which tells what a system's programs are for. */
const LOADERS = {
  aarch64: "lib/ld-linux-aarch64.so.1",
  x86_64: "lib64/ld-linux-x86-64.so.2",
} as const;

const image = await buildImage({
  program: [{
    path: "latchkey",
    bytes: new TextEncoder().encode(PROGRAM),
    isExecutable: true,
  }],
  timeS: 0,
});

/** One firmware, as far as the installer looks at it. */
export interface Firmware {
  /** Folders and files of its tree; a text makes a file. */
  tree: Record<string, string | undefined>;
  /** The folder that everything lies in; "" where it is the system's own. */
  base: string;
  /** The configuration. */
  config: string;
  /** The folder of the pairings. */
  state: string;
  /** What starts it with the device. */
  starters: readonly string[];
  /** The entry in its menu. */
  menu: string;
}

/** The firmwares that can be installed on, by their names. */
export const FIRMWARES: Record<string, Firmware> = {
  "Batocera and Knulli": {
    tree: {
      "usr/share/batocera": undefined,
      "userdata/system": undefined,
      "userdata/roms/ports": undefined,
    },
    base: "/userdata/system/latchkey",
    config: "/userdata/system/latchkey/config.toml",
    state: "/userdata/system/latchkey/state",
    starters: ["/userdata/system/services/latchkey"],
    menu: "/userdata/roms/ports/Pair a phone.sh",
  },
  ROCKNIX: {
    tree: {
      "etc/os-release": 'NAME="ROCKNIX"\nVERSION="20261101"\n',
      "storage/.config": undefined,
      "storage/roms/ports": undefined,
    },
    base: "/storage/latchkey",
    config: "/storage/latchkey/config.toml",
    state: "/storage/latchkey/state",
    starters: ["/storage/.config/system.d/latchkey.service", "/storage/.config/autostart/latchkey"],
    menu: "/storage/roms/ports/Pair a phone.sh",
  },
  muOS: {
    tree: { "opt/muos/script": undefined, "mnt/mmc/MUOS/application": undefined },
    base: "/opt/latchkey",
    ...IN_SYSTEM,
    starters: ["/mnt/mmc/MUOS/init/latchkey.sh"],
    menu: "/mnt/mmc/MUOS/application/Latchkey/mux_launch.sh",
  },
  "ArkOS and dArkOS": {
    tree: {
      "etc/os-release": 'NAME="Ubuntu"\nID=ubuntu\n',
      "home/ark": undefined,
      "opt/system": undefined,
      "usr/lib/systemd/systemd": "",
    },
    base: "",
    ...IN_SYSTEM,
    starters: ["/etc/systemd/system/multi-user.target.wants/latchkey.service"],
    menu: "/opt/system/Pair a phone.sh",
  },
};

/** A device and an installer for it. */
export interface FirmwarePlace {
  /** The root filesystem of the device. */
  root: string;
  /** Runs the installer. */
  install(...options: readonly string[]): Promise<{ code: number; output: string }>;
  /** Runs the launcher below this folder. */
  launch(base: string, ...args: readonly string[]): Promise<{ code: number; output: string }>;
  /** The folder with installer and tarball. */
  folder: string;
}

/** Options of {@linkcode withFirmware}. */
export interface WithFirmwareOptions extends Pick<Firmware, "tree"> {
  /** Where programs are looked for. @default {the test's own PATH} */
  path?: string;
  /** What the image is for. @default {"aarch64"} */
  machine?: keyof typeof LOADERS;
}

/** Runs a test with a tree that is removed after it. */
export async function withFirmware(
  { tree, path = Deno.env.get("PATH") ?? "/usr/bin:/bin", machine = "aarch64" }:
    WithFirmwareOptions,
  test: (place: FirmwarePlace) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_firmware_" });
  const root = `${folder}/root`;
  try {
    const all = {
      [LOADERS[machine]]: "",
      "proc/meminfo": ENOUGH_MEMORY,
      ...tree,
    };
    for (const [entry, text] of Object.entries(all)) {
      const parent = text === undefined ? entry : entry.replace(/\/[^/]*$/, "");
      await Deno.mkdir(`${root}/${parent}`, { recursive: true });
      if (text !== undefined) await Deno.writeTextFile(`${root}/${entry}`, text);
    }
    await Deno.copyFile(SOURCE, `${folder}/${INSTALLER}`);
    const name = `latchkey-0.1.0-${machine}.tar.gz`;
    await Deno.writeFile(`${folder}/${name}`, image);
    const sum = createHash("sha256").update(image).digest("hex");
    await Deno.writeTextFile(`${folder}/SHA256SUMS`, `${sum}  ${name}\n`);
    await test({
      root,
      folder,
      install: (...options) =>
        runProgram(path, "sh", `${folder}/${INSTALLER}`, "--root", root, ...options),
      launch: (base, ...args) => runProgram(path, "sh", `${root}${base}/usr/bin/latchkey`, ...args),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function runProgram(
  path: string,
  program: string,
  ...args: readonly string[]
): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    clearEnv: true,
    env: { PATH: path },
  }).output();
  return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}
