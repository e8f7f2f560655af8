// `latchkey conform` names what is wrong with a server: the service with one mistake each in its source,
// and a server of another make.

import assert from "node:assert/strict";
import { allDone } from "../support/all_done.ts";
import { REFUSED_MESSAGES } from "../../src/features/conform/checks/pairing_message_rows.ts";
import type { ConformReport } from "../../src/features/conform/conformance.ts";
import { withChangedSource } from "../support/changed_source.ts";
import { OTHER_MAKE, type Variant, VARIANTS } from "../support/conform_variants.ts";
import { judgeService, titlesOf } from "../support/conformance_run.ts";
import { withService } from "../support/service_process.ts";

const NOTES_OF_OTHER_MAKE = [
  "every answer carries X-Request-ID",
  "a page of another site cannot start a pairing unseen",
  "POST under a foreign Host is misdirected",
  "POST: names of methods compare without case",
  "a message over 64 KiB before there is a session closes",
  "start refuses a pake with a line end in it",
  ...REFUSED_MESSAGES.map(({ title }) => `start refuses a msgA that ${title}`),
  "a first frame whose ciphertext has a line end in it closes in silence",
  "session: names of methods compare without case",
  "a first frame of a removed client is answered -32002 and a close",
];

async function judgeVariant({ changes }: Variant): Promise<ConformReport> {
  const reports: ConformReport[] = [];
  await withChangedSource(changes, async (runtimeArgs) => {
    await withService({ runtimeArgs }, async ({ baseUrl }) => {
      reports.push(await judgeService(baseUrl));
    });
  });
  const [report] = reports;
  if (report === undefined) throw new Error("Nothing was judged");
  return report;
}

function assertVariant({ name, failed }: Variant, report: ConformReport): void {
  assert.deepEqual(titlesOf(report, "failed"), failed, name);
  assert.ok(titlesOf(report, "ok").length > 100, name);
  assert.deepEqual(report.leftClients, [], name);
}

// Two at a time, because what one service waits for the other can use.
for (let at = 0; at < VARIANTS.length; at += 2) {
  const pair = VARIANTS.slice(at, at + 2);
  Deno.test(`conform finds a service that ${pair.map(({ name }) => name).join(", one that ")}`, async () => {
    const reports = await allDone(pair.map(judgeVariant));
    for (const [i, variant] of pair.entries()) {
      const report = reports[i];
      assert.ok(report !== undefined);
      assertVariant(variant, report);
      assert.deepEqual(titlesOf(report, "note"), [], variant.name);
    }
  });
}

Deno.test("conform has notes, and no failures, for a server of another make", async () => {
  const report = await judgeVariant(OTHER_MAKE);
  assertVariant(OTHER_MAKE, report);
  assert.match(report.serverVersion ?? "", /^other-/);
  assert.deepEqual(titlesOf(report, "note"), NOTES_OF_OTHER_MAKE);
});
