// The shell scripts of an image: checked by shellcheck, and run by BusyBox's shell with a program
// that stands in for the service.

import assert from "node:assert/strict";
import { allDone } from "../support/all_done.ts";
import { packArchive } from "../../packaging/build/archive.ts";
import { FIRMWARES, withFirmware } from "../support/firmware_tree.ts";
import { until } from "../support/until.ts";
import { systemTest } from "../support/system_test.ts";

const ROOTFS = new URL("../../packaging/rootfs/", import.meta.url).pathname;
const FIRMWARE = new URL("../../packaging/firmware/", import.meta.url).pathname;
const INIT = `${ROOTFS}usr/share/latchkey/init/sysv`;
const OPENRC = `${ROOTFS}usr/share/latchkey/init/openrc`;
const ENABLE = `${ROOTFS}usr/lib/latchkey/enable-service`;

async function whyNo(program: string): Promise<string | undefined> {
  try {
    await new Deno.Command(program, { args: ["--help"], stdout: "null", stderr: "null" }).output();
    return undefined;
  } catch {
    return `needs ${program}`;
  }
}

interface Result {
  code: number;
  output: string;
}

async function run(
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<Result> {
  const [program = "", ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(program, { args, env, stdin: "null" })
    .output();
  return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function scripts(folder = ROOTFS): Promise<string[]> {
  const found = await Promise.all((await Array.fromAsync(Deno.readDir(folder))).map(
    async ({ name, isDirectory }) => {
      if (isDirectory) return await scripts(`${folder}${name}/`);
      const text = await Deno.readTextFile(`${folder}${name}`);
      return text.startsWith("#!") ? [`${folder}${name}`] : [];
    },
  ));
  return found.flat();
}

systemTest("shellcheck finds nothing in the scripts of an image", {
  whyNot: await whyNo("shellcheck"),
  run: async () => {
    const files = [...await scripts(), ...await scripts(FIRMWARE)];
    assert.equal(files.length, 10);
    assert.deepEqual(await run(["shellcheck", "--shell=sh", ...files]), { code: 0, output: "" });
  },
});

async function fakeService(folder: string, script: string): Promise<Record<string, string>> {
  // The name by which the init script knows its own.
  const program = `${folder}/latchkey-stand-in`;
  await Deno.writeTextFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return {
    LATCHKEY_PROGRAM: program,
    LATCHKEY_CONFIG: `${folder}/config.toml`,
    LATCHKEY_PIDFILE: `${folder}/pid`,
    LATCHKEY_LOG: `${folder}/log`,
  };
}

const noBusyBox = await whyNo("busybox");

systemTest("the init script starts, tells, reloads and stops under BusyBox", {
  whyNot: noBusyBox,
  run: () =>
    withFolder(async (folder) => {
      const env = await fakeService(
        folder,
        `echo "$@"; echo "files $(ulimit -n)"; echo "listens on it"; trap 'echo reloaded' HUP; trap 'echo bye; exit 0' TERM; while :; do sleep 0.1; done`,
      );
      const init = (verb: string): Promise<Result> => run(["busybox", "sh", INIT, verb], env);
      assert.deepEqual(await init("status"), { code: 3, output: "latchkey does not run\n" });
      assert.match((await init("start")).output, /^latchkey started, process \d+\n$/);
      const pid = (await Deno.readTextFile(`${folder}/pid`)).trim();
      assert.deepEqual(await init("status"), {
        code: 0,
        output: `latchkey runs, process ${pid}\n`,
      });
      assert.match((await init("start")).output, /^latchkey runs already/);
      assert.equal((await init("reload")).code, 0);
      assert.match((await init("restart")).output, /^latchkey stopped\nlatchkey started/);
      assert.deepEqual(await init("stop"), { code: 0, output: "latchkey stopped\n" });
      assert.equal((await init("status")).code, 3);
      assert.equal((await init("reload")).code, 7);
      assert.equal((await init("stop")).code, 0);
      const lines = (await Deno.readTextFile(`${folder}/log`)).split("\n");
      assert.equal(lines.filter((line) => line === "bye").length, 2);
      assert.ok(lines.includes("reloaded"));
      assert.ok(lines.includes("files 16384"), lines.join("\n"));
      assert.ok(lines.includes(`serve --config ${folder}/config.toml`));
      assert.equal(((await Deno.stat(`${folder}/log`)).mode ?? 0) & 0o777, 0o600);
      assert.equal((await init("nonsense")).code, 2);
    }),
});

const MAX_LOG_BYTES = 4 * 1024 * 1024;
const LOGS: [what: string, bytes: number, isMoved: boolean][] = [
  ["a log that is too long goes aside", MAX_LOG_BYTES + 1, true],
  ["a log that may be so long stays", MAX_LOG_BYTES, false],
];
for (const [what, bytes, isMoved] of LOGS) {
  const before = "x".repeat(bytes);
  const look = async (log: string): Promise<void> => {
    assert.equal(await readIfThere(`${log}.1`) === before, isMoved);
    assert.equal((await Deno.readTextFile(log)).startsWith(before), !isMoved);
    assert.equal(((await Deno.stat(log)).mode ?? 0) & 0o777, 0o600);
  };

  systemTest(`at a start with the init script ${what}`, {
    whyNot: noBusyBox,
    run: () =>
      withFolder(async (folder) => {
        const env = await fakeService(
          folder,
          `echo "listens on it"; trap "exit 0" TERM; while :; do sleep 0.1; done`,
        );
        await Deno.writeTextFile(`${folder}/log`, before, { mode: 0o600 });
        if (isMoved) await Deno.writeTextFile(`${folder}/log.1`, "the one before");
        await run(["busybox", "sh", INIT, "start"], env);
        await run(["busybox", "sh", INIT, "stop"], env);
        await look(`${folder}/log`);
      }),
  });

  systemTest(`at a start with OpenRC ${what}`, {
    whyNot: noBusyBox,
    run: () =>
      withFolder(async (folder) => {
        const log = `${folder}/log`;
        await Deno.writeTextFile(log, before, { mode: 0o600 });
        // What OpenRC brings along makes the file where there is none.
        const script = `checkpath() { [ "$1" != --file ] || (umask 077 && : >>"$4"); }
          . "$0"; output_log="$1"; start_pre`;
        const { code, output } = await run(["busybox", "sh", "-euc", script, OPENRC, log]);
        assert.deepEqual([code, output], [0, ""]);
        await look(log);
      }),
  });
}

systemTest("the init script says why the service did not start, and ends nobody else", {
  whyNot: noBusyBox,
  run: () =>
    withFolder(async (folder) => {
      const env = await fakeService(folder, 'echo "Cannot start: because" >&2; exit 1');
      const init = (verb: string): Promise<Result> => run(["busybox", "sh", INIT, verb], env);
      const { code, output } = await init("start");
      assert.deepEqual([code, output], [
        1,
        "latchkey did not start:\nCannot start: because\n",
      ]);
      // A number that is left over may be another program's by now.
      const other = new Deno.Command("sleep", { args: ["60"] }).spawn();
      await Deno.writeTextFile(`${folder}/pid`, `${other.pid}\n`);
      assert.equal((await init("status")).code, 3);
      assert.equal((await init("stop")).code, 0);
      other.kill("SIGKILL");
      assert.equal((await other.status).signal, "SIGKILL");
      await Deno.writeTextFile(`${folder}/pid`, "-1; echo no\n");
      assert.deepEqual(await init("status"), { code: 3, output: "latchkey does not run\n" });
    }),
});

systemTest("enable-service finds the init system of a root filesystem", {
  whyNot: noBusyBox,
  run: () =>
    withFolder(async (folder) => {
      const enable = async (name: string, marks: readonly string[]): Promise<Result> => {
        const root = `${folder}/${name}`;
        await Deno.mkdir(root);
        await run(["cp", "-r", `${ROOTFS}usr`, root]);
        await Promise.all(marks.map(async (mark) => {
          await Deno.mkdir(`${root}/${mark.slice(0, mark.lastIndexOf("/"))}`, { recursive: true });
          await Deno.writeTextFile(`${root}/${mark}`, "");
        }));
        return await run(["busybox", "sh", ENABLE, root]);
      };
      const systemd = await enable("systemd", ["usr/lib/systemd/systemd", "etc/init.d/other"]);
      assert.deepEqual([systemd.code, systemd.output.split(":")[0]], [0, "systemd"]);
      assert.equal(
        await Deno.readLink(
          `${folder}/systemd/etc/systemd/system/multi-user.target.wants/latchkey.service`,
        ),
        "/usr/lib/systemd/system/latchkey.service",
      );
      const openrc = await enable("openrc", ["sbin/openrc-run"]);
      assert.deepEqual([openrc.code, openrc.output.split(":")[0]], [0, "OpenRC"]);
      const { mode } = await Deno.stat(`${folder}/openrc/etc/init.d/latchkey`);
      assert.equal((mode ?? 0) & 0o777, 0o755);
      const busybox = await enable("busybox", ["etc/init.d/rcS"]);
      assert.deepEqual([busybox.code, busybox.output.split(":")[0]], [0, "init.d"]);
      assert.ok((await Deno.stat(`${folder}/busybox/etc/init.d/S95latchkey`)).isFile);
      assert.equal((await enable("nothing", [])).code, 1);
    }),
});

Deno.test("OpenRC, SysV and systemd allow the service as many descriptors", async () => {
  const [openrc, sysv, unit] = await Promise.all([
    OPENRC,
    INIT,
    `${ROOTFS}usr/lib/systemd/system/latchkey.service`,
  ].map((file) => Deno.readTextFile(file)));
  assert.match(openrc ?? "", /^rc_ulimit="-n 16384"$/m);
  assert.match(sysv ?? "", /^MAX_FILES=16384$/m);
  assert.match(unit ?? "", /^LimitNOFILE=16384$/m);
});

// The commands of a section of docs/flashing.md, for a root filesystem in a folder.
async function documented(
  section: string,
  place: { root: string; tarball: string },
): Promise<string> {
  const text = await Deno.readTextFile(new URL("../../docs/flashing.md", import.meta.url));
  const [, commands = ""] =
    new RegExp(`^## ${section}\n[^#]*?\`\`\`sh\n(.*?)\`\`\``, "ms").exec(text) ?? [];
  assert.match(commands, /tar -xzf.*enable-service/s);
  return commands
    .replace(/(^|\s)\//g, `$1${place.root}/`)
    .replace(/\S+\.tar\.gz/, place.tarball)
    .replace(/enable-service$/m, `enable-service ${place.root}`);
}

async function pack(
  file: string,
  changes: { version: string; extra?: Record<string, string> },
): Promise<string> {
  const below = async (folder: string): Promise<string[]> =>
    (await Promise.all((await Array.fromAsync(Deno.readDir(`${ROOTFS}${folder}`))).map(
      ({ name, isDirectory }) =>
        isDirectory ? below(`${folder}${name}/`) : Promise.resolve([`${folder}${name}`]),
    ))).flat();
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const files = await Promise.all((await below("")).map(async (path) => {
    const bytes = await Deno.readFile(`${ROOTFS}${path}`);
    return { path, bytes, isExecutable: bytes[0] === 0x23 && bytes[1] === 0x21 };
  }));
  const { version, extra = {} } = changes;
  const added = Object.entries({ "usr/lib/latchkey/latchkey.js": version, ...extra })
    .map(([path, text]) => ({ path, bytes: encode(text), isExecutable: false }));
  await Deno.writeFile(file, await packArchive([...files, ...added], { timeS: 0 }));
  return file;
}

for (const shell of ["sh", "busybox sh"]) {
  systemTest(`an upgrade and a rollback as documented keep the owner's file (${shell})`, {
    whyNot: shell === "sh" ? undefined : noBusyBox,
    run: () =>
      withFolder(async (folder) => {
        const root = `${folder}/root`;
        const config = `${root}/etc/latchkey/config.toml`;
        const program = `${root}/usr/lib/latchkey/latchkey.js`;
        await Deno.mkdir(`${root}/etc/init.d`, { recursive: true });
        const [first, second, shipping] = await allDone([
          pack(`${folder}/latchkey-1.tar.gz`, { version: "1" }),
          pack(`${folder}/latchkey-2.tar.gz`, { version: "2" }),
          // As the tarballs of before, which brought a configuration.
          pack(`${folder}/latchkey-0.tar.gz`, {
            version: "0",
            extra: { "etc/latchkey/config.toml": "# theirs\n" },
          }),
        ]);
        const follow = async (section: string, tarball: string): Promise<void> => {
          const script = await documented(section, { root, tarball });
          const { code, output } = await run([...shell.split(" "), "-euc", script]);
          assert.equal(code, 0, output);
        };
        await run(["tar", "-xzf", first, "-C", root]);
        const enabled = await run([
          ...shell.split(" "),
          `${root}/usr/lib/latchkey/enable-service`,
          root,
        ]);
        assert.equal(enabled.code, 0, enabled.output);
        assert.equal(
          await Deno.readTextFile(config),
          await Deno.readTextFile(`${ROOTFS}usr/share/latchkey/config.toml`),
        );
        assert.equal(((await Deno.stat(config)).mode ?? 0) & 0o777, 0o644);
        await Deno.writeTextFile(config, "# mine\n");
        for (
          const [section, tarball, version] of [
            ["Upgrade", second, "2"],
            ["Roll back", first, "1"],
            ["Roll back", shipping, "0"],
            ["Upgrade", second, "2"],
          ] as const
        ) {
          await follow(section, tarball);
          assert.equal(await Deno.readTextFile(program), version);
          assert.equal(await Deno.readTextFile(config), "# mine\n");
        }
        const left = await Array.fromAsync(Deno.readDir(`${root}/etc/latchkey`));
        assert.deepEqual(left.map(({ name }) => name), ["config.toml"]);
      }),
  });
}

systemTest("enable-service leaves a configuration that is a link, mounted or not", {
  whyNot: undefined,
  run: () =>
    withFolder(async (root) => {
      await run(["cp", "-r", `${ROOTFS}usr`, root]);
      await Deno.mkdir(`${root}/etc/init.d`, { recursive: true });
      await Deno.mkdir(`${root}/etc/latchkey`);
      await Deno.symlink("/nowhere/config.toml", `${root}/etc/latchkey/config.toml`);
      assert.equal((await run(["sh", ENABLE, root])).code, 0);
      const target = await Deno.readLink(`${root}/etc/latchkey/config.toml`);
      assert.equal(target, "/nowhere/config.toml");
    }),
});

for (const [name, firmware] of Object.entries(FIRMWARES)) {
  systemTest(`the firmware's installer works with BusyBox alone on ${name}`, {
    whyNot: noBusyBox,
    run: () =>
      withFolder(async (path) => {
        assert.equal((await run(["busybox", "--install", "-s", path])).code, 0);
        await withFirmware({ ...firmware, path }, async ({ install, launch }) => {
          const installed = await install();
          assert.deepEqual([installed.code, /is installed/.test(installed.output)], [0, true]);
          assert.match((await launch(firmware.base, "status")).output, /args=status/);
          assert.equal((await install("--undo")).code, 0);
          assert.equal((await install()).code, 0);
          assert.equal((await install("--purge")).code, 0);
        });
      }),
  });
}

systemTest("the example for sway shows a bar with the PIN and takes it away", {
  whyNot: noBusyBox,
  run: () =>
    withFolder(async (folder) => {
      const bar = `${folder}/shown`;
      await Deno.writeTextFile(
        `${folder}/swaynag`,
        `#!/bin/sh\nprintf '%s|' "$@" >"${bar}"\nexec sleep 60\n`,
        { mode: 0o755 },
      );
      const event = (name: string): Promise<Result> =>
        run(["sh", `${FIRMWARE}sway-pin.sh`], {
          PATH: `${folder}:${Deno.env.get("PATH")}`,
          XDG_RUNTIME_DIR: folder,
          LATCHKEY_EVENT: name,
          LATCHKEY_PIN: "129041",
          LATCHKEY_FAILURES: "1",
          LATCHKEY_LIMIT: "3",
        });
      assert.deepEqual(await event("show"), { code: 0, output: "" });
      const pid = Number(await Deno.readTextFile(`${folder}/latchkey-pin`));
      await until("the bar", async () => /129041\|$/.test(await readIfThere(bar)));
      assert.deepEqual(await event("warn"), { code: 0, output: "" });
      await until("the warning", async () => /wrong guess 1 of 3/.test(await readIfThere(bar)));
      assert.deepEqual(await event("paired"), { code: 0, output: "" });
      await until("the end of the bars", async () => !await isRunning(pid));
      await assert.rejects(Deno.stat(`${folder}/latchkey-pin`));
    }),
});

async function readIfThere(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch(() => "");
}

async function isRunning(pid: number): Promise<boolean> {
  return /sleep/.test(await readIfThere(`/proc/${pid}/cmdline`));
}
