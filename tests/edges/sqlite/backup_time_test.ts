// The latest time that a device has seen, after a restore.

import assert from "node:assert/strict";
import type { Client } from "../../../src/features/access/client.ts";
import type { BackupRecords } from "../../../src/features/backup/backup_content.ts";
import { restoreRecords } from "../../../src/edges/sqlite/backup_store.ts";
import { SqliteClientStore } from "../../../src/edges/sqlite/client_store.ts";
import { SqliteTimeMark } from "../../../src/edges/sqlite/time_mark.ts";
import { assertAppError } from "../../support/app_error.ts";
import { NO_RECORDS, openSample, sampleClient } from "./samples.ts";

function recordsOf(...clients: Client[]): BackupRecords {
  return { ...NO_RECORDS, clients };
}

Deno.test("a restore takes the time that the backup has seen for the device's, but never back", () => {
  using database = openSample();
  const mark = new SqliteTimeMark(database);
  for (const [seenMs, expectedMs] of [[5000, 5000], [6000, 6000], [5500, 6000]] as const) {
    restoreRecords(database, { records: recordsOf(), nowMs: 0, seenMs });
    assert.equal(mark.read(), expectedMs);
  }
});

Deno.test("a restore that fails leaves the time that the device has seen", () => {
  using database = openSample();
  const [own, other] = [sampleClient(1), sampleClient(2, { authToken: sampleClient(1).authToken })];
  new SqliteClientStore(database).add(own);
  const options = { records: recordsOf(other), nowMs: 0, seenMs: 5000 };
  assertAppError(() => restoreRecords(database, options), "conflict");
  assert.equal(new SqliteTimeMark(database).read(), 0);
});
