import assert from "node:assert/strict";
import { folderWatcher } from "../../../src/edges/platform/folder_watcher.ts";
import type { FolderChange } from "../../../src/features/library/library_watch.ts";
import { until } from "../../support/until.ts";
import { withTempFolder } from "../sqlite/temp_folder.ts";

Deno.test("a folder looks different when its entries change, and has no look without it", () =>
  withTempFolder(async (folder) => {
    const first = await folderWatcher.look(folder);
    assert.equal(await folderWatcher.look(folder), first);
    await Deno.writeTextFile(`${folder}/new`, "x");
    await Deno.utime(folder, 1, 1);
    assert.notEqual(await folderWatcher.look(folder), first);
    assert.equal(await folderWatcher.look(`${folder}/new`), undefined);
    assert.equal(await folderWatcher.look(`${folder}/none`), undefined);
  }));

Deno.test("the platform tells what happens in the folders that it watches", () =>
  withTempFolder(async (folder) => {
    await Deno.mkdir(`${folder}/sub`);
    const changes: FolderChange[] = [];
    const end = folderWatcher.watch([folder], (change) => changes.push(change));
    const told = (path: string, isEntry: boolean): Promise<void> =>
      until(path, () => changes.some((one) => one.path === path && one.isEntry === isEntry), {
        pollMs: 5,
      });
    try {
      await Deno.writeTextFile(`${folder}/new`, "x");
      await told(`${folder}/new`, true);
      await told(`${folder}/new`, false);
      changes.length = 0;
      await Deno.writeTextFile(`${folder}/sub/unwatched`, "x");
      await Deno.rename(`${folder}/new`, `${folder}/other`);
      await told(`${folder}/other`, true);
      changes.length = 0;
      await Deno.remove(`${folder}/other`);
      await told(`${folder}/other`, true);
      assert.ok(!changes.some(({ path }) => path.endsWith("unwatched")));
    } finally {
      end();
      end();
    }
  }));

Deno.test("a folder that is not there cannot be watched", () => {
  assert.throws(() => folderWatcher.watch(["/nowhere/at/all"], () => {}));
});
