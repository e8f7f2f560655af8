import assert from "node:assert/strict";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fileUrl } from "../../src/base/file_url.ts";

Deno.test("fileUrl() names the same file as the platform's function", () => {
  for (
    const path of [
      "/var/lib/latchkey/latchkey.sqlite",
      "/a b/100%/?x=1&immutable=1#y/ä/日本/🙂",
      "/a\\b\"c'd[e]",
      "/a/../b/./c",
    ]
  ) {
    assert.equal(fileURLToPath(fileUrl(path)), fileURLToPath(pathToFileURL(path)), path);
    assert.deepEqual([fileUrl(path).search, fileUrl(path).hash], ["", ""], path);
  }
});

Deno.test("fileUrl() looks for a relative path in the given folder", () => {
  assert.equal(fileUrl("data/x.sqlite", "/home/me").pathname, "/home/me/data/x.sqlite");
  assert.equal(fileUrl("../x.sqlite", "/home/me").pathname, "/home/x.sqlite");
});
