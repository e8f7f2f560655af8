import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/bytes.ts";
import { writeWholeFile } from "../../../src/edges/cli/whole_file.ts";
import { ownersOnly, readFiles, readModes, withTempFolder } from "../sqlite/temp_folder.ts";

Deno.test("writeWholeFile() writes for the owner alone, in the place of what was there", () => {
  withTempFolder((folder) => {
    writeWholeFile(`${folder}/a`, utf8("one"));
    Deno.chmodSync(`${folder}/a`, 0o644);
    writeWholeFile(`${folder}/a`, utf8("two"));
    assert.equal(Deno.readTextFileSync(`${folder}/a`), "two");
    assert.deepEqual(readModes(folder), ownersOnly("a"));
  });
});

Deno.test("writeWholeFile() writes through no link", () => {
  withTempFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/victim`, "precious");
    for (const name of ["a", "a.part"]) Deno.symlinkSync(`${folder}/victim`, `${folder}/${name}`);
    writeWholeFile(`${folder}/a`, utf8("mine"));
    assert.equal(Deno.readTextFileSync(`${folder}/victim`), "precious");
    assert.ok(Deno.lstatSync(`${folder}/a`).isFile);
  });
});

Deno.test("writeWholeFile() leaves nothing behind where it fails", () => {
  withTempFolder((folder) => {
    Deno.mkdirSync(`${folder}/a`);
    assert.throws(() => writeWholeFile(`${folder}/a`, utf8("x")), {
      name: "CommandError",
      message: /^Cannot write \S+\/a: /,
    });
    assert.deepEqual(readFiles(folder), {});
    assert.throws(() => writeWholeFile(`${folder}/none/a`, utf8("x")), {
      message: `Cannot write ${folder}/none/a: no such file`,
    });
  });
});

Deno.test("writeWholeFile() finds its folder where the name has none", () => {
  withTempFolder((folder) => {
    const before = Deno.cwd();
    Deno.chdir(folder);
    try {
      writeWholeFile("a", utf8("here"));
    } finally {
      Deno.chdir(before);
    }
    assert.deepEqual(Object.keys(readFiles(folder)), ["a"]);
  });
});
