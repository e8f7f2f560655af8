import assert from "node:assert/strict";
import {
  isRunnablePath,
  parseZapScript,
  pathScript,
  type Script,
  titleScript,
  withoutTags,
} from "../../../src/features/library/zap_script.ts";
import { AppError } from "../../../src/base/app_error.ts";
import {
  checkRunRequest,
  isOneLine,
  MAX_RUN_CHARACTERS,
} from "../../../src/features/actions/run_text.ts";
import { ODD_NAMES } from "../../support/odd_names.ts";

const TAKEN: [string, Script][] = [
  ["/roms/snes/A Game.sfc", { kind: "path", path: "/roms/snes/A Game.sfc" }],
  ["**launch:/roms/a.sfc", { kind: "path", path: "/roms/a.sfc" }],
  ["**LAUNCH:/roms/a.sfc", { kind: "path", path: "/roms/a.sfc" }],
  ["file:///roms/a%0Ab.sfc", { kind: "path", path: "/roms/a\nb.sfc" }],
  ["**Launch:FILE:///a%7C%7Cb", { kind: "path", path: "/a||b" }],
  ["/trailing blank ", { kind: "path", path: "/trailing blank " }],
  ["**launch: @SNES/A Game", { kind: "title", systemId: "SNES", title: "A Game" }],
  ["@SNES/A Game", { kind: "title", systemId: "SNES", title: "A Game" }],
  ["@SNES/A/B: (region:eu)", { kind: "title", systemId: "SNES", title: "A/B: (region:eu)" }],
  ["**launch:@snes/A Game", { kind: "title", systemId: "snes", title: "A Game" }],
  ["SNES/sub/A Game.sfc", { kind: "file", systemId: "SNES", file: "sub/A Game.sfc" }],
  ["**launch.system:SNES", { kind: "system", systemId: "SNES" }],
  ["**Launch.System: snes ", { kind: "system", systemId: "snes" }],
  ["**launch.random:GBA", { kind: "random", systemId: "GBA" }],
  ["**stop", { kind: "stop" }],
  ["**STOP", { kind: "stop" }],
  ["**stop ", { kind: "stop" }],
  ["a word", { kind: "none" }],
  ["@SNES", { kind: "none" }],
  ["@/x", { kind: "none" }],
  ["@SNES/ ", { kind: "none" }],
  ["SNES/", { kind: "none" }],
  ["", { kind: "none" }],
];
for (const [text, script] of TAKEN) {
  Deno.test(`parseZapScript() reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(parseZapScript(text), script);
  });
}

const REFUSED: [string, string][] = [
  ["**launch.random:SNES||**delay:1000", "Not supported: || (a chain of commands)"],
  ["/roms/a.sfc||/roms/b.sfc", "Not supported: || (a chain of commands)"],
  ["**stop||**stop", "Not supported: || (a chain of commands)"],
  ["**execute:rm -rf /", "Not supported: **execute"],
  ["**HTTP.get:http://192.0.2.1/", "Not supported: **http.get"],
  ["**launch.search:mario", "Not supported: **launch.search"],
  ["**stopp", "Not supported: **stopp"],
  ["**", "text: expected a command after **"],
  ["** stop", "text: expected a command after **"],
  [`**${"x".repeat(33)}:a`, "text: expected a command after **"],
  ["**launch", "**launch: expected a path, @SYSTEM/Title or SYSTEM/file"],
  ["**launch:game", "**launch: expected a path, @SYSTEM/Title or SYSTEM/file"],
  ["**launch.system", "**launch.system: expected the id of a system"],
  ["**launch.random: ", "**launch.random: expected the id of a system"],
  ["file://host/x", "text: expected file:// and a percent-encoded path"],
  ["file:///a%00b", "text: expected file:// and a percent-encoded path"],
  ["file:///a%E4", "text: expected file:// and a percent-encoded path"],
];
for (const [text, message] of REFUSED) {
  Deno.test(`parseZapScript() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseZapScript(text), (error) => {
      assert.ok(error instanceof AppError);
      assert.deepEqual([error.code, error.message], ["bad_request", message]);
      return true;
    });
  });
}

const ODD = [
  ...ODD_NAMES,
  "a||b",
  "\u2028",
  "%41",
  "%7C||%0A",
  "a?b=c",
  "file:",
  "@x",
  "**stop",
  "\x7f",
];

Deno.test("pathScript() writes one line that is read back as the same path", () => {
  for (const name of ODD) {
    const path = `/roms/snes/${name}`;
    const text = pathScript(path);
    assert.ok(isOneLine(text), text);
    assert.deepEqual(parseZapScript(text), { kind: "path", path });
    assert.deepEqual(parseZapScript(`**launch:${text}`), { kind: "path", path });
  }
  assert.equal(pathScript("/roms/snes/A Game.sfc"), "/roms/snes/A Game.sfc");
});

Deno.test("isRunnablePath() tells whether the text of a path can be run, odd signs and all", () => {
  const long = (sign: string, length: number): string => `/${sign.repeat(length - 1)}`;
  const room = MAX_RUN_CHARACTERS - "file://".length;
  const rows: [string, boolean][] = [
    [long("a", MAX_RUN_CHARACTERS), true],
    [long("a", MAX_RUN_CHARACTERS + 1), false],
    [long("ゼ", MAX_RUN_CHARACTERS), true],
    [long("🎮", MAX_RUN_CHARACTERS), true],
    [long("🎮", MAX_RUN_CHARACTERS + 1), false],
    [`${long("ゼ", room - 6)}||`, true],
    [`${long("ゼ", room - 5)}||`, false],
    [long("\n", Math.floor(room / 3)), true],
    [long("\n", Math.ceil(room / 3) + 2), false],
  ];
  for (const [path, isRunnable] of rows) {
    assert.equal(isRunnablePath(path), isRunnable, `${path.slice(0, 3)} ${path.length}`);
    if (!isRunnable) continue;
    const text = pathScript(path);
    assert.equal(checkRunRequest({ text }).text, text);
    assert.deepEqual(parseZapScript(text), { kind: "path", path });
  }
});

Deno.test("titleScript() writes a text that is read back as the same title, or none", () => {
  assert.equal(titleScript("SNES", "A Game"), "@SNES/A Game");
  assert.equal(titleScript("SNES", "マリオ: 1/2"), "@SNES/マリオ: 1/2");
  for (const title of ["", " a", "a ", "a||b", "a\nb", "A (region:eu)"]) {
    assert.equal(titleScript("SNES", title), undefined, title);
  }
  for (const systemId of ["a/b", "", "a\nb"]) assert.equal(titleScript(systemId, "A"), undefined);
  for (const title of ODD) {
    const text = titleScript("SNES", title);
    if (text === undefined) continue;
    assert.deepEqual(parseZapScript(text), { kind: "title", systemId: "SNES", title });
  }
});

Deno.test("withoutTags() leaves brackets that are no tags", () => {
  assert.equal(withoutTags("A Game (region:eu) (year:1990)"), "A Game");
  assert.equal(withoutTags("A Game (USA)"), "A Game (USA)");
  assert.equal(withoutTags("A (b:c) d"), "A (b:c) d");
});
