// A folder as a newcomer has it: the SDK's package is installed there from its archive.

import assert from "node:assert/strict";
import { buildSdk } from "../../packaging/build/sdk_package.ts";
import { preparedClients } from "../clients/prepare.ts";
import { runProgram } from "./client_program.ts";

const { javascript } = await preparedClients();

// As docs/sdk.md tells to.
const [INSTALL = ""] = /^npm install \.\/dist\/\S+$/m.exec(
  Deno.readTextFileSync(new URL("../../docs/sdk.md", import.meta.url)),
) ?? [];

let archive: { name: string; bytes: Uint8Array } | undefined;

/** A folder in which the package is installed, and nothing else but what is named. */
export async function withNewcomer(
  peers: readonly string[],
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    const dist = `${folder}/dist/npm`;
    if (archive === undefined) {
      const name = await buildSdk(dist);
      archive = { name, bytes: await Deno.readFile(`${dist}/${name}`) };
    }
    await Deno.mkdir(dist, { recursive: true });
    await Deno.writeFile(`${dist}/${archive.name}`, archive.bytes);
    assert.notEqual(INSTALL, "");
    await Deno.writeTextFile(`${folder}/package.json`, '{ "private": true }\n');
    const { code, stderr } = await runProgram(
      ["sh", "-c", [INSTALL, "--no-audit", "--no-fund", ...peers].join(" ")],
      { cwd: folder, env: { npm_config_cache: `${javascript}/cache`, npm_config_offline: "true" } },
    );
    assert.equal(code, 0, stderr);
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes a program into the folder; its path. */
export async function writeProgram(code: string, folder: string): Promise<string> {
  const file = await Deno.makeTempFile({ dir: folder, suffix: ".mjs" });
  await Deno.writeTextFile(file, code);
  return file;
}
