// What the database said it keeps is kept, whenever the process is killed.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { silentLogger } from "../../src/base/log.ts";
import { DATABASE_FILE, openStores } from "../../src/edges/sqlite/stores.ts";
import { sampleClient, sampleSalt } from "../edges/sqlite/samples.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { withDataDir } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const KILLS = 20;
const WRITER = new URL("../edges/sqlite/endless_writer.ts", import.meta.url).pathname;

systemTest(`the database keeps all that it acknowledged over ${KILLS} kills`, {
  whyNot: undefined,
  run: () =>
    withDataDir(async (dataDir) => {
      const random = seededRandom(5);
      const kept: string[] = [];
      for (let i = 0; i < KILLS; i++) {
        const lines = 1 + (random(1)[0] ?? 0);
        const acknowledged = await writeUntilKilled(dataDir, { first: 1 + i * 1000, lines });
        assert.ok(acknowledged.length >= lines);
        kept.push(...acknowledged);
        assertSound(dataDir);
        assertKept(dataDir, kept);
      }
    }),
});

// One life of a writer: its acknowledgements until some lines after it was to die.
async function writeUntilKilled(
  dataDir: string,
  options: { first: number; lines: number },
): Promise<string[]> {
  const { first, lines } = options;
  const writer = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", WRITER, dataDir, String(first)],
    stdout: "piped",
  }).spawn();
  let written = "";
  let isKilled = false;
  for await (const text of writer.stdout.pipeThrough(new TextDecoderStream())) {
    written += text;
    if (isKilled || written.split("\n").length <= lines) continue;
    isKilled = true;
    writer.kill("SIGKILL");
  }
  assert.equal((await writer.status).signal, "SIGKILL");
  // A line that was cut off acknowledges nothing.
  return written.split("\n").slice(0, -1);
}

function assertSound(dataDir: string): void {
  using database = new DatabaseSync(`${dataDir}/${DATABASE_FILE}`, { readOnly: true });
  assert.deepEqual(database.prepare("PRAGMA quick_check").all().map(Object.values), [["ok"]]);
  assert.deepEqual(database.prepare("PRAGMA foreign_key_check").all(), []);
}

function assertKept(dataDir: string, kept: readonly string[]): void {
  const { clients, ledger, close } = openStores({ dataDir, log: silentLogger });
  try {
    for (const line of kept) {
      const [kind, n = "", salt = ""] = line.split(" ");
      if (kind === "client") assert.deepEqual(clients.findById(`id-${n}`), sampleClient(Number(n)));
      else assert.ok(ledger.has(`id-${n}`, sampleSalt(Number(salt))), line);
    }
  } finally {
    close();
  }
}
