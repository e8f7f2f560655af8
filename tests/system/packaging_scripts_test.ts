// The shell scripts of an image: checked by shellcheck, and run by BusyBox's shell with a program
// that stands in for the service.

import assert from "node:assert/strict";
import { systemTest } from "../support/system_test.ts";

const ROOTFS = new URL("../../packaging/rootfs/", import.meta.url).pathname;
const INIT = `${ROOTFS}usr/share/latchkey/init/sysv`;
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
    const files = await scripts();
    assert.equal(files.length, 5);
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
    `${ROOTFS}usr/share/latchkey/init/openrc`,
    INIT,
    `${ROOTFS}usr/lib/systemd/system/latchkey.service`,
  ].map((file) => Deno.readTextFile(file)));
  assert.match(openrc ?? "", /^rc_ulimit="-n 16384"$/m);
  assert.match(sysv ?? "", /^MAX_FILES=16384$/m);
  assert.match(unit ?? "", /^LimitNOFILE=16384$/m);
});
