import assert from "node:assert/strict";
import { lookAtMediaFolder } from "../../../src/edges/platform/folder_look.ts";
import { withTempFolder } from "../sqlite/temp_folder.ts";

Deno.test("a folder looks different when its entries change, and has no look without it", () =>
  withTempFolder(async (folder) => {
    const first = await lookAtMediaFolder(folder);
    assert.equal(await lookAtMediaFolder(folder), first);
    await Deno.writeTextFile(`${folder}/new`, "x");
    await Deno.utime(folder, 1, 1);
    assert.notEqual(await lookAtMediaFolder(folder), first);
    assert.equal(await lookAtMediaFolder(`${folder}/new`), undefined);
    assert.equal(await lookAtMediaFolder(`${folder}/none`), undefined);
  }));

Deno.test("a folder looks different when its list of games is written, whatever else lies in it", () =>
  withTempFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/gamelist.xml`, "<gameList/>");
    await Deno.writeTextFile(`${folder}/game.srm`, "1");
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    const first = await lookAtMediaFolder(folder);
    await Deno.writeTextFile(`${folder}/game.srm`, "12");
    assert.equal(await lookAtMediaFolder(folder), first);
    await Deno.writeTextFile(`${folder}/gamelist.xml`, "<gameList></gameList>");
    assert.notEqual(await lookAtMediaFolder(folder), first);
  }));
