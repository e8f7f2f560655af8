// Opens the stores of a folder on a full disk as a service does, and prints why that fails: in an empty
// folder, after a close, and with the log of a process that was killed. Run as a program on a small disk
// of its own, by tests/system/full_disk_test.ts.

import { systemClock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { openServedStores, type Stores } from "../../../src/edges/sqlite/stores.ts";

const ROOM_BYTES = 40 * 1024;
const [disk = ""] = Deno.args;

const open = (dataDir: string): Stores =>
  openServedStores({ dataDir, clock: systemClock, log: silentLogger });

function reasonOf(name: string): string {
  try {
    open(`${disk}/${name}`).close();
    return "opened";
  } catch (error) {
    return (error as Error).message.replace(disk, "");
  }
}

open(`${disk}/closed`).close();
const running = open(`${disk}/running`);
for (let n = 0; n < 100; n++) {
  running.favorites.set({ path: `/${n}${"x".repeat(900)}`, isFavorite: true });
}
// A copy of what a kill would leave.
Deno.mkdirSync(`${disk}/killed`, { mode: 0o700 });
for (const file of ["latchkey.sqlite", "latchkey.sqlite-wal"]) {
  Deno.copyFileSync(`${disk}/running/${file}`, `${disk}/killed/${file}`);
}
Deno.writeTextFileSync(`${disk}/killed/latchkey.lock`, "1");
for (const name of ["empty", "begun"]) Deno.mkdirSync(`${disk}/${name}`, { mode: 0o700 });
{
  using filler = Deno.openSync(`${disk}/filler`, { create: true, write: true });
  for (const bytes of [4096, 1]) {
    try {
      while (filler.writeSync(new Uint8Array(bytes)) > 0);
    } catch {
      // The disk is full.
    }
  }
}
const names = ["empty", "closed", "killed"];
const full = names.map(reasonOf);
// Room for a file, and none for all tables.
Deno.truncateSync(`${disk}/filler`, Deno.statSync(`${disk}/filler`).size - ROOM_BYTES);
full.push(reasonOf("begun"));
Deno.removeSync(`${disk}/filler`);
const opened = names.map(reasonOf);
const killed = open(`${disk}/killed`);
const kept = killed.favorites.list().length;
for (const stores of [killed, running]) stores.close();
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify({ full, opened, kept })));
