import assert from "node:assert/strict";
import { privateFiles } from "../../../src/edges/platform/private_files.ts";
import { readFiles, readModes, withTempFolder } from "../sqlite/temp_folder.ts";

const BYTES = Uint8Array.of(1, 2, 3);

Deno.test("a private file is written whole, for its owner alone, over what was there", () => {
  withTempFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/a`, "old", { mode: 0o644 });
    privateFiles.write(`${folder}/a`, BYTES);
    assert.deepEqual(readFiles(folder), { a: "010203" });
    assert.deepEqual(readModes(folder), { a: "600" });
    privateFiles.remove(`${folder}/a`);
    privateFiles.remove(`${folder}/a`);
    assert.deepEqual(readFiles(folder), {});
  });
});

Deno.test("a private file that cannot be put in its place leaves nothing behind", () => {
  withTempFolder((folder) => {
    Deno.mkdirSync(`${folder}/a`);
    assert.throws(() => privateFiles.write(`${folder}/a`, BYTES));
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["a"]);
  });
});

Deno.test("what is no regular file of that name is not removed", () => {
  withTempFolder((folder) => {
    Deno.writeFileSync(`${folder}/target`, BYTES);
    Deno.symlinkSync(`${folder}/target`, `${folder}/link`);
    Deno.mkdirSync(`${folder}/empty`);
    for (const name of ["link", "empty"]) privateFiles.remove(`${folder}/${name}`);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["empty", "link", "target"]);
  });
});
