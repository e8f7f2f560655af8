// The database of a service in a folder of its own, over files whose syncs are in the test's hand.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { ServedDatabase } from "../../../src/edges/sqlite/served_database.ts";
import { inTransaction } from "../../../src/edges/sqlite/transaction.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { eventually } from "../../support/until.ts";
import { FaultyFiles } from "./faulty_files.ts";
import { queryValue } from "./samples.ts";
import { recordingLogger, withTempFolder } from "./temp_folder.ts";

/** Its only migration. */
export const CREATE = "CREATE TABLE notes (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT";

/** What a test works with. */
export interface World {
  path: string;
  files: FaultyFiles;
  clock: FakeClock;
  lines: ReturnType<typeof recordingLogger>["lines"];
  served: ServedDatabase;
  /** Writes a row, as a store does. */
  write(n: number, bytes?: number): void;
  /** The rows as another process sees them. */
  count(): unknown;
}

/** Runs `test` with one, and closes it. */
export async function withServed(
  options: { checkpointBytes?: number },
  test: (world: World) => Promise<void>,
): Promise<void> {
  await withTempFolder(async (folder) => {
    const path = `${folder}/test.sqlite`;
    const files = new FaultyFiles();
    const clock = new FakeClock();
    const { log, lines } = recordingLogger();
    const openFile = files.open;
    const served = new ServedDatabase({
      path,
      migrations: [CREATE],
      clock,
      log,
      openFile,
      ...options,
    });
    const insert = served.database.prepare("INSERT INTO notes VALUES (?, ?)");
    try {
      await test({
        path,
        files,
        clock,
        lines,
        served,
        write: (n, bytes = 10) =>
          inTransaction(served.database, () => void insert.run(n, "x".repeat(bytes))),
        count: () => {
          using other = new DatabaseSync(path, { readOnly: true });
          return queryValue(other, "SELECT count(*) FROM notes");
        },
      });
    } finally {
      files.holds = false;
      files.failure = undefined;
      served.close();
    }
    await eventually(() => assert.equal(clock.timerCount, 0));
  });
}
