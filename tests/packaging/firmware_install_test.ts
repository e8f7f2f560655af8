// The installer of firmwares, against folder trees of each: what it puts where, what an upgrade keeps,
// what it takes away again, and what it refuses before anything was changed.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  type Firmware,
  type FirmwarePlace,
  FIRMWARES,
  withFirmware,
} from "../support/firmware_tree.ts";

/** Every file below a folder with its mode and what it holds, links by what they name. */
async function listFiles(root: string, below = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(`${root}${below}`)) {
    const path = `${below}/${name}`;
    if (isDirectory) Object.assign(found, await listFiles(root, path));
    else if (isSymlink) found[path] = await Deno.readLink(`${root}${path}`);
    else {
      const bytes = await Deno.readFile(`${root}${path}`);
      const mode = ((await Deno.stat(`${root}${path}`)).mode ?? 0) & 0o777;
      found[path] = `${mode.toString(8)} ${createHash("sha256").update(bytes).digest("hex")}`;
    }
  }
  return found;
}

for (const [name, firmware] of Object.entries(FIRMWARES)) {
  const { base, config, state, starters, menu } = firmware;

  Deno.test(`install.sh puts everything in its place on ${name}`, () =>
    withFirmware(firmware, async ({ root, install, launch }) => {
      const { code, output } = await install();
      assert.equal(code, 0, output);
      assert.match(output, /^[\w ]+: Latchkey is installed\. To pair, from the menu: /);
      const files = await listFiles(root);
      for (const path of [...starters, menu, `${base}/usr/lib/latchkey/latchkey`, config]) {
        assert.ok(
          files[path] !== undefined,
          `${path} is missing:\n${Object.keys(files).join("\n")}`,
        );
      }
      assert.ok(!Object.keys(files).some((path) => path.endsWith(".new")));
      const texts = await Promise.all(
        [...starters.slice(base === "" ? 1 : 0), menu].map((path) =>
          Deno.readTextFile(`${root}${path}`)
        ),
      );
      for (const text of texts) assert.doesNotMatch(text, /@[A-Z]+@/);
      assert.match(
        await Deno.readTextFile(`${root}${config}`),
        new RegExp(`^data_dir = "${state}"$`, "m"),
      );
      assert.match(await Deno.readTextFile(`${root}${config}`), /^encryption = true$/m);
      if (base === "") return;
      // What the starters name is there, and the launcher finds the configuration and its cache.
      assert.match(texts.join("\n"), new RegExp(`${base}/usr/`));
      assert.match(texts.join("\n"), new RegExp(`[= ]${config}$`, "m"));
      assert.equal(((await Deno.stat(`${root}${state}`)).mode ?? 0) & 0o777, 0o700);
      const launched = await launch(base, "status");
      assert.equal(launched.output, `config=${config} cache=${base}/cache args=status\n`);
    }));

  Deno.test(`install.sh upgrades on ${name} and keeps what is the owner's`, () =>
    withFirmware(firmware, async ({ root, install }) => {
      await install();
      const before = await listFiles(root);
      await Deno.writeTextFile(`${root}${config}`, "# mine\n");
      await Deno.mkdir(`${root}${state}`, { recursive: true });
      await Deno.writeTextFile(`${root}${state}/latchkey.sqlite`, "pairings");
      // A file that an older version had.
      await Deno.writeTextFile(`${root}${base}/usr/lib/latchkey/old.js`, "old");
      await Deno.writeTextFile(
        `${root}${base}/usr/lib/latchkey/installed-files`,
        `${base}/usr/lib/latchkey/old.js\n`,
        { append: true },
      );
      const { code, output } = await install();
      assert.equal(code, 0, output);
      const after = await listFiles(root);
      assert.equal(await Deno.readTextFile(`${root}${config}`), "# mine\n");
      assert.equal(await Deno.readTextFile(`${root}${state}/latchkey.sqlite`), "pairings");
      assert.deepEqual({ ...after, [config]: "", [`${state}/latchkey.sqlite`]: "" }, {
        ...before,
        [config]: "",
        [`${state}/latchkey.sqlite`]: "",
      });
    }));

  Deno.test(`install.sh --undo leaves configuration and pairings on ${name}, --purge nothing`, () =>
    withFirmware(firmware, async ({ root, install }) => {
      const before = await listFiles(root);
      await install();
      await Deno.mkdir(`${root}${state}`, { recursive: true });
      await Deno.writeTextFile(`${root}${state}/latchkey.sqlite`, "pairings");
      const kept = await Deno.readTextFile(`${root}${config}`);
      assert.equal((await install("--undo")).code, 0);
      const after = await listFiles(root);
      assert.deepEqual(
        Object.keys(after).sort(),
        [...Object.keys(before), config, `${state}/latchkey.sqlite`].sort(),
      );
      assert.equal(await Deno.readTextFile(`${root}${config}`), kept);
      // A second time there is nothing, and it says so.
      const again = await install("--undo");
      assert.deepEqual([again.code, /nothing of Latchkey/.test(again.output)], [1, true]);
      // Installed again, the phones are still paired; purged, nothing is left.
      await install();
      assert.equal(await Deno.readTextFile(`${root}${state}/latchkey.sqlite`), "pairings");
      assert.equal((await install("--purge")).code, 0);
      assert.deepEqual(await listFiles(root), before);
    }));
}

Deno.test("install.sh keeps what is private out of /opt on muOS, which opens that to everybody", () => {
  const { base, config, state } = FIRMWARES["muOS"] as Firmware;
  assert.equal(base, "/opt/latchkey");
  for (const path of [config, state]) assert.doesNotMatch(path, /^\/(opt|root|mnt)\//);
});

Deno.test("install.sh starts it from the second card on muOS, where that has init scripts", () => {
  const { tree, ...muos } = FIRMWARES["muOS"] as Firmware;
  const withCard = { ...muos, tree: { ...tree, "mnt/sdcard/MUOS/init": undefined } };
  return withFirmware(withCard, async ({ root, install }) => {
    assert.equal((await install()).code, 0);
    const names = Object.keys(await listFiles(root)).filter((path) => /MUOS\/init/.test(path));
    assert.deepEqual(names, ["/mnt/sdcard/MUOS/init/latchkey.sh"]);
    assert.equal((await install("--undo")).code, 0);
    assert.ok(!Object.keys(await listFiles(root)).some((path) => /MUOS\/init/.test(path)));
  });
});

const batocera = FIRMWARES["Batocera and Knulli"] as Firmware;

Deno.test("install.sh takes the image for PCs on a Batocera that is one", () =>
  withFirmware({ ...batocera, machine: "x86_64" }, async ({ root, install }) => {
    assert.equal((await install()).code, 0);
    assert.ok((await Deno.stat(`${root}${batocera.base}/usr/lib/latchkey/latchkey`)).isFile);
    await Deno.remove(`${root}/lib64/ld-linux-x86-64.so.2`);
    const { code, output } = await install();
    assert.deepEqual([code, /the tarball is for another processor/.test(output)], [1, true]);
  }));

interface Refusal {
  tree?: Record<string, string | undefined>;
  prepare?: (place: FirmwarePlace) => Promise<void>;
  message: RegExp;
}

const REFUSALS: Record<string, Refusal> = {
  "a firmware that it does not know": {
    tree: { "etc/os-release": "NAME=Something\n" },
    message: /no firmware that is known here/,
  },
  "Debian itself": {
    tree: { "etc/os-release": 'NAME="Debian GNU/Linux"\n' },
    message: /install the package/,
  },
  "another processor, 32 bits or musl": {
    prepare: ({ root }) => Deno.remove(`${root}/lib/ld-linux-aarch64.so.1`),
    message: /another processor, or this system is 32-bit or without glibc/,
  },
  "too little memory": {
    tree: { ...batocera.tree, "proc/meminfo": "MemTotal:         110000 kB\n" },
    message: /has 107 MiB of memory; Latchkey needs 256 MB/,
  },
  "a folder without a tarball": {
    prepare: ({ folder }) => Deno.remove(`${folder}/latchkey-0.1.0-aarch64.tar.gz`),
    message: /no latchkey-\*\.tar\.gz beside this script/,
  },
  "two tarballs": {
    prepare: ({ folder }) =>
      Deno.writeTextFile(`${folder}/latchkey-0.2.0-aarch64.tar.gz`, "another"),
    message: /more than one/,
  },
  "a tarball that was cut": {
    prepare: async ({ folder }) => {
      await Deno.truncate(`${folder}/latchkey-0.1.0-aarch64.tar.gz`, 1000);
      await Deno.remove(`${folder}/SHA256SUMS`);
    },
    message: /is damaged/,
  },
  "a tarball that was changed": {
    prepare: ({ folder }) =>
      Deno.writeTextFile(
        `${folder}/SHA256SUMS`,
        `${"0".repeat(64)}  latchkey-0.1.0-aarch64.tar.gz\n`,
      ),
    message: /is not the file that SHA256SUMS tells of/,
  },
};

for (const [what, { tree = batocera.tree, prepare, message }] of Object.entries(REFUSALS)) {
  Deno.test(`install.sh refuses ${what}, and has changed nothing`, () =>
    withFirmware({ tree }, async (place) => {
      await prepare?.(place);
      const before = await listFiles(place.root);
      const { code, output } = await place.install();
      assert.equal(code, 1, output);
      assert.match(output, message);
      assert.match(output, /^Cannot go on: /);
      assert.deepEqual(await listFiles(place.root), before);
    }));
}

Deno.test("install.sh says how it is used", () =>
  withFirmware(batocera, async ({ install }) => {
    const { code, output } = await install("--nonsense");
    assert.deepEqual([code, output.startsWith("Usage:")], [2, true]);
  }));
