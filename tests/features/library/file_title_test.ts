// Titles out of names.

import assert from "node:assert/strict";
import {
  fileStem,
  MAX_TITLE_CHARS,
  oneLine,
  titleOfFile,
} from "../../../src/features/library/file_title.ts";

const TITLES: [string, string][] = [
  ["Super Metroid (Europe) (En,Fr,De).sfc", "Super Metroid"],
  ["Sonic [!].md", "Sonic"],
  ["Sonic (USA) [b1] (Rev A).md", "Sonic"],
  ["Tetris(World).gb", "Tetris"],
  ["F-Zero (Nintendo) X.sfc", "F-Zero (Nintendo) X"],
  ["(1942).zip", "(1942)"],
  ["[BIOS] X.zip", "[BIOS] X"],
  ["Legend of Zelda, The (USA).nes", "The Legend of Zelda"],
  [
    "Legend of Zelda, The - A Link to the Past (USA).sfc",
    "The Legend of Zelda - A Link to the Past",
  ],
  ["Dr. Mario.nes", "Dr. Mario"],
  ["ゼルダの伝説 (Japan).sfc", "ゼルダの伝説"],
  ["Größe.zip", "Größe"],
  ["line\nbreak\u0000.zip", "line break"],
  ["no extension", "no extension"],
  [".hidden", ".hidden"],
  ["..zip", "."],
  ["-rf.zip", "-rf"],
  ["a/b/c.zip", "c"],
  ["((((.zip", "(((("],
  [`${"x".repeat(300)}.zip`, "x".repeat(MAX_TITLE_CHARS)],
];
for (const [name, title] of TITLES) {
  Deno.test(`titleOfFile() reads ${JSON.stringify(name.slice(0, 60))}`, () => {
    assert.equal(titleOfFile(`/roms/${name}`), title);
  });
}

Deno.test("titleOfFile() is quick whatever the name", () => {
  const startMs = performance.now();
  for (const piece of ["(", "()", "( ", "[(", " (a)", ") "]) {
    titleOfFile(`/${piece.repeat(5_000)}.zip`);
  }
  assert.ok(performance.now() - startMs < 2_000);
});

Deno.test("fileStem() leaves out the folder and what follows the last dot", () => {
  const rows = [["/a.b/c.d.E", "c.d"], ["/a.b/c", "c"], ["/.c", ".c"], ["/c.", "c"]];
  for (const [path = "", stem] of rows) assert.equal(fileStem(path), stem);
});

Deno.test("oneLine() cuts no character in two", () => {
  assert.equal(oneLine("ab🎮", 3), "ab");
  assert.equal(oneLine(" a \r\n\t b\u0085c ", 9), "a b c");
  assert.equal(oneLine("abc   d", 4), "abc");
});
