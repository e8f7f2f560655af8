// Opens the stores of a folder, fills the disk that it lies on, and prints what each write is refused
// with. Run as a program on a small disk of its own, by tests/system/full_disk_test.ts.

import { silentLogger } from "../../../src/base/log.ts";
import { openStores } from "../../../src/edges/sqlite/stores.ts";
import { sampleClient, sampleSalt } from "./samples.ts";

// More frames than a block has room for.
const MAX_MARKS = 1000;

const [dataDir = ""] = Deno.args;
const stores = openStores({ dataDir, log: silentLogger });
stores.clients.add(sampleClient(1));
using filler = Deno.openSync(`${dataDir}/latchkey.sqlite.filler`, { create: true, write: true });
for (const bytes of [4096, 1]) {
  try {
    while (filler.writeSync(new Uint8Array(bytes)) > 0);
  } catch {
    // The disk is full.
  }
}
// The last block of the log may have room for a few frames more.
try {
  for (let ms = 1; ms < MAX_MARKS; ms++) stores.timeMark.write(ms);
} catch {
  // Now it has none.
}
const key = {
  keyId: "abcdefgh",
  name: "script",
  secretHash: new Uint8Array(32),
  scopes: ["rpc"],
  models: undefined,
  createdAtMs: 1,
  expiresAtMs: undefined,
  lastUsedAtMs: undefined,
  revokedAtMs: undefined,
} as const;
const refusals: string[] = [];
const writes = [
  () => stores.keys.add(key),
  () => void stores.ledger.record("id-1", sampleSalt(1)),
  () => stores.usageOutbox.put({ batchId: "b", entries: [] }),
];
for (const write of writes) {
  try {
    write();
    refusals.push("kept");
  } catch (error) {
    refusals.push((error as Error).message);
  }
}
filler.truncateSync(0);
stores.keys.add(key);
Deno.stdout.writeSync(
  new TextEncoder().encode(JSON.stringify([...refusals, stores.keys.list().length])),
);
stores.close();
