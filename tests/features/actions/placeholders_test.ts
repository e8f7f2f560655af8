import assert from "node:assert/strict";
import { fillTemplate, groupsOf } from "../../../src/features/actions/placeholders.ts";

const VALUES: Record<string, string> = {
  0: "all",
  1: "one",
  12: "twelve",
  what: "named",
  x_9: "$1",
};

// A template, what it becomes, and the groups it names.
const TEMPLATES: [string, string, (number | string)[]][] = [
  ["", "", []],
  ["plain", "plain", []],
  ["$1", "one", [1]],
  ["$0", "all", [0]],
  ["$12", "twelve", [12]],
  ["$123", "twelve3", [12]],
  ["${1}2", "one2", [1]],
  ["${what}", "named", ["what"]],
  ["a${what}b$1c", "anamedbonec", ["what", 1]],
  ["$$", "$", []],
  ["$$1", "$1", []],
  ["$$$1", "$one", [1]],
  ["$", "$", []],
  ["$x", "$x", []],
  ["${", "${", []],
  ["${}", "${}", []],
  ["${a b}", "${a b}", []],
  ["$-1", "$-1", []],
  // What is filled in is not looked at again.
  ["${x_9}", "$1", ["x_9"]],
  ["$${what}", "${what}", []],
];
for (const [template, filled, groups] of TEMPLATES) {
  Deno.test(`fillTemplate() makes ${JSON.stringify(filled)} of ${JSON.stringify(template)}`, () => {
    assert.equal(fillTemplate(template, (group) => VALUES[group] ?? "?"), filled);
    assert.deepEqual(groupsOf(template), groups);
  });
}
