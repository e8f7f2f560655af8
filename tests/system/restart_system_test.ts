// The start after which a bundled service starts once more, in its own place, with the code that is
// compiled now: real processes, under a launcher's cache and under BusyBox's init script.

import assert from "node:assert/strict";
import { bundle, MAIN_FILE, PERMISSIONS, UNSTABLE } from "../../packaging/build/deno.ts";
import { WARM_RESTART_MS } from "../../src/app/warm_restart.ts";
import { startService } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const RUNTIME_ARGS = [...PERMISSIONS, ...UNSTABLE, "--quiet", "--no-config", "--no-lock"]
  .concat("--no-remote", "--no-npm", "--cached-only");

/** Longer than any restart would come late. */
const SETTLED_MS = 2 * WARM_RESTART_MS;

async function withBundle(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_restart_" });
  try {
    for (const [name, bytes] of await bundle()) await Deno.writeFile(`${folder}/${name}`, bytes);
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function countStarts(output: string): number {
  return [...output.matchAll(/listens on http/g)].length;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function start(folder: string, cache: string): ReturnType<typeof startService> {
  return startService({
    dataDir: `${folder}/data`,
    program: `${folder}/${MAIN_FILE}`,
    runtimeArgs: RUNTIME_ARGS,
    env: { DENO_DIR: cache },
  });
}

function descriptors(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

systemTest("a first start is followed by one more, in the same process, and the next by none", {
  whyNot: undefined,
  run: () =>
    withBundle(async (folder) => {
      const first = await start(folder, `${folder}/cache`);
      const before = descriptors(first.pid);
      await until("it started again", () => countStarts(first.output()) === 2);
      const arguments_ = await Deno.readTextFile(`/proc/${first.pid}/cmdline`);
      assert.ok(arguments_.endsWith(`serve\0--config\0${folder}/data.toml\0`), arguments_);
      const urls = [...first.output().matchAll(/listens on (http:\S+)/g)];
      const answer = await fetch(`${urls[1]?.[1]}/health`);
      assert.equal(answer.status, 200);
      await answer.body?.cancel();
      // Nothing of the process before is left open.
      assert.ok(descriptors(first.pid) <= before + 2);
      await pause(SETTLED_MS);
      assert.equal(countStarts(first.output()), 2);
      assert.equal(await first.stop(), 0, first.output());
      assert.doesNotMatch(first.output(), / (WARN|ERROR) /);

      const second = await start(folder, `${folder}/cache`);
      await pause(SETTLED_MS);
      assert.equal(countStarts(second.output()), 1);
      assert.equal(await second.stop(), 0, second.output());
    }),
});

systemTest("a service whose cache cannot be written starts once", {
  whyNot: undefined,
  run: () =>
    withBundle(async (folder) => {
      await Deno.writeTextFile(`${folder}/file`, "");
      for (const cache of ["/proc/nowhere", `${folder}/file`]) {
        const service = await start(folder, cache);
        await pause(SETTLED_MS);
        assert.equal(countStarts(service.output()), 1, cache);
        assert.equal(await service.stop(), 0, service.output());
      }
    }),
});

systemTest("the init script's process stays the same through the restart", {
  whyNot: undefined,
  run: () =>
    withBundle(async (folder) => {
      const program = `${folder}/latchkey`;
      const args = ["run", ...RUNTIME_ARGS, `${folder}/${MAIN_FILE}`].join(" ");
      await Deno.writeTextFile(
        program,
        `#!/bin/sh\nexport DENO_DIR=${folder}/cache\nexec ${Deno.execPath()} ${args} "$@"\n`,
        { mode: 0o755 },
      );
      await Deno.writeTextFile(
        `${folder}/config.toml`,
        `[service]\nlisten = "127.0.0.1:0"\ndata_dir = "${folder}/data"\n` +
          "[discovery]\nenabled = false\n",
      );
      const init = async (verb: string): Promise<{ code: number; output: string }> => {
        const { code, stdout, stderr } = await new Deno.Command("sh", {
          args: [`${ROOT}packaging/rootfs/usr/share/latchkey/init/sysv`, verb],
          env: {
            LATCHKEY_PROGRAM: program,
            LATCHKEY_CONFIG: `${folder}/config.toml`,
            LATCHKEY_PIDFILE: `${folder}/pid`,
            LATCHKEY_LOG: `${folder}/log`,
            LATCHKEY_DEFAULTS: `${folder}/defaults`,
          },
          stdin: "null",
        }).output();
        const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
        return { code, output: decode(stdout) + decode(stderr) };
      };
      const { output } = await init("start");
      const [, pid = ""] = /started, process (\d+)/.exec(output) ?? [];
      try {
        await until(
          "it started again",
          async () => countStarts(await Deno.readTextFile(`${folder}/log`)) === 2,
        );
        assert.equal((await init("status")).output, `latchkey runs, process ${pid}\n`);
      } finally {
        assert.deepEqual(await init("stop"), { code: 0, output: "latchkey stopped\n" });
      }
    }),
});
