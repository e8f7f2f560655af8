// docs/performance.md explains every row of the benchmark, and names its arguments and variables.

import assert from "node:assert/strict";
import { formatGoal } from "../bench/section.ts";
import { PART_SECTIONS, SERVER_SECTIONS } from "../bench/sections.ts";
import { SOAK_PAIRINGS, SOAK_SESSIONS } from "../bench/soak_bench.ts";
import { codeTexts, docTables } from "../support/doc_tables.ts";

const MARKDOWN = Deno.readTextFileSync(new URL("../../docs/performance.md", import.meta.url));
const OPTIONS_SOURCE = Deno.readTextFileSync(
  new URL("../bench/bench_options.ts", import.meta.url),
);

for (const { id, rows } of [...SERVER_SECTIONS, ...PART_SECTIONS]) {
  Deno.test(`docs/performance.md explains the rows of ${id}, and no others`, () => {
    const names = rows.map((row) => typeof row === "string" ? row : row.name);
    const explained = docTables(sectionText(id))
      .flat()
      .filter((row) => "what it measures" in row);
    assert.deepEqual(explained.flatMap(({ row = "" }) => codeTexts(row)), names);
    for (const { row, ...cells } of explained) {
      assert.deepEqual(Object.keys(cells), ["what it measures", "what bounds it"]);
      for (const cell of Object.values(cells)) assert.notEqual(cell, "", row);
    }
  });
}

Deno.test("docs/performance.md has the goals as they are set, each with what was measured", () => {
  const goals = SERVER_SECTIONS.flatMap(({ rows }) => rows)
    .filter(({ goal }) => goal !== undefined)
    .map(({ name }) => name);
  const rows = docTables(MARKDOWN).flat().filter((row) => "goal" in row);
  const documented = new Map(rows.map(({ row = "", goal = "" }) => [row, goal]));
  for (const { name, unit, goal } of SERVER_SECTIONS.flatMap(({ rows }) => rows)) {
    if (goal !== undefined) assert.equal(documented.get(name), formatGoal(goal, unit), name);
  }
  for (const { row, Latchkey } of rows) assert.match(Latchkey ?? "", /^\d/, row);
  assert.ok(goals.length > 10);
});

Deno.test("docs/performance.md names every variable, and the numbers of --soak", () => {
  const variables = docTables(MARKDOWN).flat().flatMap(({ variable = "" }) => codeTexts(variable));
  const read = [...OPTIONS_SOURCE.matchAll(/read\("([A-Z]+)"\)/g)]
    .map(([, name]) => `COMPARE_${name}`);
  assert.deepEqual(new Set([...variables, "COMPARE_NAME"]), new Set(read));
  for (const number of [SOAK_SESSIONS, SOAK_PAIRINGS]) {
    assert.ok(MARKDOWN.includes(number.toLocaleString("en")), String(number));
  }
});

function sectionText(id: string): string {
  const start = MARKDOWN.indexOf(`\n### \`${id}\``);
  assert.notEqual(start, -1, id);
  const rest = MARKDOWN.slice(start + 1);
  const end = rest.search(/\n##/);
  return end === -1 ? rest : rest.slice(0, end);
}
