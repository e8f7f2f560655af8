// What the documents point at exists: relative links with their headings, files that they name, and
// the sections of documents that the source names.

import assert from "node:assert/strict";
import { sourceFiles } from "../support/source_files.ts";

const ROOT = new URL("../../", import.meta.url);
const LINK = /\]\(([^)\s]+)\)/g;
const NAMED = /(?<![\w./-])(?:\.ci|docs|packaging|src|tests)\/[\w./-]*[\w/]/g;
const SECTION = /docs\/([\w/]+\.md) §(\d+)/g;

// Named as what does not exist yet.
const PLANNED: readonly string[] = [
  "src/protocol/v2/",
  "src/features/session/v2_opening.ts",
];

Deno.test("every relative link of the documents leads to a file and a heading", () => {
  const links = documents().flatMap(({ path, text }) =>
    [...text.matchAll(LINK)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^(?:[a-z]+:|#)/.test(target))
      .map((target) => ({ path, target }))
  );
  assert.ok(links.length > 10);
  for (const { path, target } of links) {
    const url = new URL(target, new URL(path, ROOT));
    assert.ok(exists(url), `${path}: ${target}`);
    if (url.hash !== "") assert.ok(anchorsOf(url).has(url.hash), `${path}: ${target}`);
  }
});

Deno.test("every file of the repository that a document names exists", () => {
  const named = documents()
    // The changelog tells of what was.
    .filter(({ path }) => path !== "CHANGELOG.md")
    .flatMap(({ path, text }) => [...text.matchAll(NAMED)].map(([name]) => ({ path, name })));
  assert.ok(named.length > 20);
  const missing = named.filter(({ name }) => !exists(new URL(name, ROOT)));
  assert.deepEqual(missing.filter(({ name }) => !PLANNED.includes(name)), []);
  for (const name of PLANNED) assert.ok(missing.some((planned) => planned.name === name), name);
});

Deno.test("every document and section that the source names exists", () => {
  const files = [...sourceFiles("src"), ...sourceFiles("tests"), ...sourceFiles("packaging")];
  const named = files.flatMap(({ path, text }) =>
    [...text.matchAll(SECTION)].map((found) => ({ path, found }))
  );
  assert.ok(named.length > 20);
  for (const { path, found: [what, file = "", section] } of named) {
    const text = Deno.readTextFileSync(new URL(`docs/${file}`, ROOT));
    assert.match(text, new RegExp(`^## ${section}\\. `, "m"), `${path}: ${what}`);
  }
});

interface Document {
  readonly path: string;
  readonly text: string;
}

function documents(): Document[] {
  return ["", "docs/", "docs/api/"].flatMap((folder) =>
    [...Deno.readDirSync(new URL(folder === "" ? "./" : folder, ROOT))]
      .filter(({ name }) => name.endsWith(".md"))
      .map(({ name }) => ({
        path: `${folder}${name}`,
        text: Deno.readTextFileSync(new URL(`${folder}${name}`, ROOT)),
      }))
  );
}

function exists(url: URL): boolean {
  try {
    Deno.statSync(new URL(url.pathname, "file:"));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

// The anchors of a document's headings, as GitHub makes them.
function anchorsOf(url: URL): Set<string> {
  const text = Deno.readTextFileSync(new URL(url.pathname, "file:"));
  return new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
      `#${heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")}`
    ),
  );
}
