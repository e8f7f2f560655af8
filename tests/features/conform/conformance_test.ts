// The checks of docs/protocol.md against the real service in this process: all of them hold, whoever
// asks and however far they get.

import assert from "node:assert/strict";
import { REMOTE } from "../../support/app_in_process.ts";
import { askLocal, judgeInProcess } from "../../support/conformance_in_process.ts";
import { TIMED_TITLE, titlesOf } from "../../support/conformance_run.ts";

/** What only another host can be judged by. */
const FROM_ELSEWHERE = "what only the device itself may ask is refused to a session from elsewhere";

Deno.test("the service in this process keeps all of the norm, and nothing is left on it", async () => {
  const report = await judgeInProcess({ pins: 3 }, async ({ heard, report: { results }, app }) => {
    assert.deepEqual(heard, results);
    assert.deepEqual(await askLocal(app, "clients"), { clients: [] });
  });
  assert.deepEqual(titlesOf(report, "failed"), []);
  assert.deepEqual(titlesOf(report, "note"), []);
  assert.deepEqual(titlesOf(report, "skipped"), [FROM_ELSEWHERE]);
  assert.match(report.serverVersion ?? "", /^latchkey-/);
  assert.deepEqual(report.leftClients, []);
  assert.deepEqual(report.times.map(({ what, count }) => [what, count]), [
    ["pairing: finish", 1],
    ["start with the PIN", 3],
    ["start with a wrong PIN", 3],
    ["start with X = pw·U", 3],
    ["session: socket and first answer", 2],
    ["call: version in a session", 5],
  ]);
  for (const { p50Ms, p99Ms } of report.times) assert.ok(p50Ms > 0 && p99Ms >= p50Ms);
});

Deno.test("every check has a title of its own that fits its line, and a section that the norm has", async () => {
  const { results } = await judgeInProcess({ pins: 0 });
  assert.equal(new Set(results.map(({ title }) => title)).size, results.length);
  // Two columns stand before the outcome, and five before the title.
  for (const { title } of results) assert.ok(title.length <= 92 - 5, title);
  const norm = await Deno.readTextFile(new URL("../../../docs/protocol.md", import.meta.url));
  for (const { section } of results) {
    assert.ok(norm.includes(`\n## ${section.slice(1)}. `), section);
  }
});

const REASONS: [pins: number, reasons: readonly string[]][] = [
  [0, ["no PIN", "not paired"]],
  [1, ["judged from another host only", "no second PIN", "no third PIN"]],
  [2, ["judged from another host only", "no third PIN"]],
];
for (const [pins, reasons] of REASONS) {
  Deno.test(`with ${pins} PINs what needs more is skipped, with its reason`, async () => {
    const { results } = await judgeInProcess({ pins });
    const skipped = results.filter(({ outcome }) => outcome === "skipped");
    assert.deepEqual([...new Set(skipped.map(({ detail }) => detail))], reasons);
    const others = results.filter(({ outcome, title }) =>
      outcome !== "skipped" && title !== TIMED_TITLE
    );
    assert.deepEqual(others.filter(({ outcome }) => outcome !== "ok"), []);
    assert.ok(others.length > 70);
  });
}

Deno.test("another host is held up by the limits, and judges what it may", async () => {
  const toml = "[service]\nencryption = true\n";
  const report = await judgeInProcess({ pins: 2, from: REMOTE, toml });
  assert.deepEqual(titlesOf(report, "failed"), []);
  assert.deepEqual(titlesOf(report, "note"), []);
  const outcomes = new Map(report.results.map((result) => [result.title, result]));
  assert.equal(outcomes.get(FROM_ELSEWHERE)?.outcome, "ok");
  assert.equal(outcomes.get(TIMED_TITLE)?.detail, "the device takes one start a second from here");
  const reasons = report.results.filter(({ outcome }) => outcome === "skipped")
    .map(({ detail }) => detail);
  assert.deepEqual([...new Set(reasons)], [
    "not open to this address",
    "the device takes one start a second from here",
    "plaintext is refused here",
    "no third PIN",
    "clients can be removed on the device itself only",
  ]);
  assert.equal(report.leftClients.length, 2);
});
