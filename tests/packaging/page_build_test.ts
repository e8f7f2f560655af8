// The committed files of the page are what src/page makes, and stay small.

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { ROOT } from "../../packaging/build/deno.ts";
import { buildPage, BUILT_FOLDER, LIST_FILE, minifyStyle } from "../../packaging/build/page.ts";

/** The most that a browser loads of the page, packed, in bytes. */
const MAX_PACKED_BYTES: number = 60 * 1024;

const built = await buildPage();

Deno.test("the files of the page are up to date: deno task build:page", async () => {
  const names = await Array.fromAsync(Deno.readDir(`${ROOT}${BUILT_FOLDER}`), ({ name }) => name);
  assert.deepEqual(names.sort(), [...built.keys()].sort());
  for (const [name, text] of built) {
    assert.ok(await Deno.readTextFile(`${ROOT}${BUILT_FOLDER}/${name}`) === text, name);
  }
});

Deno.test("the page stays small", () => {
  const sizes = [...built].filter(([name]) => name !== LIST_FILE)
    .map(([, text]) => gzipSync(text).length);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(bytes < MAX_PACKED_BYTES, `${bytes} bytes`);
});

Deno.test("the page asks nobody but its device: no address of others but the app's", () => {
  const [script = ""] = [...built].filter(([name]) => name.endsWith(".js")).map(([, text]) => text);
  const addresses = new Set(script.match(/https?:\/\/[\w.-]+/g));
  // Namespaces of XML are names and not asked for.
  addresses.delete("http://www.w3.org");
  assert.deepEqual([...addresses], ["https://zaparoo.app"]);
  const style = [...built].find(([name]) => name.endsWith(".css"))?.[1] ?? "";
  assert.ok(style.length > 1000 && !/url\(|@import/.test(style));
});

Deno.test("minifyStyle() takes out what a browser does not need", () => {
  assert.equal(
    minifyStyle("/* why */\na > b:not(.c) ,\nd {\n  color : red;\n  margin: 0 auto;\n}\n"),
    "a > b:not(.c),d{color :red;margin:0 auto}",
  );
});
