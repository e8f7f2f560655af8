// The installer of firmwares on a system that runs: this machine's own root filesystem with the tree of
// each firmware over it, in namespaces, so that nothing of it stays. What the firmwares call to start
// services is stood in for; the scripts that this starts are the shipped ones.

import assert from "node:assert/strict";
import { allDone } from "../support/all_done.ts";
import { type Firmware, FIRMWARES, withFirmware } from "../support/firmware_tree.ts";
import { systemTest } from "../support/system_test.ts";

const CHECKPOINT = "== ";

// As batocera-services does: a script of the folder, by its name, with bash; systemctl is told of only.
const STAND_INS = {
  "batocera-services": `#!/bin/sh
echo "batocera-services $*" >>/root/asked
case $1 in start | stop) bash "/userdata/system/services/$2" "$1" ;; esac
`,
  // A compositor runs where a test says so.
  pidof: `#!/bin/sh
[ "$1" = "$(cat /root/compositor 2>/dev/null)" ]
`,
  systemctl: `#!/bin/sh
echo "systemctl $*" >>/root/asked
`,
} as const;

// Each step prints what it is before what it shows.
const STEPS = `set -u
step() { echo "${CHECKPOINT}$1"; : >/root/asked; }
services() { pgrep -c -f 'lib/latchkey/latchkey serve' || :; }
end() { echo "$? $(services)"; cat /root/asked; }
step install; sh /root/install/install.sh >/root/log 2>&1; end
pgrep -a -f 'lib/latchkey/latchkey serve' | cut -d " " -f 3-
open_menu() { timeout 1 sh -x "$(cat /root/menu)" 2>&1 | grep '^config=\\|^+ exec'; }
step menu; open_menu; echo sway >/root/compositor; open_menu
step upgrade; sh /root/install/install.sh >/root/log 2>&1; end
mkdir -p /var/lib/private/latchkey /var/cache/private/latchkey /var/cache/latchkey-root
step purge; sh /root/install/install.sh --purge >/root/log 2>&1; end
step left
`;

async function whyNot(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "needs root";
  try {
    await new Deno.Command("unshare", { args: ["--version"], stdout: "null" }).output();
    return undefined;
  } catch {
    return "needs unshare";
  }
}

/** What the steps showed, each as its lines. */
async function runSteps(
  firmware: Firmware,
  starter: keyof typeof STAND_INS | undefined,
): Promise<Record<string, string[]>> {
  let shown: Record<string, string[]> = {};
  const machine = Deno.build.arch;
  await withFirmware({ ...firmware, machine }, async ({ folder, root }) => {
    await Deno.mkdir(`${folder}/over`);
    await Deno.writeTextFile(`${folder}/steps`, STEPS);
    await Deno.mkdir(`${root}/usr/local/bin`, { recursive: true });
    for (const name of ["pidof", starter] as const) {
      if (name === undefined) continue;
      await Deno.writeTextFile(`${root}/usr/local/bin/${name}`, STAND_INS[name], { mode: 0o755 });
    }
    await Deno.writeTextFile(`${folder}/menu`, firmware.menu);
    // This machine's own loader stays, and its /proc is a new one.
    const tree = `tar -c -C ${root} --exclude=./proc --exclude=./lib --exclude=./lib64 .`;
    const { code, stdout, stderr } = await new Deno.Command("unshare", {
      args: [
        ...["--mount", "--pid", "--fork", "--kill-child", "sh", "-euc"],
        `cd ${folder}/over
         mount -t tmpfs none .
         mkdir up work root
         mount -t overlay overlay -o lowerdir=/,upperdir=up,workdir=work root
         ${tree} | tar -x --keep-directory-symlink -C root
         mkdir root/root/install
         cp ../install.sh ../latchkey-*.tar.gz ../SHA256SUMS root/root/install
         cp ../steps ../menu root/root
         mount -t proc proc root/proc
         mount -t tmpfs none root/run
         mount -t tmpfs none root/tmp
         chroot root sh /root/steps
         find up -ipath "*latchkey*" -not -path "up/root/*" -not -type c`,
      ],
      stdin: "null",
      env: { PATH: `/usr/local/bin:${Deno.env.get("PATH")}` },
    }).output();
    const output = new TextDecoder().decode(stdout);
    assert.equal(code, 0, output + new TextDecoder().decode(stderr));
    shown = Object.fromEntries(
      output.split(CHECKPOINT).slice(1).map((text) => {
        const [name = "", ...lines] = text.trim().split("\n");
        return [name, lines];
      }),
    );
  });
  return shown;
}

interface Expected {
  /** What starts its services. */
  starter: keyof typeof STAND_INS | undefined;
  /** How many services run: no systemd is here that would start one. */
  runs: number;
  /** What is asked when it is installed or upgraded, and when it is removed. */
  install: string[];
  remove: string[];
}

const SYSTEMD: Expected = {
  starter: "systemctl",
  runs: 0,
  install: [
    "systemctl stop latchkey.service",
    "systemctl daemon-reload",
    "systemctl start latchkey.service",
  ],
  remove: ["systemctl stop latchkey.service", "systemctl daemon-reload"],
};

const EXPECTED: Readonly<Record<string, Expected>> = {
  "Batocera and Knulli": {
    starter: "batocera-services",
    runs: 1,
    install: [
      "batocera-services stop latchkey",
      "batocera-services enable latchkey",
      "batocera-services start latchkey",
    ],
    remove: ["batocera-services stop latchkey", "batocera-services disable latchkey"],
  },
  ROCKNIX: SYSTEMD,
  muOS: { starter: undefined, runs: 1, install: [], remove: [] },
  "ArkOS and dArkOS": SYSTEMD,
};

async function judge(name: string, firmware: Firmware): Promise<void> {
  const expected = EXPECTED[name] ?? assert.fail(name);
  const shown = await runSteps(firmware, expected.starter);
  const { runs, install, remove } = expected;
  for (const [step, count] of Object.entries({ install: runs, upgrade: runs, purge: 0 })) {
    assert.equal(shown[step]?.[0], `0 ${count}`, `${name}, ${step}: ${shown[step]?.join("\n")}`);
  }
  const [, ...installed] = shown["install"] ?? [];
  const services = installed.splice(installed.length - runs, runs);
  assert.deepEqual([name, ...installed], [name, ...install]);
  assert.deepEqual([name, ...(shown["upgrade"] ?? []).slice(1)], [name, ...install]);
  assert.deepEqual([name, ...(shown["purge"] ?? []).slice(1)], [name, ...remove]);
  const program = `${firmware.base}/usr/bin/../lib/latchkey/latchkey`;
  for (const line of services) assert.equal(line, `${program} serve --config ${firmware.config}`);
  // The menu's entry waits for the phone, and gives the screen back where nobody would see that.
  const cache = firmware.base === "" ? "" : `${firmware.base}/cache`;
  const waits = `config=${firmware.config} cache=${cache} args=pair --pad`;
  const leaves = `+ exec ${firmware.base}/usr/bin/latchkey call clients.pair.start ` +
    `{"liftLock":true}`;
  // muOS has no compositor.
  assert.deepEqual(shown["menu"], [waits, name === "muOS" ? waits : leaves], name);
  assert.deepEqual(shown["left"], [], name);
}

systemTest("install.sh starts the service, upgrades and ends it on each firmware that runs", {
  whyNot: await whyNot(),
  // All at once: they wait for services most of the time.
  run: async () => {
    await allDone(Object.entries(FIRMWARES).map(([name, firmware]) => judge(name, firmware)));
  },
});
