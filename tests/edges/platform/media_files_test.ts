import assert from "node:assert/strict";
import { lookAtMedia } from "../../../src/edges/platform/media_files.ts";

Deno.test("lookAtMedia() takes what lies in the folder, whatever links lead to it", async () => {
  const root = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  const folder = `${root}/snes`;
  try {
    await Deno.mkdir(`${folder}/sub`, { recursive: true });
    await Deno.mkdir(`${root}/snes2`);
    for (const path of ["snes/a", "snes/sub/b", "snes2/c", "d"]) {
      await Deno.writeTextFile(`${root}/${path}`, "");
    }
    const links: [string, string][] = [
      ["to_a", `${folder}/a`],
      ["to_c", `${root}/snes2/c`],
      ["to_d", "../d"],
      ["to_etc", "/etc"],
      ["loop", `${folder}/loop`],
      ["nowhere", `${root}/nobody`],
    ];
    for (const [name, target] of links) await Deno.symlink(target, `${folder}/${name}`);
    await Deno.symlink(folder, `${root}/link`);
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    const rows: [string, string, string][] = [
      [`${folder}/a`, folder, "there"],
      [`${folder}/sub/b`, folder, "there"],
      [`${folder}/sub`, folder, "there"],
      [`${folder}/to_a`, folder, "there"],
      [`${root}/link/a`, `${root}/link`, "there"],
      [`${folder}/to_c`, folder, "outside"],
      [`${folder}/to_d`, folder, "outside"],
      [`${folder}/to_etc/passwd`, folder, "outside"],
      [`${folder}/../d`, folder, "outside"],
      [folder, folder, "outside"],
      [`${folder}/pipe`, folder, "no_file"],
      [`${folder}/loop`, folder, "missing"],
      [`${folder}/nowhere`, folder, "missing"],
      [`${folder}/gone`, folder, "missing"],
      [`${folder}/a`, `${root}/gone`, "missing"],
      [`${folder}/a\0`, folder, "missing"],
    ];
    for (const [path, of, state] of rows) assert.equal(lookAtMedia(path, of), state, path);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
