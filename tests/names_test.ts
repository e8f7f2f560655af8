// One name, one thing: no exported name and no file name of src stands for two.

import assert from "node:assert/strict";
import { findDuplicateExports, findDuplicateFiles } from "./support/duplicate_names.ts";
import { type SourceFile, sourceFiles } from "./support/source_files.ts";

/** Exported names that may stand for two things, and why. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ["Connection", "the device's end and the app's end of one connection; no file can import both"],
]);

Deno.test("no exported name of src stands for two things", () => {
  const files = [...sourceFiles("src")];
  assert.ok(files.length > 100);
  assert.deepEqual(findDuplicateExports(files, new Set(EXCEPTIONS.keys())), []);
});

Deno.test("no file name of src stands for two files", () => {
  assert.deepEqual(findDuplicateFiles([...sourceFiles("src")]), []);
});

function files(texts: Record<string, string>): SourceFile[] {
  return Object.entries(texts).map(([path, text]) => ({ path, text }));
}

const DECLARATIONS = [
  "export const SIZE = 1;",
  "export let SIZE = 1;",
  "export function SIZE() {}",
  "export async function SIZE() {}",
  "export function* SIZE() {}",
  "export class SIZE {}",
  "export abstract class SIZE {}",
  "export interface SIZE {}",
  "export type SIZE = 1;",
];
for (const declaration of DECLARATIONS) {
  Deno.test(`findDuplicateExports() finds a second ${declaration}`, () => {
    const tree = files({
      "src/a.ts": "// First.\nexport const SIZE = 2;\n",
      "src/b.ts": declaration,
    });
    assert.deepEqual(findDuplicateExports(tree), ["SIZE: src/a.ts, src/b.ts"]);
    assert.deepEqual(findDuplicateExports(tree, new Set(["SIZE"])), []);
  });
}

Deno.test("findDuplicateExports() takes overloads and exports of another file's names as one", () => {
  const tree = files({
    "src/a.ts": "export function f(a: string): void;\nexport function f(a: number): void;",
    "src/b.ts": 'export { f } from "./a.ts";\nexport type {\n  f,\n} from "./a.ts";',
  });
  assert.deepEqual(findDuplicateExports(tree), []);
});

Deno.test("findDuplicateExports() refuses exports that hide a name", () => {
  const tree = files({
    "src/a.ts": 'export * from "./b.ts";\nexport { g as f } from "./b.ts";\nexport { h };',
    "src/b.ts": "export default 1;\nexport const { a, b } = c;",
  });
  assert.deepEqual(findDuplicateExports(tree), [
    'src/a.ts: export not understood: export * from "./b.ts";',
    'src/a.ts: export not understood: export { g as f } from "./b.ts";',
    "src/a.ts: export not understood: export { h };",
    "src/b.ts: export not understood: export const { a, b } = c;",
    "src/b.ts: export not understood: export default 1;",
  ]);
});

Deno.test("an exception that nothing needs is a problem", () => {
  const tree = files({ "src/a.ts": "export const SIZE = 1;" });
  const problem = ["SIZE: an exception that nothing needs"];
  assert.deepEqual(findDuplicateExports(tree, new Set(["SIZE"])), problem);
  assert.deepEqual(findDuplicateFiles(tree, new Set(["a.ts"])), [
    "a.ts: an exception that nothing needs",
  ]);
});

Deno.test("findDuplicateFiles() finds a file name in two folders", () => {
  const tree = files({ "src/a/x.ts": "", "src/b/x.ts": "", "src/b/y.ts": "" });
  assert.deepEqual(findDuplicateFiles(tree), ["x.ts: src/a/x.ts, src/b/x.ts"]);
  assert.deepEqual(findDuplicateFiles(tree, new Set(["x.ts"])), []);
});

Deno.test("the labels of version 1 stand in one file", () => {
  const labelled = [...sourceFiles("src/protocol")].filter(({ text }) => /["`]zaparoo-/.test(text));
  assert.deepEqual(labelled.map(({ path }) => path), ["src/protocol/v1/labels.ts"]);
});
