// What keeps a log from beginning anew at the wrong moment, and what is synced when it is opened.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import {
  openWalConnections,
  type WalConnections,
} from "../../../src/edges/sqlite/wal_connections.ts";
import { FaultyFiles } from "./faulty_files.ts";
import { queryValue } from "./samples.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { withTempFolder } from "./temp_folder.ts";

const CREATE = "CREATE TABLE notes (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT";

function open(path: string, files = new FaultyFiles()): WalConnections {
  return openWalConnections({
    path,
    migrations: [CREATE],
    openFile: files.open,
    log: silentLogger,
  });
}

function write({ main }: WalConnections): void {
  main.prepare("INSERT INTO notes (text) VALUES (?)").run("x".repeat(2000));
}

Deno.test("only restartLog() starts a log anew, and with one frame", () => {
  withTempFolder((folder) => {
    const connections = open(`${folder}/a.sqlite`);
    const start = connections.logBytes();
    write(connections);
    connections.moveSnapshot();
    connections.copy();
    assert.equal(connections.isCopied(), true);
    // A second look finds nothing to copy, and must not let go of what keeps the log.
    connections.moveSnapshot();
    const before = connections.logBytes();
    write(connections);
    assert.ok(connections.logBytes() > before);
    connections.moveSnapshot();
    connections.copy();
    connections.restartLog();
    assert.equal(connections.logBytes(), start);
    assert.equal(connections.isCopied(), false);
    // The snapshot is taken again: without it, this would start the log anew once more.
    connections.copy();
    write(connections);
    assert.ok(connections.logBytes() > start);
    connections.close();
  });
});

Deno.test("restartLog() starts nothing anew while something is not copied", () => {
  withTempFolder((folder) => {
    const connections = open(`${folder}/a.sqlite`);
    write(connections);
    const before = connections.logBytes();
    connections.restartLog();
    assert.ok(connections.logBytes() > before);
    connections.close();
  });
});

/** A log that has begun anew in a file of its former length, and what is done when that is asked for. */
function restarted(path: string, onSize: () => void = () => {}): WalConnections {
  const files = new FaultyFiles();
  const connections = openWalConnections({
    path,
    migrations: [CREATE],
    openFile: (name) => {
      const file = files.open(name);
      const size = (): number => {
        onSize();
        return file.size();
      };
      return { ...file, size };
    },
    log: silentLogger,
  });
  for (let n = 0; n < 20; n++) write(connections);
  connections.moveSnapshot();
  connections.copy();
  connections.restartLog();
  return connections;
}

Deno.test("cutLog() cuts a file that is longer, and never what the log has", () => {
  withTempFolder((folder) => {
    const path = `${folder}/a.sqlite`;
    const length = (): number => Deno.statSync(`${path}-wal`).size;
    const connections = restarted(path);
    const before = length();
    connections.cutLog(before);
    assert.equal(length(), before);
    write(connections);
    // All of a log: its header and its frames.
    const needed = connections.logBytes() + 32;
    connections.cutLog(needed - 1);
    assert.equal(length(), before);
    connections.cutLog(needed);
    assert.equal(length(), needed);
    write(connections);
    connections.close();
    using later = new DatabaseSync(path);
    assert.equal(queryValue(later, "SELECT count(*) FROM notes"), 22);
  });
});

Deno.test("cutLog() leaves a log that another process has just written to", () => {
  withTempFolder((folder) => {
    const path = `${folder}/a.sqlite`;
    const connections = restarted(path, () => {
      using other = new DatabaseSync(path);
      other.exec("INSERT INTO notes (text) VALUES ('theirs')");
    });
    const before = Deno.statSync(`${path}-wal`).size;
    connections.cutLog(before / 2);
    assert.equal(Deno.statSync(`${path}-wal`).size, before);
    connections.close();
    using later = new DatabaseSync(path);
    assert.equal(queryValue(later, "SELECT count(*) FROM notes"), 21);
  });
});

Deno.test("a log that a killed process left is brought in with syncs, an empty one needs none", async () => {
  await withTempFolder(async (folder) => {
    const path = `${folder}/a.sqlite`;
    // The first one leaves what the migrations wrote.
    open(path).close();
    const files = new FaultyFiles();
    const first = open(path, files);
    assert.deepEqual(files.synced, []);
    write(first);
    for (const suffix of ["", "-wal"]) {
      // Read by another process, or SQLite's locks would be gone.
      const args = [path + suffix, `${folder}/b.sqlite${suffix}`];
      assert.ok((await new Deno.Command("cp", { args }).output()).success);
    }
    first.close();
    const left = new FaultyFiles();
    const second = open(`${folder}/b.sqlite`, left);
    assert.deepEqual(left.synced, ["now file", "now log"]);
    assert.equal(second.main.prepare("SELECT count(*) AS n FROM notes").get()?.["n"], 1);
    await second.syncLog();
    await second.syncLog();
    // The folder's entry of the log, once.
    assert.deepEqual(left.synced.slice(2), ["folder", "log", "log"]);
    second.close();
  });
});
