import assert from "node:assert/strict";
import { type KeyPath, lineOfKey } from "../../src/base/toml_lines.ts";

const TEXT = [
  "# a comment", // 1
  "top = 1",
  "",
  "[service]",
  'listen = "x"', // 5
  "  names = [",
  '    "a", # b = 2',
  "",
  '    "c",',
  "  ]", // 10
  'text = """',
  "inside = 1",
  "[inside]",
  '"""',
  "after = true", // 15
  "",
  "[service.deep]",
  "key = 1",
  'inline = { x = 1, "y z" = 2 }',
  "dotted.a.b = 1", // 20
  "dotted.a.c = 2",
  "",
  "[[rows]]",
  "n = 1",
  "[[rows]]", // 25
  "n = 2",
  '"quoted key" = 3',
];

const LINES: [KeyPath, number | undefined][] = [
  [["top"], 2],
  [["service"], 4],
  [["service", "listen"], 5],
  [["service", "names"], 6],
  [["service", "names", 0], 6],
  [["service", "names", 1], 6],
  [["service", "names", 2], undefined],
  [["service", "names", "map"], undefined],
  [["service", "text"], 11],
  [["inside"], undefined],
  [["service", "inside"], undefined],
  [["service", "after"], 15],
  [["service", "deep"], 17],
  [["service", "deep", "key"], 18],
  [["service", "deep", "inline", "y z"], 19],
  [["service", "deep", "dotted"], 20],
  [["service", "deep", "dotted", "a", "c"], 21],
  [["rows"], 23],
  [["rows", 0, "n"], 24],
  [["rows", 1], 25],
  [["rows", 1, "n"], 26],
  [["rows", 1, "quoted key"], 27],
  [["rows", 2], undefined],
  [["b"], undefined],
  [["top", "x"], undefined],
  [["service", "toString"], undefined],
  [["__proto__"], undefined],
];
for (const [path, line] of LINES) {
  Deno.test(`lineOfKey() finds ${path.join(".")} on line ${line}`, () => {
    assert.equal(lineOfKey(TEXT.join("\n"), path), line);
    assert.equal(lineOfKey(`${TEXT.join("\r\n")}\r\n`, path), line);
  });
}

Deno.test("lineOfKey() finds the whole text on its first line", () => {
  assert.equal(lineOfKey("", []), 1);
  assert.equal(lineOfKey("a = 1\nb = 2", []), 1);
});

Deno.test("lineOfKey() finds a key before what is no TOML, and none behind it", () => {
  const text = "a = 1\nb = = 2\nc = 3";
  assert.equal(lineOfKey(text, ["a"]), 1);
  assert.equal(lineOfKey(text, ["b"]), undefined);
  assert.equal(lineOfKey(text, ["c"]), undefined);
});
