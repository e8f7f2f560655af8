// What `deno task bench` prints of its rows.

import assert from "node:assert/strict";
import { formatGoal, leftOut, meets, rowsOf, type RowSpec } from "./bench/section.ts";
import { PART_SECTIONS, SECTION_IDS, SERVER_SECTIONS } from "./bench/sections.ts";
import { type BenchRow, formatMarkdown, formatRows, formatValue } from "./bench/table.ts";

const SPECS: readonly RowSpec[] = [
  { name: "start", unit: "ms", goal: { atMost: 75 }, relativeTo: "bare" },
  { name: "rate", unit: "/s", goal: { atLeast: 1000 } },
  { name: "bare", unit: "ms" },
];

Deno.test("rowsOf() sets the other server's medians, goals and the bare row beside ours", () => {
  assert.deepEqual(rowsOf(SPECS, [{ start: 90, bare: 45 }, { start: 30, rate: 7 }]), [
    { name: "start", value: 90, unit: "ms", goal: { atMost: 75 }, other: 30, ratio: "2.00 × bare" },
    { name: "bare", value: 45, unit: "ms" },
  ]);
});

Deno.test("rowsOf() leaves out what was not measured, on either side", () => {
  assert.deepEqual(rowsOf(SPECS, []), []);
  assert.deepEqual(rowsOf(SPECS, [{ rate: NaN }, { rate: 5 }]), []);
  assert.deepEqual(rowsOf(SPECS, [{ rate: 1200 }, { rate: NaN }]), [
    { name: "rate", value: 1200, unit: "/s", goal: { atLeast: 1000 } },
  ]);
});

Deno.test("rowsOf() refuses a number without a row, the other server's too", () => {
  assert.throws(() => rowsOf(SPECS, [{ strat: 1 }]), /Measured, but no row: strat/);
  assert.throws(() => rowsOf(SPECS, [{}, { strat: 1 }]), /Measured, but no row: strat/);
});

Deno.test("leftOut() names the rows without a number", () => {
  const rows: BenchRow[] = [{ name: "rate", value: 1, unit: "/s" }];
  assert.deepEqual(leftOut(SPECS, rows), ["start", "bare"]);
  assert.deepEqual(leftOut(["rate", "more"], rows), ["more"]);
});

Deno.test("meets() takes the bound itself for met", () => {
  assert.deepEqual([9.9, 10, 10.1].map((value) => meets(value, { atMost: 10 })), [
    true,
    true,
    false,
  ]);
  assert.deepEqual([9.9, 10, 10.1].map((value) => meets(value, { atLeast: 10 })), [
    false,
    true,
    true,
  ]);
});

Deno.test("formatGoal() writes bounds with their unit", () => {
  assert.equal(formatGoal({ atMost: 1.5 }, "ms"), "≤ 1.5 ms");
  assert.equal(formatGoal({ atLeast: 3000 }, "/s"), "≥ 3000 /s");
});

Deno.test("formatValue() prints three digits, or all of a whole number", () => {
  const values: [number, string][] = [
    [0, "0 ms"],
    [0.04123, "0.0412 ms"],
    [1.2345, "1.23 ms"],
    [12.345, "12.3 ms"],
    [123.45, "123 ms"],
    [66972.4, "66972 ms"],
  ];
  for (const [value, text] of values) assert.equal(formatValue(value, "ms"), text);
});

Deno.test("formatRows() aligns name, value, ratio and change", () => {
  assert.equal(
    formatRows([
      { name: "a", value: 1, unit: "ms", ratio: "1.00 ×", change: "x" },
      { name: "long", value: 123, unit: "ms", change: "y" },
      { name: "b", value: 5, unit: "ms" },
    ]),
    "  a     1.00 ms  1.00 ×  x\n" +
      "  long   123 ms          y\n" +
      "  b     5.00 ms\n",
  );
});

Deno.test("formatRows() has the other server, how many times ours is, and the goal", () => {
  assert.equal(
    formatRows([
      { name: "start", value: 90, unit: "ms", other: 30, goal: { atMost: 75 }, ratio: "2 ×" },
      { name: "rate", value: 1200, unit: "/s", goal: { atLeast: 1000 } },
    ]),
    "  start  90.0 ms  30.0 ms  3.00 ×  2 ×  misses ≤ 75 ms\n" +
      "  rate   1200 /s                        meets ≥ 1000 /s\n",
  );
});

Deno.test("formatRows() of nothing is empty", () => {
  assert.equal(formatRows([]), "");
});

Deno.test("formatMarkdown() is a table with the other server's column where there is one", () => {
  const rows: BenchRow[] = [
    { name: "start", value: 90, unit: "ms", other: 30, goal: { atMost: 75 } },
    { name: "bare", value: 45, unit: "ms" },
  ];
  assert.equal(
    formatMarkdown(rows, { own: "Latchkey", other: "before" }),
    "| row | goal | Latchkey | before | ratio |\n" +
      "| --- | --- | --- | --- | --- |\n" +
      "| start | ≤ 75 ms | 90.0 ms | 30.0 ms | 3.00 × |\n" +
      "| bare |  | 45.0 ms |  |  |\n",
  );
  assert.equal(
    formatMarkdown(rows, { own: "Latchkey" }),
    "| row | goal | Latchkey |\n" +
      "| --- | --- | --- |\n" +
      "| start | ≤ 75 ms | 90.0 ms |\n" +
      "| bare |  | 45.0 ms |\n",
  );
});

Deno.test("no two sections share an id or a title, no two rows of one a name", () => {
  const sections = [...SERVER_SECTIONS, ...PART_SECTIONS];
  assert.equal(new Set(SECTION_IDS).size, sections.length);
  assert.equal(new Set(sections.map(({ title }) => title)).size, sections.length);
  for (const { rows } of sections) {
    const names = rows.map((row) => typeof row === "string" ? row : row.name);
    assert.equal(new Set(names).size, names.length);
  }
});

Deno.test("every row that is set beside another is beside one of its section", () => {
  for (const { rows } of SERVER_SECTIONS) {
    const names = rows.map(({ name }) => name);
    for (const { relativeTo } of rows) assert.ok([...names, undefined].includes(relativeTo));
  }
});
