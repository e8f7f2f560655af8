// An image, from its build to a phone that comes back after a restart: the ARM program itself, under
// emulation, started by the launcher that a device would use.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { emulate, whyNoQemu } from "../support/qemu.ts";
import { connectPhone, pairPhone } from "../support/reference_phone.ts";
import { openPairing } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const START_LIMIT_MS = 90_000;

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
  await must("tar", "-xzf", `${folder}/dist/${name}`, "-C", root);
  return root;
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
  run: async () => {
    const folder = await Deno.makeTempDir({ prefix: "latchkey_test_image_" });
    try {
      const root = await unpackImage(folder);
      const program = await Deno.readFile(`${root}/usr/lib/latchkey/deno`);
      // An ELF file for AArch64: machine 183.
      assert.deepEqual([...program.subarray(0, 4), program[18]], [0x7f, 0x45, 0x4c, 0x46, 183]);
      await emulate(`${root}/usr/lib/latchkey/deno`);
      const config = `${folder}/config.toml`;
      await Deno.writeTextFile(
        config,
        `[service]\nlisten = "127.0.0.1:0"\ndata_dir = "${folder}/data"\nencryption = true\n`,
      );

      const first = await startDevice(root, config);
      const pin = await openPairing(first.baseUrl);
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
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
