// What `deno task bench` says of a run beside the baseline that is kept.

import assert from "node:assert/strict";
import {
  compareRows,
  describeBaseline,
  encodeBaseline,
  goneRows,
  parseBaseline,
} from "./bench/baseline.ts";
import type { BenchRow } from "./bench/table.ts";

const BEFORE = parseBaseline(encodeBaseline({
  machine: "A, 2 cores",
  date: "2026-01-31",
  note: "",
  sections: [{
    title: "Speed",
    rows: [
      { name: "start", value: 12.34567, unit: "ms" },
      { name: "size", value: 3, unit: "MiB" },
      { name: "idle", value: 0, unit: "ms" },
    ],
  }],
}));

Deno.test("encodeBaseline() keeps four digits, by section and row", () => {
  assert.deepEqual(BEFORE.sections, {
    Speed: {
      start: { value: 12.35, unit: "ms" },
      size: { value: 3, unit: "MiB" },
      idle: { value: 0, unit: "ms" },
    },
  });
});

Deno.test("parseBaseline() refuses what is no baseline", () => {
  const bad = [
    "",
    "{}",
    JSON.stringify({ ...BEFORE, date: "yesterday" }),
    JSON.stringify({ ...BEFORE, more: 1 }),
    JSON.stringify({ ...BEFORE, sections: { Speed: { start: { value: "12", unit: "ms" } } } }),
  ];
  for (const text of bad) assert.throws(() => parseBaseline(text), Error);
});

Deno.test("the baseline in the repository can be read", () => {
  const text = Deno.readTextFileSync(new URL("bench/baseline.json", import.meta.url));
  assert.ok(Object.keys(parseBaseline(text).sections).length > 0);
});

const CHANGES: [row: BenchRow, change: string][] = [
  [{ name: "start", value: 24.7, unit: "ms" }, "baseline 12.3 ms, now 2.00 ×"],
  [{ name: "size", value: 1.5, unit: "MiB" }, "baseline 3.00 MiB, now 0.50 ×"],
  [{ name: "size", value: 1.5, unit: "KiB" }, "the baseline counts MiB"],
  [{ name: "idle", value: 1.5, unit: "ms" }, "baseline 0 ms"],
  [{ name: "new", value: 1, unit: "ms" }, "not in the baseline"],
  [{ name: "constructor", value: 1, unit: "ms" }, "not in the baseline"],
];

Deno.test("compareRows() says what the baseline had and the ratio", () => {
  for (const [row, change] of CHANGES) {
    assert.deepEqual(compareRows({ title: "Speed", rows: [row] }, BEFORE), [{ ...row, change }]);
    assert.deepEqual(compareRows({ title: "Speed", rows: [row] }, undefined), [row]);
    assert.deepEqual(compareRows({ title: "toString", rows: [row] }, BEFORE), [
      { ...row, change: "not in the baseline" },
    ]);
  }
});

Deno.test("goneRows() names what is no longer measured", () => {
  const rows = [{ name: "start", value: 1, unit: "ms" }, { name: "idle", value: 1, unit: "ms" }];
  assert.deepEqual(goneRows([{ title: "Speed", rows }], BEFORE), ["Speed: size"]);
  assert.deepEqual(goneRows([], BEFORE), ["Speed: start", "Speed: size", "Speed: idle"]);
});

Deno.test("describeBaseline() names day, machine and note, and a machine that differs", () => {
  const head = "Baseline of 2026-01-31 on A, 2 cores\n";
  assert.equal(describeBaseline(BEFORE, "A, 2 cores"), head);
  assert.equal(
    describeBaseline({ ...BEFORE, note: "Not quiet" }, "B, 4 cores"),
    `${head}Note: Not quiet\n` +
      "This machine differs (B, 4 cores): ratios within the run are all that counts\n",
  );
  assert.match(describeBaseline(undefined, "B"), /no baseline yet: deno task bench --save/);
});
