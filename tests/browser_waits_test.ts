// How tests wait for a page: by a function, or by what is to be seen, and as long as a busy machine
// takes.

import assert from "node:assert/strict";
import { sourceFiles } from "./support/source_files.ts";

/** The name of the wait, and a text given to it. */
const POLLED_TEXT = /\bwaitForFunction\(\s*["'`]/;

// A page's policy lets a text be evaluated while the browser's tools ask, and never again: the first
// look passes, and where it comes too early the second one fails.
Deno.test("no test gives a page a text to evaluate again and again", () => {
  const files = [...sourceFiles("tests")];
  assert.ok(files.some(({ text }) => text.includes(".waitForFunction(() =>")));
  assert.deepEqual(files.filter(({ text }) => POLLED_TEXT.test(text)).map(({ path }) => path), []);
});

Deno.test("a text over several lines is seen", () => {
  assert.match("waitForFunction" + '(\n  "1 > 0",\n)', POLLED_TEXT);
});

/** A page that waits as long as the browser's tools do by themselves. */
const IMPATIENT = /\bbrowser\s*\.new(?:Context|Page)\(/;

Deno.test("tests open pages through newContext(), which is patient", () => {
  const files = [...sourceFiles("tests/system"), ...sourceFiles("tests/support")];
  const impatient = files.filter(({ text }) => IMPATIENT.test(text)).map(({ path }) => path);
  assert.deepEqual(impatient, ["tests/support/page_world.ts"]);
});
