// The table of files in docs/security.md names what the data folder of a running service holds.

import assert from "node:assert/strict";
import { startHousekeeping } from "../../src/app/housekeeping.ts";
import { openRecords } from "../../src/app/records.ts";
import { silentLogger } from "../../src/base/log.ts";
import { privateFiles } from "../../src/edges/platform/private_files.ts";
import { openLibraryIndex } from "../../src/edges/sqlite/media_index_store.ts";
import { openStores } from "../../src/edges/sqlite/stores.ts";
import { Notifications } from "../../src/features/rpc/notifications.ts";
import { LiveConnections } from "../../src/features/session/live_connections.ts";
import { SETTINGS_FILE } from "../../src/features/settings/settings_file.ts";
import { readMode, readModes, withTempFolder } from "../edges/sqlite/temp_folder.ts";
import { codeTexts, docTables } from "../support/doc_tables.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { seededRandom } from "../support/seeded_random.ts";

Deno.test("docs/security.md lists the files of the data folder with their modes", async () => {
  await withTempFolder(async (folder) => {
    const dataDir = `${folder}/data`;
    const log = silentLogger;
    const clock = new FakeClock();
    const stores = openStores({ dataDir, log });
    const live = new LiveConnections();
    const records = openRecords({
      ...{ stores, live, notifications: new Notifications() },
      ...{ clock, random: seededRandom(1), log },
    });
    const stop = startHousekeeping({ stores, records, history: { flush: () => {} }, clock, log });
    records.audit.record("paired");
    await records.audit.settled();
    privateFiles.write(`${dataDir}/${SETTINGS_FILE}`, new TextEncoder().encode(""));
    const library = openLibraryIndex({ dataDir, log });
    const actual = { ".": readMode(dataDir), ...readModes(dataDir) };
    library.close();
    stop();
    records.keyClock.close();
    stores.close();
    assert.deepEqual(documentedModes(), actual);
  });
});

// By file, "." for the folder; a name such as "-wal" goes on from the first of its row.
function documentedModes(): Record<string, string> {
  const markdown = Deno.readTextFileSync(new URL("../../docs/security.md", import.meta.url));
  const rows = docTables(markdown).flat().filter((row) => "mode" in row && "file" in row);
  const modes = rows.flatMap(({ file = "", mode = "" }): [string, string][] => {
    const names = file === "the data folder" ? ["."] : codeTexts(file);
    return names.map((name) => [
      name.startsWith("-") ? `${names[0]}${name}` : name,
      mode.replace(/^0/, ""),
    ]);
  });
  return Object.fromEntries(modes);
}
