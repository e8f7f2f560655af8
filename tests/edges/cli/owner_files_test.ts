import assert from "node:assert/strict";
import { whyNot } from "../../../src/edges/cli/owner_files.ts";

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return assert.fail("Nothing was thrown");
}

Deno.test("whyNot() says in words why a file cannot be read", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/file`, "");
    const read = (name: string): string =>
      whyNot(thrownBy(() => Deno.readTextFileSync(`${folder}/${name}`)));
    assert.equal(read("nothing"), "no such file");
    assert.equal(read(""), "it is a folder");
    assert.equal(read("file/below"), "a part of its path is no folder");
    assert.equal(
      whyNot(new Deno.errors.PermissionDenied("Permission denied (os error 13)")),
      "this user may not",
    );
    // What has no words of ours keeps the system's.
    assert.equal(whyNot(new Deno.errors.FilesystemLoop("Too many links")), "Too many links");
    assert.equal(whyNot("text"), "text");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
