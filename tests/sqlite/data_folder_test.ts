import assert from "node:assert/strict";
import { silentLogger } from "../../src/base/log.ts";
import { createFolder, DatabaseUnusableError } from "../../src/sqlite/database.ts";
import { readMode, recordingLogger, withTempFolder } from "./temp_folder.ts";

Deno.test("createFolder() makes a folder for the owner alone, parents included", () => {
  withTempFolder((folder) => {
    createFolder(`${folder}/state/latchkey`, silentLogger);
    assert.equal(readMode(`${folder}/state/latchkey`), "700");
    assert.equal(readMode(`${folder}/state`), "700");
  });
});

Deno.test("createFolder() closes a folder that was open to others, and says so once", () => {
  withTempFolder((folder) => {
    const { log, lines } = recordingLogger();
    Deno.chmodSync(folder, 0o755);
    createFolder(folder, log);
    assert.equal(readMode(folder), "700");
    createFolder(folder, log);
    assert.deepEqual(lines, [
      ["Closed the data folder to other users", { path: folder, modeBefore: "0755" }],
    ]);
  });
});

Deno.test("createFolder() does not take a folder that everybody uses", () => {
  withTempFolder((folder) => {
    Deno.chmodSync(folder, 0o1777);
    assert.throws(() => createFolder(folder, silentLogger), (error) => {
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
