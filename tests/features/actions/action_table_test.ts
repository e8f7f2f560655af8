import assert from "node:assert/strict";
import type { ActionSettings } from "../../../src/features/actions/action_settings.ts";
import {
  compileActions,
  describeActionProblems,
  MAX_ACTION_NAME_CHARACTERS,
  MAX_ACTIONS,
  MAX_MATCH_CHARACTERS,
} from "../../../src/features/actions/action_table.ts";
import { assertAppError } from "../../support/app_error.ts";
import { sampleAction } from "../../support/fake_actions.ts";
import { FUZZ_SEED, SEED_NOTE } from "../../support/fuzz_seed.ts";
import { seededRandom } from "../../support/seeded_random.ts";

Deno.test("the first action whose pattern matches the whole text is taken", () => {
  const find = compileActions([
    sampleAction("narrow", { match: "video:a" }),
    sampleAction("wide", { match: "video:.*" }),
    sampleAction("never", { match: "video:b" }),
  ]);
  const nameOf = (text: string): string | undefined => find(text)?.action.name;
  assert.equal(nameOf("video:a"), "narrow");
  assert.equal(nameOf("video:b"), "wide");
  assert.equal(nameOf("video:aa"), "wide");
  for (const text of ["xvideo:a", "video", "", "video:\n", "VIDEO:a"]) {
    assert.equal(nameOf(text), undefined, text);
  }
});

Deno.test("places are filled within their arguments, titles and systems", () => {
  const find = compileActions([sampleAction("play", {
    match: "(?P<system>[a-z]+)/(.*?)(#(.*))?",
    command: ["emu", "--system=${system}", "$2", "a $4 b", "$$1", "$0"],
    system: "${system}",
    title: "$2 on $1",
  })]);
  const prepared = find("snes/a b;c $(d)");
  assert.deepEqual(prepared?.argv, [
    "emu",
    "--system=snes",
    "a b;c $(d)",
    "a  b",
    "$1",
    "snes/a b;c $(d)",
  ]);
  assert.deepEqual(prepared?.media, {
    systemId: "snes",
    systemName: "snes",
    mediaName: "a b;c $(d) on snes",
    mediaPath: "snes/a b;c $(d)",
    launcherId: "play",
    zapScript: "snes/a b;c $(d)",
  });
});

Deno.test("without title and system, clients see the text and the action's name", () => {
  assert.deepEqual(compileActions([sampleAction("lights")])("lights")?.media, {
    systemId: "lights",
    systemName: "lights",
    mediaName: "lights",
    mediaPath: "lights",
    launcherId: "lights",
    zapScript: "lights",
  });
});

// A command, what fills its place, and whether that is taken.
const OPTIONS: [string[], string, boolean][] = [
  [["p", "$1"], "file", true],
  [["p", "$1"], "-x", false],
  [["p", "$1"], "--", false],
  [["p", "$1"], "-", false],
  [["p", "--", "$1"], "-x", true],
  [["p", "$1", "--"], "-x", false],
  [["p", "-f$1"], "-x", true],
  [["p", "--file=$1"], "-x", true],
  [["p", "./$1"], "-x", true],
  [["p", "$1.png"], "-x", false],
  [["p", "${1}"], "-x", false],
  [["p", "$0"], "-x", false],
];
for (const [command, value, isTaken] of OPTIONS) {
  Deno.test(`${JSON.stringify(value)} ${isTaken ? "fills" : "may not fill"} ${command}`, () => {
    const settings = { match: "(.*)", command };
    const find = compileActions([sampleAction("a", settings)]);
    if (isTaken) assert.ok(find(value));
    else assertAppError(() => find(value), "bad_request");
    assert.ok(compileActions([sampleAction("a", { ...settings, allowOptions: true })])(value));
  });
}

const LETTERS = [..." !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~aZ019é🎮\u202e\u00a0"];
const TEMPLATES = ["x", "--", "$1", "$0", "-o$1", "a $1 b", "$$1", "${n}${n}"];
Deno.test(`whatever a text holds, it fills its arguments and nothing else ${SEED_NOTE}`, () => {
  const find = compileActions([
    sampleAction("any", { match: "(?P<n>.*)", command: TEMPLATES, title: "t $1", system: "$0" }),
  ]);
  const random = seededRandom(FUZZ_SEED);
  for (let i = 0; i < 1000; i++) {
    const text = [...random(i % 40)]
      .map((byte) => LETTERS[byte % LETTERS.length]).join("");
    const prepared = find(text);
    const argv = ["x", "--", text, text, `-o${text}`, `a ${text} b`, "$1", text + text];
    assert.deepEqual(prepared?.argv, argv);
    assert.deepEqual(prepared?.media, {
      systemId: text,
      systemName: text,
      mediaName: `t ${text}`,
      mediaPath: text,
      launcherId: "any",
      zapScript: text,
    });
  }
});

// What is wrong with an action, and which key is named.
const BAD: [string, Partial<ActionSettings>, string][] = [
  ["no name", { name: "" }, "name"],
  ["a name with a space", { name: "a b" }, "name"],
  ["a name with a line end", { name: "a\n" }, "name"],
  ["a long name", { name: "x".repeat(MAX_ACTION_NAME_CHARACTERS + 1) }, "name"],
  ["no pattern", { match: "" }, "match"],
  ["a pattern that does not compile", { match: "(" }, "match"],
  ["a pattern that RE2 does not have", { match: "(?=a)" }, "match"],
  ["a long pattern", { match: "x".repeat(MAX_MATCH_CHARACTERS + 1) }, "match"],
  ["no program", { command: [] }, "command"],
  ["an empty program", { command: [""] }, "command"],
  ["a program from the text", { command: ["$0"] }, "command"],
  ["a program partly from the text", { command: ["/opt/$0"] }, "command"],
  ["a group that is not there", { command: ["p", "$1"] }, "command"],
  ["a name that is not there", { command: ["p", "${x}"] }, "command"],
  ["a title with a group that is not there", { title: "$2" }, "title"],
  ["a system with a group that is not there", { system: "$2" }, "system"],
  ["a NUL in an argument", { command: ["p", "a\0b"] }, "command"],
  ["a NUL in a variable", { env: { A: "\0" } }, "command"],
  ["a variable with a bad name", { env: { "A=B": "" } }, "env"],
  ["a variable without a name", { env: { "": "a" } }, "env"],
];
for (const [what, settings, key] of BAD) {
  Deno.test(`describeActionProblems() names ${what}`, () => {
    const good = sampleAction("good");
    const problems = describeActionProblems([good, sampleAction("a", settings)]);
    assert.deepEqual(problems.map((problem) => [problem.index, problem.key]), [[1, key]]);
  });
}

// A text that became part of one of these would be run as code.
const SCRIPTS: [string[], boolean][] = [
  [["sh", "-c", "echo $0"], true],
  [["sh", "-c", 'echo "${0}"'], true],
  [["/bin/bash", "-ec", "x $0"], true],
  [["busybox", "sh", "-c", "$0"], true],
  [["env", "A=1", "python3.12", "-c", "print('$0')"], true],
  [["perl", "-e", "$0"], true],
  [["node", "--eval", "$0"], true],
  [["php", "-r", "$0"], true],
  [["awk", "/$0/", "f"], true],
  [["awk", "-F", ":", "/$0/", "f"], true],
  [["sh", "-c", "--", "$0"], true],
  [["sh", "-cx", "$0"], true],
  [["sh", "-c", "-x", "$0"], true],
  [["bash", "-c", "-o", "pipefail", "$0"], true],
  [["bash", "--rcfile", "f", "-c", "$0"], true],
  [["fish", "--command", "$0"], true],
  [["su", "deck", "-c", "$0"], true],
  [["sh", "-c", 'echo "$$1"', "sh", "$0"], false],
  [["bash", "/opt/run.sh", "$0"], false],
  [["bash", "/opt/run.sh", "-core", "$0"], false],
  [["sh", "-x", "$0"], false],
  [["su", "deck", "-c", "/opt/run.sh", "$0"], false],
  [["python3", "/opt/run.py", "$0"], false],
  [["tar", "-c", "$0"], false],
  [["awk", "-f", "s.awk", "$0"], false],
  [["awk", "-fs.awk", "$0"], false],
  [["awk", "{print}", "$0"], false],
];
for (const [command, isScript] of SCRIPTS) {
  Deno.test(`describeActionProblems() ${isScript ? "refuses" : "takes"} ${command.join(" ")}`, () => {
    const problems = describeActionProblems([sampleAction("a", { command, match: ".*" })]);
    assert.deepEqual(problems.map(({ key }) => key), isScript ? ["command"] : []);
  });
}

Deno.test("describeActionProblems() wants different names, and not too many of them", () => {
  const [one, two] = [sampleAction("a"), sampleAction("b")];
  assert.deepEqual(describeActionProblems([one, two]), []);
  assert.deepEqual(describeActionProblems([one, two, one]), [
    { index: 2, key: "name", text: "another action has this name" },
  ]);
  const many = Array.from({ length: MAX_ACTIONS + 1 }, (_, at) => sampleAction(`a${at}`));
  assert.deepEqual(describeActionProblems(many.slice(1)), []);
  assert.deepEqual(describeActionProblems(many).map(({ index }) => index), [MAX_ACTIONS]);
});
