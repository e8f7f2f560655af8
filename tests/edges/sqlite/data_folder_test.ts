import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import { DatabaseUnusableError, ensurePrivateFolder } from "../../../src/edges/sqlite/database.ts";
import { readMode, recordingLogger, withTempFolder } from "./temp_folder.ts";

Deno.test("ensurePrivateFolder() makes a folder for the owner alone, parents included", () => {
  withTempFolder((folder) => {
    ensurePrivateFolder(`${folder}/state/latchkey`, silentLogger);
    assert.equal(readMode(`${folder}/state/latchkey`), "700");
    assert.equal(readMode(`${folder}/state`), "700");
  });
});

Deno.test("ensurePrivateFolder() closes a folder that was open to others, and says so once", () => {
  withTempFolder((folder) => {
    const { log, lines } = recordingLogger();
    Deno.chmodSync(folder, 0o755);
    ensurePrivateFolder(folder, log);
    assert.equal(readMode(folder), "700");
    ensurePrivateFolder(folder, log);
    assert.deepEqual(lines, [
      ["Closed the data folder to other users", { path: folder, modeBefore: "0755" }],
    ]);
  });
});

Deno.test("ensurePrivateFolder() does not take a folder that everybody uses", () => {
  withTempFolder((folder) => {
    Deno.chmodSync(folder, 0o1777);
    assert.throws(() => ensurePrivateFolder(folder, silentLogger), (error) => {
      assert.ok(error instanceof DatabaseUnusableError);
      assert.equal(
        error.message,
        `Cannot use ${folder}: other users share this folder. Name one of its own as data_dir ` +
          "in [service]",
      );
      return true;
    });
    assert.equal(readMode(folder), "777");
  });
});

Deno.test("ensurePrivateFolder() closes an open folder that holds its own files alone", () => {
  withTempFolder((folder) => {
    for (
      const name of [
        "latchkey.sqlite",
        "latchkey.sqlite-wal",
        "latchkey.sqlite.v3.bak",
        "latchkey.lock",
        "settings.toml",
        "settings.toml.a1b2c3.part",
        "audit.anchor",
        "library.sqlite",
        "library.sqlite-wal",
        "audit.anchor.a1b2c3.part",
      ]
    ) Deno.writeTextFileSync(`${folder}/${name}`, "");
    Deno.chmodSync(folder, 0o755);
    ensurePrivateFolder(folder, silentLogger);
    assert.equal(readMode(folder), "700");
  });
});

for (const mode of [0o755, 0o750, 0o711, 0o701]) {
  const shown = mode.toString(8);
  Deno.test(`ensurePrivateFolder() leaves a folder of mode ${shown} alone that holds other things`, () => {
    withTempFolder((folder) => {
      Deno.mkdirSync(`${folder}/www`);
      Deno.chmodSync(folder, mode);
      assert.throws(() => ensurePrivateFolder(folder, silentLogger), {
        name: "DatabaseUnusableError",
        message:
          `Cannot use ${folder}: other users can read this folder, and it holds what is not ` +
          `latchkey's ("www"). Name a folder of its own as data_dir in [service], or close this ` +
          `one: chmod 700 ${folder}`,
      });
      assert.equal(readMode(folder), shown);
    });
  });
}

Deno.test("ensurePrivateFolder() takes a closed folder with other things in it as it is", () => {
  withTempFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/notes`, "");
    ensurePrivateFolder(folder, silentLogger);
    assert.equal(readMode(folder), "700");
  });
});

Deno.test("ensurePrivateFolder() says where no folder can be made", () => {
  withTempFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    for (const path of [`${folder}/file`, `${folder}/file/below`, "/proc/latchkey"]) {
      assert.throws(() => ensurePrivateFolder(path, silentLogger), {
        name: "DatabaseUnusableError",
        message:
          `Cannot use ${path}: no folder can be made there. Name another one as data_dir in ` +
          "[service]",
      });
    }
  });
});
