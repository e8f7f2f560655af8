import assert from "node:assert/strict";
import {
  hostLabel,
  instanceLabel,
  MAX_LABEL_BYTES,
  numberedHost,
  numberedLabel,
} from "../../../src/features/discovery/instance_name.ts";

const LABELS: [string, string][] = [
  ["den", "den"],
  ["Ann's R36S", "Ann's R36S"],
  ["v1.2", "v1-2"],
  ["a\u0000b\nc\u202ed", "abcd"],
  ["  den  ", "den"],
  ["", "Latchkey"],
  ["\u200b", "Latchkey"],
  ["x".repeat(MAX_LABEL_BYTES), "x".repeat(MAX_LABEL_BYTES)],
  ["x".repeat(MAX_LABEL_BYTES + 1), "x".repeat(MAX_LABEL_BYTES)],
  ["ä".repeat(40), "ä".repeat(31)],
  ["🎮".repeat(20), "🎮".repeat(15)],
];
for (const [name, label] of LABELS) {
  Deno.test(`instanceLabel() makes ${JSON.stringify(label)} of ${JSON.stringify(name)}`, () => {
    assert.equal(instanceLabel(name), label);
  });
}

Deno.test("numberedLabel() keeps its number within the limit", () => {
  assert.equal(numberedLabel("den", 1), "den");
  assert.equal(numberedLabel("den", 2), "den (2)");
  const long = numberedLabel("x".repeat(100), 12);
  assert.match(long, /^x+ \(12\)$/);
  assert.equal(long.length, MAX_LABEL_BYTES);
});

const HOSTS: [string, string][] = [
  ["handheld", "handheld"],
  ["handheld.home.example", "handheld"],
  ["my handheld", "my-handheld"],
  ["-a_b-", "a-b"],
  ["ä", "latchkey"],
  ["", "latchkey"],
  ["h".repeat(70), "h".repeat(63)],
];
for (const [name, label] of HOSTS) {
  Deno.test(`hostLabel() makes ${label} of ${JSON.stringify(name)}`, () => {
    assert.equal(hostLabel(name), label);
  });
}

Deno.test("numberedHost() numbers from the second on, and keeps to a label's length", () => {
  assert.equal(numberedHost("handheld", 1), "handheld");
  assert.equal(numberedHost("handheld", 2), "handheld-2");
  assert.equal(numberedHost("h".repeat(63), 20), `${"h".repeat(60)}-20`);
});
