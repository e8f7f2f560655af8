// The bundled program: what its first file brings along, because the runtime reads and parses all of
// that before anything runs, and every import of a node: module costs a start 5 to 20 ms.

import assert from "node:assert/strict";
import { bundle, loadLate, MAIN_FILE, nameParts } from "../../packaging/build/deno.ts";

/** What a start may load of Node's modules. The others are loaded where they are needed. */
const FIRST_NODE_MODULES = ["node:sqlite"];

/** The most that the files of a start may have together, in bytes. */
const MAX_START_BYTES = 680_000;

/** Words that only these packages have in them, and no file of a start may have. */
const MARKS: Record<string, RegExp> = {
  postgres: /CONNECTION_CLOSED|scram-sha-256/i,
  ioredis: /MaxRetriesPerRequestError/,
  "fast-png": /IHDR|deflate/i,
  "multicast-dns": /dns-packet|TRUNCATED_RESPONSE/,
  "tar-stream": /ustar/,
  "the reference of the API": /x-notifications|A plumber/,
};

const files = new Map(
  [...await bundle()].map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]),
);

function staticImports(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom|\bimport) ?"(node:[^"]+|\.\/[^"]+)"/g)]
    .map(([, specifier = ""]) => specifier);
}

function startFiles(): Map<string, string> {
  const found = new Map<string, string>();
  const wanted = [MAIN_FILE];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const text = files.get(name);
    assert.ok(text !== undefined, name);
    if (found.has(name)) continue;
    found.set(name, text);
    wanted.push(
      ...staticImports(text).filter((specifier) => specifier.startsWith("./"))
        .map((specifier) => specifier.slice(2)),
    );
  }
  return found;
}

Deno.test("the files of a start load no module of Node's but the database", () => {
  const modules = [...startFiles().values()].flatMap(staticImports)
    .filter((specifier) => specifier.startsWith("node:"));
  assert.deepEqual([...new Set(modules)], FIRST_NODE_MODULES);
});

for (const [name, mark] of Object.entries(MARKS)) {
  Deno.test(`${name} is in no file of a start, and in another one or nowhere`, () => {
    const start = startFiles();
    for (const [file, text] of start) assert.doesNotMatch(text, mark, file);
    const others = [...files].filter(([file]) => !start.has(file));
    assert.equal(others.some(([, text]) => mark.test(text)), name !== "tar-stream");
  });
}

Deno.test("the files of a start stay small", () => {
  const bytes = [...startFiles().values()].reduce((sum, text) => sum + text.length, 0);
  assert.ok(bytes < MAX_START_BYTES, `${bytes} bytes`);
});

Deno.test("the runtime cannot see at the start what is loaded later", () => {
  const late = [...files.values()].flatMap((text) =>
    [...text.matchAll(/\bimport\(([^()]*)/g)].map(([, what = ""]) => what)
  ).filter((what) => !what.startsWith('"node:'));
  assert.ok(late.length >= 6, String(late));
  for (const what of late) assert.equal(what, "import.meta.resolve");
});

Deno.test("every file that is loaded later is there", () => {
  const named = [...files.values()].flatMap((text) =>
    [...text.matchAll(/import\(import\.meta\.resolve\("\.\/([^"]+)"\)\)/g)].map(([, name = ""]) =>
      name
    )
  );
  for (const name of named) assert.ok(files.has(name), name);
  const unused = [...files.keys()].filter((name) =>
    !startFiles().has(name) && !named.includes(name)
  );
  const shared = new Set([...files.values()].flatMap(staticImports));
  for (const name of unused) assert.ok(shared.has(`./${name}`), name);
});

Deno.test("nameParts() gives the same names whatever the bundler called the files", () => {
  const build = (a: string, b: string): Map<string, string> =>
    new Map([
      [`${b}.js`, `import"./${a}.js";"./other.js"`],
      [`${a}.js`, "0"],
      ["main.js", `import"./${a}.js";import(import.meta.resolve("./${b}.js"))`],
    ]);
  const expected = new Map([
    [MAIN_FILE, 'import"./part_1.js";import(import.meta.resolve("./part_2.js"))'],
    ["part_1.js", "0"],
    ["part_2.js", 'import"./part_1.js";"./other.js"'],
  ]);
  assert.deepEqual(nameParts(build("x-A1", "7.2-B2")), expected);
  assert.deepEqual(nameParts(build("y", "a")), expected);
});

Deno.test("loadLate() leaves modules of the runtime's own as they are", () => {
  const text = 'import("node:net");import("./a-1.js");x.import("b");"import(\\"./c.js\\")"';
  assert.equal(
    loadLate(text),
    'import("node:net");import(import.meta.resolve("./a-1.js"));x.import("b");"import(\\"./c.js\\")"',
  );
});

Deno.test("loadLate() makes a require when it is called", async () => {
  const helper = 'import{createRequire as c} from "node:module";var m=c(import.meta.url);';
  const file = await Deno.makeTempFile({ suffix: ".js" });
  try {
    await Deno.writeTextFile(file, `${loadLate(helper)}export{m}`);
    const { m: require } = await import(`file://${file}`);
    assert.equal(require("node:path").basename("/a/b"), "b");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("two bundles are the same, byte for byte", async () => {
  const again = await bundle();
  assert.deepEqual([...again.keys()].sort(), [...files.keys()].sort());
  for (const [name, bytes] of again) {
    assert.ok(new TextDecoder().decode(bytes) === files.get(name), name);
  }
});
