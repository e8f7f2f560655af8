// An image, from its build to a phone that comes back after a restart: the ARM program itself, under
// emulation, started by the launcher that a device would use. And what a build and a start by hand
// must keep: the same bytes from every folder, no false success, nobody else's process ended.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { allDone } from "../support/all_done.ts";
import { emulate, whyNoQemu } from "../support/qemu.ts";
import { connectPhone, pairPhone } from "../support/reference_phone.ts";
import { openPairing } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const START_LIMIT_MS = 90_000;
const LOOK_AGAIN_MS = 50;
/** How far the tarball's size may be from the documented one. */
const SIZE_SLACK_MIB = 0.5;

async function must(command: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Builds the image, looks at its checksum, and unpacks it. */
async function unpackImage(folder: string): Promise<string> {
  const root = `${folder}/root`;
  await Deno.mkdir(root);
  await must(Deno.execPath(), "run", "-A", `${ROOT}packaging/build/image.ts`, `${folder}/dist`);
  const [sum, name] = (await Deno.readTextFile(`${folder}/dist/SHA256SUMS`)).trim().split("  ");
  const image = await Deno.readFile(`${folder}/dist/${name}`);
  assert.equal(createHash("sha256").update(image).digest("hex"), sum);
  await assertDocumentedSize(image.length);
  await must("tar", "-xzf", `${folder}/dist/${name}`, "-C", root);
  // A device was flashed long before it starts: no sync of its own waits for these bytes.
  await must("sync", "-f", root);
  return root;
}

// docs/flashing.md, "Smaller": what owners of small cards go by.
async function assertDocumentedSize(bytes: number): Promise<void> {
  const text = await Deno.readTextFile(`${ROOT}docs/flashing.md`);
  const [, said] = /as the tarball is made *\| ([\d.]+) MiB/.exec(text) ?? [];
  const mib = bytes / 2 ** 20;
  assert.ok(Math.abs(mib - Number(said)) < SIZE_SLACK_MIB, `${mib} MiB, and not ${said}`);
}

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_image_" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface Device {
  baseUrl: string;
  stop(): Promise<void>;
}

async function startDevice(root: string, config: string): Promise<Device> {
  const child = new Deno.Command(`${root}/usr/bin/latchkey`, {
    args: ["serve"],
    env: { LATCHKEY_CONFIG: config, DENO_DIR: `${root}/cache` },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let written = "";
  const listening = Promise.withResolvers<string>();
  const collect = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      written += text;
      const url = /listens on (http:\S+)/.exec(written)?.[1];
      if (url !== undefined) listening.resolve(url);
    }
  };
  const collected = Promise.all([collect(child.stdout), collect(child.stderr)]);
  void child.status.then(({ code }) => listening.reject(new Error(`${code}: ${written}`)));
  const timer = setTimeout(() => listening.reject(new Error(written)), START_LIMIT_MS);
  const baseUrl = await listening.promise.finally(() => clearTimeout(timer));
  return {
    baseUrl,
    async stop(): Promise<void> {
      child.kill("SIGTERM");
      await collected;
      assert.equal((await child.status).code, 0, written);
    },
  };
}

systemTest("an image runs on 64-bit ARM: start, pair, call, restart, reconnect", {
  whyNot: await whyNoQemu(),
  run: () =>
    withFolder(async (folder) => {
      const root = await unpackImage(folder);
      const program = await Deno.readFile(`${root}/usr/lib/latchkey/deno`);
      // An ELF file for AArch64: machine 183.
      assert.deepEqual([...program.subarray(0, 4), program[18]], [0x7f, 0x45, 0x4c, 0x46, 183]);
      await emulate(`${root}/usr/lib/latchkey/deno`);
      const config = `${folder}/config.toml`;
      await Deno.writeTextFile(
        config,
        [
          `[service]\nlisten = "127.0.0.1:0"\ndata_dir = "${folder}/data"\nencryption = true`,
          `[display]\nkind = "file"\nfile = "${folder}/pin.png"`,
          "[discovery]\nenabled = false\n",
        ].join("\n"),
      );

      const first = await startDevice(root, config);
      const pin = await openPairing(first.baseUrl);
      // What is loaded only when it is needed must be in the one file too.
      await untilThere(`${folder}/pin.json`);
      const picture = await Deno.readFile(`${folder}/pin.png`);
      assert.equal(new TextDecoder().decode(picture.subarray(1, 4)), "PNG");
      const metrics = await (await fetch(`${first.baseUrl}/metrics`)).text();
      assert.match(metrics, /^latchkey_connections\{/m);
      const pairing = await pairPhone(first.baseUrl, { pin });
      const phone = await connectPhone(first.baseUrl, pairing);
      const version = await phone.call("version") as Record<string, unknown>;
      assert.deepEqual(version["encryption"], [1]);
      await phone.close();
      await first.stop();

      const second = await startDevice(root, config);
      const again = await connectPhone(second.baseUrl, pairing);
      assert.deepEqual(await again.call("version"), version);
      await again.close();
      await second.stop();
    }),
});

// A display is drawn while the PIN is handed out already.
async function untilThere(path: string): Promise<void> {
  const giveUpAtMs = Date.now() + START_LIMIT_MS;
  while (!await isThere(path)) {
    assert.ok(Date.now() < giveUpAtMs, `${path} did not appear`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

const SOURCES = ["src", "packaging", "docs", "deno.json", "deno.lock", "LICENSE"];
const BUILD_TIME_S = "1790000000";

systemTest("two builds in different folders give the same bytes", {
  whyNot: undefined,
  run: () =>
    withFolder(async (folder) => {
      const builds = [`${folder}/one`, `${folder}/another/deeper place`];
      await Deno.mkdir(`${folder}/another`);
      await Deno.mkdir(builds[0] ?? "");
      const sources = [...SOURCES, "config.example.toml"].map((name) => `${ROOT}${name}`);
      await must("cp", "-R", ...sources, builds[0] ?? "");
      await must("cp", "-R", ...builds);
      const sums = await allDone(builds.map(async (build, at) => {
        const { success, stderr } = await new Deno.Command("sh", {
          args: ["-c", `umask ${at === 0 ? "022" : "077"}; exec "$@"`, "sh"].concat(
            [Deno.execPath(), "run", "-A", `${build}/packaging/build/image.ts`],
          ),
          cwd: folder,
          env: {
            SOURCE_DATE_EPOCH: BUILD_TIME_S,
            TZ: at === 0 ? "UTC" : "Asia/Tokyo",
            TMPDIR: at === 0 ? folder : builds[1] ?? "",
          },
          stdout: "null",
        }).output();
        assert.ok(success, new TextDecoder().decode(stderr));
        return await Deno.readTextFile(`${build}/dist/SHA256SUMS`);
      }));
      assert.match(sums[0] ?? "", /^[0-9a-f]{64} {2}latchkey-\S+-aarch64\.tar\.gz\n$/);
      assert.equal(sums[0], sums[1]);
    }),
});

const INIT = `${ROOT}packaging/rootfs/usr/share/latchkey/init/sysv`;

async function init(folder: string, verb: string): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: [INIT, verb],
    env: {
      LATCHKEY_PROGRAM: `${folder}/latchkey-stand-in`,
      LATCHKEY_CONFIG: `${folder}/config.toml`,
      LATCHKEY_PIDFILE: `${folder}/pid`,
      LATCHKEY_LOG: `${folder}/log`,
      LATCHKEY_DEFAULTS: `${folder}/defaults`,
    },
    stdin: "null",
  }).output();
  return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

systemTest("the init script tells of a start that fails after a while, and makes /run/latchkey", {
  whyNot: undefined,
  run: () =>
    withFolder(async (folder) => {
      const program = `${folder}/latchkey-stand-in`;
      const script = 'sleep 1.5; echo "Cannot start: because $REASON" >&2; exit 1';
      await Deno.writeTextFile(`${folder}/defaults`, 'export REASON="I must"\n');
      await Deno.writeTextFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const { code, output } = await init(folder, "start");
      assert.deepEqual([code, output], [
        1,
        "latchkey did not start:\nCannot start: because I must\n",
      ]);
      assert.equal(await isThere(`${folder}/pid`), false);
      // Where the display "file" puts its picture, beside the file with the process's number.
      assert.ok((await Deno.stat(`${folder}/latchkey`)).isDirectory);
    }),
});

systemTest("the init script leaves a process alone that only has the name in its arguments", {
  whyNot: undefined,
  run: () =>
    withFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/latchkey.log`, "");
      const other = new Deno.Command("tail", { args: ["-f", `${folder}/latchkey.log`] }).spawn();
      try {
        await Deno.writeTextFile(`${folder}/pid`, `${other.pid}\n`);
        assert.deepEqual(await init(folder, "status"), {
          code: 3,
          output: "latchkey does not run\n",
        });
        assert.equal((await init(folder, "stop")).code, 0);
      } finally {
        other.kill("SIGKILL");
      }
      assert.equal((await other.status).signal, "SIGKILL");
    }),
});
