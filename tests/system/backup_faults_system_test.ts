// Backup and restore where things go wrong: a process killed in the midst of it, files that are not
// what their names say, and another user's folder.

import assert from "node:assert/strict";
import { type BackupContent, encodeBackup } from "../../src/features/backup/backup_content.ts";
import { openSealedFile, sealFile } from "../../src/features/backup/sealed_file.ts";
import { concatBytes, utf8 } from "../../src/base/bytes.ts";
import { silentLogger } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { SETTINGS_FILE } from "../../src/features/settings/settings_file.ts";
import { readRecords } from "../../src/edges/sqlite/backup_store.ts";
import { DATABASE_FILE, openStores } from "../../src/edges/sqlite/stores.ts";
import { sampleClient, sampleSalt } from "../edges/sqlite/samples.ts";
import { readMode } from "../edges/sqlite/temp_folder.ts";
import { latchkey, latchkeyCommand } from "../support/backup_command.ts";
import { withDataDir, writeConfig } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const PASSPHRASE = "correct horse";
const OWN_SETTINGS = "[service]\nencryption = false\n";
const SETTINGS = "[service]\nencryption = true\n";

function contentOf(clients: number, saltsPerClient: number): BackupContent {
  const numbers = Array.from({ length: clients }, (_, at) => at + 2);
  const salts = Array.from({ length: saltsPerClient }, (_, at) => sampleSalt(at));
  return {
    createdAtMs: 1,
    program: "0.1.0",
    configText: undefined,
    settingsText: SETTINGS,
    clients: numbers.map((n) => sampleClient(n)),
    salts: numbers.map((n) => ({
      clientId: `id-${n}`,
      salts: concatBytes(...salts),
      used: saltsPerClient,
    })),
    keys: [],
    requiredKeys: [],
    removed: { clients: [], keys: [] },
    auditHead: undefined,
    favorites: [],
  };
}

/** A sealed file, and the configuration of a device with one client and settings of its own. */
async function makeDevice(
  dataDir: string,
  content: BackupContent,
): Promise<{ file: string; config: string }> {
  const file = `${dataDir}.backup`;
  const sealed = await sealFile(encodeBackup(content), {
    passphrase: PASSPHRASE,
    random: systemRandom,
  });
  await Deno.writeFile(file, sealed);
  await writeConfig({ dataDir });
  const stores = openStores({ dataDir, log: silentLogger });
  stores.clients.add(sampleClient(1));
  stores.close();
  await Deno.writeTextFile(`${dataDir}/${SETTINGS_FILE}`, OWN_SETTINGS);
  return { file, config: `${dataDir}.toml` };
}

interface State {
  clients: number;
  salts: number;
  settings: string | undefined;
}

function readIfThere(file: string): string | undefined {
  try {
    return Deno.readTextFileSync(file);
  } catch {
    return undefined;
  }
}

function stateOf(dataDir: string): State {
  const stores = openStores({ dataDir, log: silentLogger });
  try {
    const { clients, salts } = readRecords(stores.database);
    const settings = readIfThere(`${dataDir}/${SETTINGS_FILE}`);
    const count = salts.reduce((sum, own) => sum + own.salts.length / 16, 0);
    return { clients: clients.length, salts: count, settings };
  } finally {
    stores.close();
  }
}

// Kills a restore as soon as its log has so many bytes; whether it was killed before its end.
async function restoreAndKill(
  options: { dataDir: string; file: string; config: string; walBytes: number },
): Promise<boolean> {
  const { dataDir, file, config, walBytes } = options;
  const [program, ...args] = latchkeyCommand("restore", file, "--config", config);
  const child = new Deno.Command(program, {
    args,
    env: { LATCHKEY_PASSPHRASE: PASSPHRASE },
    stdin: "null",
    stdout: "null",
  }).spawn();
  let isOver = false;
  void child.status.then(() => isOver = true);
  const isTime = async (): Promise<boolean> =>
    isOver || await sizeOf(`${dataDir}/${DATABASE_FILE}-wal`) >= walBytes;
  await until("the restore writes or is over", isTime, { pollMs: 1 });
  if (!isOver) child.kill("SIGKILL");
  return (await child.status).signal === "SIGKILL";
}

async function sizeOf(path: string): Promise<number> {
  return await Deno.stat(path).then(({ size }) => size, () => 0);
}

const [CLIENTS, SALTS] = [20, 5000];
const MIB = 1024 * 1024;

systemTest("a restore that is killed has put back everything or nothing", {
  whyNot: undefined,
  run: () =>
    withDataDir(async (dataDir) => {
      const { file, config } = await makeDevice(dataDir, contentOf(CLIENTS, SALTS));
      const before: State = { clients: 1, salts: 0, settings: undefined };
      const after: State = {
        clients: CLIENTS + 1,
        salts: CLIENTS * SALTS,
        settings: SETTINGS,
      };
      await Deno.remove(`${dataDir}/${SETTINGS_FILE}`);
      let killedWithin = 0;
      for (const walBytes of [1, MIB, 2 * MIB, 4 * MIB]) {
        const isKilled = await restoreAndKill({ dataDir, file, config, walBytes });
        const state = stateOf(dataDir);
        // Records that are there already may wait for their settings, never the other way round.
        if (state.clients === before.clients) assert.deepEqual(state, before);
        else assert.deepEqual({ ...state, settings: SETTINGS }, after);
        if (isKilled && state.clients === before.clients) killedWithin += 1;
      }
      assert.ok(killedWithin > 0);
      const { code, stderr } = await latchkey(PASSPHRASE, "restore", file, "--config", config);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.deepEqual(stateOf(dataDir), after);
    }),
});

systemTest("a sealed file is not opened with any of its bytes changed", {
  whyNot: undefined,
  async run(): Promise<void> {
    const options = { passphrase: PASSPHRASE, random: systemRandom };
    const sealed = await sealFile(utf8("{}"), options);
    for (const at of sealed.keys()) {
      const flipped = sealed.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      await assert.rejects(openSealedFile(flipped, PASSPHRASE), { code: "bad_request" }, `${at}`);
    }
  },
});

/** Restores zeros without an end, with a gigabyte to do it in. */
async function restoreEndless(config: string): Promise<{ code: number; stderr: string }> {
  const command = latchkeyCommand("restore", "/dev/zero", "--config", config);
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'ulimit -d 1000000 && exec "$@"', "sh", ...command],
    env: { LATCHKEY_PASSPHRASE: PASSPHRASE },
    stdin: "null",
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("restore reads no file without an end, and needs the folder of a new configuration", async () => {
  await withDataDir(async (dataDir) => {
    const { file, config } = await makeDevice(dataDir, contentOf(1, 1));
    const before = stateOf(dataDir);
    const { code, stderr } = await restoreEndless(config);
    assert.equal(code, 1);
    assert.match(stderr, /The file is not a Latchkey backup/);
    assert.deepEqual(stateOf(dataDir), before);
    const tries: [string[], RegExp][] = [
      [[`${dataDir}`, "--config", config], /^Cannot read \S+: it is a folder$/m],
      [[file, "--config", `${dataDir}/none/c.toml`], /^Cannot write \S+c\.toml: no such folder\n$/],
    ];
    for (const [args, message] of tries) {
      const { code, stderr } = await latchkey(PASSPHRASE, "restore", ...args);
      assert.equal(code, 1);
      assert.match(stderr, message);
      assert.deepEqual(stateOf(dataDir), before);
    }
  });
});

Deno.test("restore says where a configuration would go that it was given no place for", async () => {
  await withDataDir(async (dataDir) => {
    const configText = `[service]\ndata_dir = ${JSON.stringify(dataDir)}\n`;
    const { file } = await makeDevice(dataDir, { ...contentOf(1, 1), configText });
    const [program, ...args] = latchkeyCommand("restore", file);
    const { code, stdout } = await new Deno.Command(program, {
      args,
      // Without a configuration the state is in this folder.
      env: { LATCHKEY_PASSPHRASE: PASSPHRASE, XDG_STATE_HOME: `${dataDir}2`, LATCHKEY_CONFIG: "" },
      stdin: "null",
    }).output();
    assert.equal(code, 0);
    assert.match(new TextDecoder().decode(stdout), /has a configuration too: --config FILE says/);
    assert.equal(stateOf(dataDir).clients, 1);
  });
});

const NOBODY = 65534;

systemTest("what root restores belongs to the user of the folder, but nothing outside it", {
  whyNot: Deno.uid() === 0 ? undefined : "only root can give files away",
  run: () =>
    withDataDir(async (dataDir) => {
      const { file, config } = await makeDevice(dataDir, contentOf(1, 1));
      const outside = `${dataDir}.outside`;
      await Deno.writeTextFile(outside, "root's");
      await Deno.symlink(outside, `${dataDir}/link`);
      await Deno.link(outside, `${dataDir}/hard_link`);
      await Deno.link(outside, `${dataDir}/${SETTINGS_FILE}.old`);
      await Deno.symlink(outside, `${dataDir}/${SETTINGS_FILE}.link`);
      await Deno.writeTextFile(`${dataDir}/notes.txt`, "root's");
      await Deno.chown(dataDir, NOBODY, NOBODY);
      const { code, stderr } = await latchkey(PASSPHRASE, "restore", file, "--config", config);
      assert.deepEqual([code, stderr], [0, ""]);
      const owners: Record<string, number | null> = {};
      for await (const { name } of Deno.readDir(dataDir)) {
        owners[name] = (await Deno.lstat(`${dataDir}/${name}`)).uid;
      }
      assert.deepEqual(owners, {
        [DATABASE_FILE]: NOBODY,
        "latchkey.lock": NOBODY,
        [SETTINGS_FILE]: NOBODY,
        [`${SETTINGS_FILE}.restored`]: NOBODY,
        "audit.anchor": NOBODY,
        link: 0,
        hard_link: 0,
        [`${SETTINGS_FILE}.old`]: 0,
        [`${SETTINGS_FILE}.link`]: 0,
        "notes.txt": 0,
      });
      assert.equal((await Deno.stat(outside)).uid, 0);
      assert.equal(readMode(`${dataDir}/${SETTINGS_FILE}.restored`), "600");
    }),
});
