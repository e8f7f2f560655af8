// A Debian package by Debian's own tools, over this machine's own root filesystem (an overlay in a
// mount namespace, so that nothing of it stays): checked, installed, run, upgraded, removed, purged.

import assert from "node:assert/strict";
import { ARM64, X64 } from "../../packaging/build/target.ts";
import { VERSION } from "../../src/version.ts";
import { systemTest } from "../support/system_test.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const target = Deno.build.arch === "aarch64" ? ARM64 : X64;
const CHECKPOINT = "== ";

interface Ran {
  code: number;
  output: string;
}

async function run(program: string, ...args: readonly string[]): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    env: { NO_COLOR: "1", DEBIAN_FRONTEND: "noninteractive" },
  }).output();
  return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

async function whyNot(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "needs root";
  for (const program of ["dpkg-deb", "lintian", "unshare"]) {
    try {
      await run(program, "--version");
    } catch {
      return `needs ${program}`;
    }
  }
  return undefined;
}

// Each step prints what it is before what it shows.
const STEPS = `set -u
step() { echo "${CHECKPOINT}$1"; }
step install; dpkg -i /root/latchkey.deb >/root/log 2>&1 || cat /root/log
step version; latchkey --version
step starts; readlink /etc/systemd/system/multi-user.target.wants/latchkey.service
step doctor; latchkey doctor --json | head -c 1
step config; stat -c %a /etc/latchkey/config.toml; cmp /etc/latchkey/config.toml /usr/share/latchkey/config.toml
mkdir -p /var/lib/latchkey && echo pairings >/var/lib/latchkey/kept
echo "# mine" >>/etc/latchkey/config.toml
step upgrade; dpkg -i /root/latchkey.deb >/root/log 2>&1 || cat /root/log
tail -n 1 /etc/latchkey/config.toml
step remove; dpkg -r latchkey >/root/log 2>&1 || cat /root/log
ls /usr/bin/latchkey /usr/lib/latchkey 2>&1 | grep -c "No such file"
cat /var/lib/latchkey/kept; tail -n 1 /etc/latchkey/config.toml
step purge; dpkg -P latchkey >/root/log 2>&1 || cat /root/log
step left
`;

systemTest("the Debian package installs, upgrades, and leaves nothing when it is purged", {
  whyNot: await whyNot(),
  run: async () => {
    const folder = await Deno.makeTempDir({ prefix: "latchkey_test_deb_" });
    try {
      const build = await run(
        Deno.execPath(),
        ...["run", "-A", `${ROOT}packaging/build/deb.ts`, folder],
        ...(target === X64 ? ["--x64"] : []),
      );
      assert.equal(build.code, 0, build.output);
      const deb = `${folder}/latchkey_${VERSION}_${target.debian}.deb`;
      const lint = await run("lintian", "--allow-root", "--tag-display-limit", "0", deb);
      assert.deepEqual(lint, { code: 0, output: "" });

      const over = `${folder}/over`;
      await Deno.mkdir(over);
      await Deno.writeTextFile(`${folder}/steps`, STEPS);
      const { code, output } = await run(
        "unshare",
        "--mount",
        "sh",
        "-euc",
        `mount -t tmpfs none ${over}
         mkdir ${over}/up ${over}/work ${over}/root
         mount -t overlay overlay -o lowerdir=/,upperdir=${over}/up,workdir=${over}/work ${over}/root
         cp ${deb} ${over}/root/root/latchkey.deb
         cp ${folder}/steps ${over}/root/root/steps
         mount -t proc proc ${over}/root/proc
         mount -t tmpfs none ${over}/root/tmp
         cd /
         chroot ${over}/root sh /root/steps
         cd ${over}/up
         find . -ipath "*latchkey*" -not -path "./root/*" -not -path "./var/lib/dpkg/info/*" -not -type c`,
      );
      assert.equal(code, 0, output);
      const shown = Object.fromEntries(
        output.split(CHECKPOINT).slice(1).map((text) => {
          const [name = "", ...lines] = text.split("\n");
          return [name, lines.join("\n").trim()];
        }),
      );
      assert.deepEqual(shown, {
        install: "",
        version: `latchkey ${VERSION}`,
        starts: "/lib/systemd/system/latchkey.service",
        doctor: "{",
        config: "644",
        upgrade: "# mine",
        remove: "2\npairings\n# mine",
        purge: "",
        left: "",
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
