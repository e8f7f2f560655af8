// A backup and its way back through real files: what is written when, and what is left of a restore
// that fails.

import assert from "node:assert/strict";
import { ANCHOR_FILE } from "../../src/edges/sqlite/audit_anchor.ts";
import { createBackup, restoreBackup, type RestoreBackupOptions } from "../../src/app/backup.ts";
import type { ConfigReader } from "../../src/edges/config/config_source.ts";
import type { AuditDetails } from "../../src/features/access/audit_log.ts";
import {
  type BackupContent,
  type BackupRecords,
  encodeBackup,
} from "../../src/features/backup/backup_content.ts";
import { sealFile } from "../../src/features/backup/sealed_file.ts";
import { silentLogger } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { MAX_CLIENTS } from "../../src/features/access/client.ts";
import { SETTINGS_FILE } from "../../src/features/settings/settings_file.ts";
import { readRecords } from "../../src/edges/sqlite/backup_store.ts";
import { openStores, type Stores } from "../../src/edges/sqlite/stores.ts";
import { RELEASE_DATE } from "../../src/version.ts";
import { NO_RECORDS, sampleClient, sampleSalt } from "../edges/sqlite/samples.ts";
import { readFiles } from "../edges/sqlite/temp_folder.ts";
import { withDataDir } from "../support/service_process.ts";
import { configOf } from "../support/settings.ts";

const PASSPHRASE = "correct horse";
const SETTINGS = "[service]\nencryption = true\n";
const OTHER_SETTINGS = "[service]\nencryption = false\n";

const EMPTY: BackupContent = {
  createdAtMs: 1,
  program: "9.9.9",
  configText: undefined,
  settingsText: undefined,
  ...NO_RECORDS,
};

function withStores<Result>(dataDir: string, work: (stores: Stores) => Result): Result {
  const stores = openStores({ dataDir, log: silentLogger });
  try {
    return work(stores);
  } finally {
    stores.close();
  }
}

function recordsOf(dataDir: string): BackupRecords {
  return withStores(dataDir, ({ database }) => readRecords(database));
}

function eventsOf(dataDir: string): string[] {
  return withStores(dataDir, ({ audit }) => audit.listNewest(9).map(({ event }) => event));
}

function auditOf(dataDir: string): [string, AuditDetails][] {
  const listed = withStores(dataDir, ({ audit }) => audit.listNewest(9));
  return listed.map(({ event, details }) => [event, details]);
}

/** Restores into a folder; the owner's file there asks for encryption. */
function into(dataDir: string): Pick<RestoreBackupOptions, "configuration"> {
  const toml = `[service]\nencryption = true\ndata_dir = ${JSON.stringify(dataDir)}\n`;
  const configuration = (): ConfigReader => ({
    readWithout: () => configOf(toml),
    readWith: (overlay) => configOf(toml, overlay),
  });
  return { configuration };
}

function addClients(dataDir: string, { first, count }: { first: number; count: number }): void {
  withStores(dataDir, ({ clients, ledger }) => {
    for (let n = first; n < first + count; n++) {
      clients.add(sampleClient(n, { lastSeenAtMs: 1_800_000_000_000 + n }));
      ledger.record(`id-${n}`, sampleSalt(n));
    }
  });
}

function backUp(
  dataDir: string,
  { passphrase = PASSPHRASE, settingsText = SETTINGS } = {},
): ReturnType<typeof createBackup> {
  return createBackup({ dataDir, passphrase, configText: undefined, settingsText });
}

Deno.test("createBackup() of a stopped service and restoreBackup() into nothing", async () => {
  await withDataDir(async (dataDir) => {
    addClients(dataDir, { first: 1, count: 2 });
    const before = recordsOf(dataDir);
    const { file, clients, keys, auditAnchor } = await backUp(dataDir);
    assert.deepEqual([clients, keys, eventsOf(dataDir)], [2, 0, ["backup_created"]]);
    assert.match(await Deno.readTextFile(`${dataDir}/${ANCHOR_FILE}`), /^1:/);
    const empty = `${dataDir}2`;
    const restored = await restoreBackup({ file, passphrase: PASSPHRASE, ...into(empty) });
    assert.deepEqual([restored.clients, restored.salts], [2, 2]);
    assert.deepEqual([auditAnchor, restored.auditAnchor], [`0:${"0".repeat(64)}`, auditAnchor]);
    assert.deepEqual(recordsOf(empty), { ...before, auditHead: recordsOf(empty).auditHead });
    assert.equal(await Deno.readTextFile(`${empty}/${SETTINGS_FILE}`), SETTINGS);
    assert.deepEqual(eventsOf(empty), ["backup_restored"]);
  });
});

Deno.test("createBackup() of a running service reads what it holds and writes nothing", async () => {
  await withDataDir(async (dataDir) => {
    const stores = openStores({ dataDir, log: silentLogger });
    stores.clients.add(sampleClient(1));
    const before = readFiles(dataDir);
    const { file, clients } = await backUp(dataDir);
    assert.equal(clients, 1);
    const after = readFiles(dataDir);
    assert.deepEqual(Object.keys(after), Object.keys(before));
    // The index of the log is where readers say what they read.
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    assert.deepEqual(changed.filter((name) => !name.endsWith("-shm")), []);
    stores.close();
    assert.deepEqual(eventsOf(dataDir), []);
    const empty = `${dataDir}2`;
    await restoreBackup({ file, passphrase: PASSPHRASE, ...into(empty) });
    assert.deepEqual(recordsOf(empty).clients, recordsOf(dataDir).clients);
  });
});

Deno.test("createBackup() with a bad passphrase does nothing and tells of no backup", async () => {
  await withDataDir(async (dataDir) => {
    addClients(dataDir, { first: 1, count: 1 });
    const before = readFiles(dataDir);
    await assert.rejects(backUp(dataDir, { passphrase: "short" }), { code: "bad_request" });
    assert.deepEqual(readFiles(dataDir), before);
  });
});

const YEARS_20_MS = 20 * 365 * 86_400_000;

Deno.test("restoreBackup() keeps the backup's time, unless that was wild", async () => {
  const latestMs = Date.parse(RELEASE_DATE) + YEARS_20_MS;
  for (const [createdAtMs, markMs] of [[1234, 1234], [latestMs, latestMs], [latestMs + 1, 0]]) {
    await withDataDir(async (dataDir) => {
      const content = encodeBackup({ ...EMPTY, createdAtMs: createdAtMs ?? 0 });
      const file = await sealFile(content, { passphrase: PASSPHRASE, random: systemRandom });
      await restoreBackup({ file, passphrase: PASSPHRASE, ...into(dataDir) });
      assert.equal(withStores(dataDir, ({ timeMark }) => timeMark.read()), markMs);
    });
  }
});

Deno.test("a backup has the latest time that the device has kept, where its clock is behind", async () => {
  const markMs = Date.now() + 3_600_000;
  await withDataDir(async (dataDir) => {
    const stores = openStores({ dataDir, log: silentLogger });
    stores.timeMark.write(markMs);
    const running = await backUp(dataDir);
    stores.close();
    const stopped = await backUp(dataDir);
    for (const [name, { file }] of Object.entries({ running, stopped })) {
      const folder = `${dataDir}-${name}`;
      const { createdAtMs } = await restoreBackup({
        file,
        passphrase: PASSPHRASE,
        ...into(folder),
      });
      assert.equal(createdAtMs, markMs);
      assert.equal(withStores(folder, ({ timeMark }) => timeMark.read()), markMs);
    }
  });
});

const OPEN_SETTINGS =
  '[service]\nencryption = false\n[security]\nallowed_ips = ["10.0.0.0/8"]\nallow_run = [".*"]\n';

Deno.test("restoreBackup() opens no door that the device's own settings closed", async () => {
  await withDataDir(async (dataDir) => {
    addClients(dataDir, { first: 1, count: 1 });
    const { file } = await backUp(dataDir, { settingsText: OPEN_SETTINGS });
    const place = `${dataDir}/${SETTINGS_FILE}`;
    for (const own of [SETTINGS, ""]) {
      await Deno.writeTextFile(place, own);
      const options = { file, passphrase: PASSPHRASE, ...into(dataDir) };
      const { settings, changedSettings } = await restoreBackup(options);
      const besideIt = `${place}.restored`;
      assert.deepEqual(settings, { kind: "kept", file: place, besideIt, text: OPEN_SETTINGS });
      assert.deepEqual(changedSettings, []);
      assert.equal(await Deno.readTextFile(place), own);
      assert.equal(await Deno.readTextFile(besideIt), OPEN_SETTINGS);
      assert.equal(((await Deno.stat(besideIt)).mode ?? 0) & 0o777, 0o600);
    }
    const restored = ["backup_restored", "backup_restored"];
    assert.deepEqual(eventsOf(dataDir), ["backup_created", ...restored]);
  });
});

Deno.test("restoreBackup() takes the settings where the device has none, and the audit log has each", async () => {
  await withDataDir(async (dataDir) => {
    addClients(dataDir, { first: 1, count: 1 });
    const { file } = await backUp(dataDir, { settingsText: OPEN_SETTINGS });
    const options = { file, passphrase: PASSPHRASE, ...into(dataDir) };
    const first = await restoreBackup(options);
    assert.equal(first.settings?.kind, "taken");
    const names = ["encryption", "allowedIps", "allowRun"];
    assert.deepEqual(first.changedSettings.toSorted(), names.toSorted());
    assert.equal(await Deno.readTextFile(`${dataDir}/${SETTINGS_FILE}`), OPEN_SETTINGS);
    const changes = auditOf(dataDir).filter(([event]) => event === "settings_changed");
    assert.deepEqual(changes.map(([, details]) => details), [
      { setting: "encryption", from: "true", to: "false", by: "restore" },
      { setting: "allowedIps", from: "[]", to: '["10.0.0.0/8"]', by: "restore" },
      { setting: "allowRun", from: "[]", to: '[".*"]', by: "restore" },
    ]);
    // What is there already is no change.
    const second = await restoreBackup(options);
    assert.deepEqual([second.settings?.kind, second.changedSettings], ["same", []]);
    assert.equal(auditOf(dataDir).length, changes.length + 3);
    assert.throws(() => Deno.statSync(`${dataDir}/${SETTINGS_FILE}.restored`), {
      name: "NotFound",
    });
  });
});

Deno.test("restoreBackup() that would make too many clients leaves the settings alone", async () => {
  await withDataDir(async (dataDir) => {
    addClients(dataDir, { first: 100, count: 2 });
    const { file } = await backUp(dataDir);
    const full = `${dataDir}2`;
    addClients(full, { first: 1, count: MAX_CLIENTS - 1 });
    await Deno.writeTextFile(`${full}/${SETTINGS_FILE}`, OTHER_SETTINGS);
    const before = recordsOf(full);
    const names = Object.keys(readFiles(full));
    await assert.rejects(restoreBackup({ file, passphrase: PASSPHRASE, ...into(full) }), {
      code: "conflict",
    });
    assert.deepEqual(recordsOf(full), before);
    assert.equal(await Deno.readTextFile(`${full}/${SETTINGS_FILE}`), OTHER_SETTINGS);
    assert.deepEqual(Object.keys(readFiles(full)), names);
  });
});

Deno.test("restoreBackup() that cannot write the settings leaves the records alone", async () => {
  await withDataDir(async (dataDir) => {
    addClients(dataDir, { first: 1, count: 1 });
    const { file } = await backUp(dataDir);
    const other = `${dataDir}2`;
    addClients(other, { first: 5, count: 1 });
    const before = recordsOf(other);
    // Not even root can write a file where a folder is.
    await Deno.mkdir(`${other}/${SETTINGS_FILE}.restored`);
    await assert.rejects(restoreBackup({ file, passphrase: PASSPHRASE, ...into(other) }));
    assert.deepEqual(recordsOf(other), before);
    assert.deepEqual(eventsOf(other), []);
  });
});

const UNUSABLE: [string, { configText?: string; settingsText?: string }][] = [
  ["a configuration", { configText: "[service]\nencrpytion = true\n" }],
  ["settings", { settingsText: "[service]\nlisten = 5\n" }],
];
for (const [what, texts] of UNUSABLE) {
  Deno.test(`restoreBackup() refuses ${what} of a backup that cannot be used, and touches nothing`, async () => {
    await withDataDir(async (dataDir) => {
      const content = encodeBackup({ ...EMPTY, ...texts });
      const file = await sealFile(content, { passphrase: PASSPHRASE, random: systemRandom });
      await assert.rejects(
        restoreBackup({ file, passphrase: PASSPHRASE, ...into(dataDir) }),
        { code: "bad_request", message: "The backup's settings cannot be used by this version" },
      );
      assert.throws(() => Deno.statSync(dataDir), { name: "NotFound" });
    });
  });
}
