// What the doctor sees of real folders, programs, databases and displays, and that it leaves every
// byte of them as it was.

import assert from "node:assert/strict";
import type { ActionSettings } from "../../../src/features/actions/action_settings.ts";
import { lookAtActions } from "../../../src/edges/doctor/action_look.ts";
import { lookAtDatabase, MAX_CHECKED_BYTES } from "../../../src/edges/doctor/database_look.ts";
import { lookAtDisplays } from "../../../src/edges/doctor/display_look.ts";
import {
  findLockHolder,
  isWritableFolder,
  lookAtFolder,
  lookAtProgram,
} from "../../../src/edges/doctor/file_look.ts";
import { DATABASE_FORM, diagnose, probesOfThisMachine } from "../../../src/app/diagnose.ts";
import { openFramebuffer } from "../../../src/edges/platform/framebuffer_device.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { parseConfig } from "../../../src/edges/config/config.ts";
import type { DisplaySettings } from "../../../src/features/screen/display_settings.ts";
import { MIGRATIONS } from "../../../src/edges/sqlite/migrations.ts";
import { DATABASE_FILE, openStores } from "../../../src/edges/sqlite/stores.ts";
import { DatabaseSync } from "node:sqlite";
import { readFiles } from "../../edges/sqlite/temp_folder.ts";
import { FakeClock } from "../../support/fake_clock.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const OWNER = { uid: Deno.uid() ?? -1, gids: [] };
const OTHER = { uid: 54321, gids: [] };

Deno.test("lookAtFolder() tells folders, files and what is not there apart", async () => {
  await withFolder(async (folder) => {
    await Deno.chmod(folder, 0o1755);
    const { state } = await lookAtFolder(folder, OWNER);
    assert.ok(state.kind === "folder");
    assert.equal(state.mode, 0o1755);
    assert.equal(state.ownerUid, Deno.uid());
    assert.ok(state.freeBytes > 0);
    assert.equal(state.isReadOnly, false);
    assert.equal(state.foreignName, undefined);
    await Deno.mkdir(`${folder}/own`);
    await Deno.writeTextFile(`${folder}/own/latchkey.sqlite-wal`, "");
    assert.partialDeepStrictEqual((await lookAtFolder(`${folder}/own`, OWNER)).state, {
      foreignName: undefined,
    });
    await Deno.remove(`${folder}/own`, { recursive: true });
    await Deno.writeTextFile(`${folder}/file`, "");
    assert.partialDeepStrictEqual((await lookAtFolder(folder, OWNER)).state, {
      foreignName: "file",
    });
    assert.deepEqual((await lookAtFolder(`${folder}/file`, OWNER)).state, { kind: "not_a_folder" });
    const missing = await lookAtFolder(`${folder}/a/b`, OWNER);
    assert.deepEqual(missing.state, { kind: "missing", canCreate: true });
    const byOther = await lookAtFolder(`${folder}/a/b`, OTHER);
    assert.deepEqual(byOther, {
      path: `${folder}/a/b`,
      uid: 54321,
      state: { kind: "missing", canCreate: false },
    });
    const behindFile = await lookAtFolder(`${folder}/file/a/b`, OWNER);
    assert.deepEqual(behindFile.state, { kind: "missing", canCreate: false });
    assert.deepEqual(namesIn(folder), ["file"]);
  });
});

Deno.test("isWritableFolder() is false for files and for what is not there", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    assert.equal(await isWritableFolder(folder, OWNER), true);
    assert.equal(await isWritableFolder(`${folder}/file`, OWNER), false);
    assert.equal(await isWritableFolder(`${folder}/none`, OWNER), false);
    await Deno.chmod(folder, 0o755);
    assert.equal(await isWritableFolder(folder, OTHER), false);
    await Deno.chmod(folder, 0o756);
    assert.equal(await isWritableFolder(folder, OTHER), false);
    await Deno.chmod(folder, 0o757);
    assert.equal(await isWritableFolder(folder, OTHER), true);
  });
});

Deno.test("lookAtProgram() finds programs as the system does", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/bin`);
    await Deno.writeTextFile(`${folder}/bin/tv`, "", { mode: 0o755 });
    await Deno.writeTextFile(`${folder}/bin/notes`, "", { mode: 0o644 });
    await Deno.mkdir(`${folder}/bin/folder`);
    const searchPath = `${folder}:${folder}/bin:`;
    const look = (program: string, identity = OWNER): Promise<string> =>
      lookAtProgram(program, { cwd: folder, searchPath, identity });
    await Deno.writeTextFile(`${folder}/bin/mine`, "", { mode: 0o700 });
    assert.equal(await look("mine"), "executable");
    assert.equal(await look("mine", OTHER), "not_executable");
    assert.equal(await look(`${folder}/bin/tv`), "executable");
    assert.equal(await look("tv"), "executable");
    assert.equal(await look("bin/tv"), "executable");
    assert.equal(await look("./tv"), "missing");
    assert.equal(await look("notes"), "not_executable");
    assert.equal(await look(`${folder}/bin/folder`), "not_executable");
    assert.equal(await look("radio"), "missing");
    assert.equal(await look(`${folder}/bin/tv/tv`), "missing");
  });
});

Deno.test("findLockHolder() finds the process that holds a folder, and only while it does", async () => {
  await withFolder(async (folder) => {
    assert.deepEqual(await findLockHolder(folder), { kind: "nobody" });
    const stores = openStores({ dataDir: folder, log: silentLogger });
    assert.deepEqual(await findLockHolder(folder), { kind: "process", pid: Deno.pid });
    // What another process says of itself does not count.
    await Deno.writeTextFile(`${folder}/latchkey.lock`, "1");
    assert.deepEqual(await findLockHolder(folder), { kind: "unknown" });
    stores.close();
    assert.deepEqual(await findLockHolder(folder), { kind: "nobody" });
  });
});

const READ = { kind: "read", verdict: "ok", version: MIGRATIONS.length } as const;

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

async function lookUnseen(folder: string): ReturnType<typeof lookAtDatabase> {
  const before = readFiles(folder);
  const look = await lookAtDatabase(folder, DATABASE_FORM);
  assert.deepEqual(readFiles(folder), before);
  return look;
}

function makeDatabase(folder: string): string {
  openStores({ dataDir: folder, log: silentLogger }).close();
  return `${folder}/${DATABASE_FILE}`;
}

Deno.test("lookAtDatabase() reads a closed database and leaves nothing behind", async () => {
  await withFolder(async (folder) => {
    assert.deepEqual((await lookUnseen(folder)).facts.state, { kind: "none" });
    assert.deepEqual((await lookUnseen(folder)).keys, []);
    makeDatabase(folder);
    const { facts: { state }, keys } = await lookUnseen(folder);
    assert.ok(state.kind === "read");
    assert.partialDeepStrictEqual(state, { ...READ, hasOwnTables: true });
    assert.deepEqual(keys, []);
  });
});

Deno.test("lookAtDatabase() reads what only the log has, and leaves log and index as they are", async () => {
  await withFolder(async (folder) => {
    const live = `${folder}/live`;
    const left = `${folder}/left`;
    await Promise.all([Deno.mkdir(live), Deno.mkdir(left)]);
    const stores = openStores({ dataDir: live, log: silentLogger });
    stores.keys.add({
      keyId: "abcd1234",
      name: "x",
      secretHash: new Uint8Array(32),
      scopes: ["models"],
      models: undefined,
      createdAtMs: 1,
      expiresAtMs: undefined,
      lastUsedAtMs: undefined,
      revokedAtMs: undefined,
    });
    // As a process leaves its files that is killed.
    await Promise.all(
      namesIn(live).map((name) => Deno.copyFile(`${live}/${name}`, `${left}/${name}`)),
    );
    stores.close();
    const { facts, keys } = await lookUnseen(left);
    assert.partialDeepStrictEqual(facts.state, READ);
    assert.deepEqual(keys?.map(({ keyId }) => keyId), ["abcd1234"]);
    await Deno.remove(`${left}/${DATABASE_FILE}-shm`);
    assert.deepEqual((await lookUnseen(left)).facts.state, { kind: "unfinished" });
    await Deno.remove(`${left}/${DATABASE_FILE}`);
    const { facts: { state } } = await lookUnseen(left);
    assert.partialDeepStrictEqual(state, { kind: "unreadable", isDamage: true });
  });
});

Deno.test("lookAtDatabase() leaves a transaction that was cut short to the service", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${makeDatabase(folder)}-journal`, "journal");
    assert.deepEqual((await lookUnseen(folder)).facts.state, { kind: "unfinished" });
  });
});

Deno.test("lookAtDatabase() finds damage in the middle and files that are no database", async () => {
  await withFolder(async (folder) => {
    const path = makeDatabase(folder);
    const bytes = await Deno.readFile(path);
    const damaged = bytes.slice();
    damaged.fill(0xff, 4096, 4096 + 64);
    const isDamage = async (content: Uint8Array): Promise<boolean> => {
      await Deno.writeFile(path, content);
      const { facts: { state }, keys } = await lookUnseen(folder);
      assert.equal(keys, undefined);
      return state.kind === "unreadable" ? state.isDamage : state.kind === "read" &&
        state.verdict !== "ok";
    };
    assert.equal(await isDamage(damaged), true);
    assert.equal(await isDamage(new TextEncoder().encode("no database ".repeat(1000))), true);
    assert.equal(await isDamage(new Uint8Array(1)), true);
    assert.equal(await isDamage(bytes.slice(0, 5000)), true);
  });
});

Deno.test("lookAtDatabase() tells versions and foreign tables", async () => {
  await withFolder(async (folder) => {
    const path = makeDatabase(folder);
    const change = async (sql: string): ReturnType<typeof lookAtDatabase> => {
      const database = new DatabaseSync(path);
      database.exec(sql);
      database.close();
      return await lookUnseen(folder);
    };
    const newer = await change("PRAGMA user_version = 99");
    assert.partialDeepStrictEqual(newer.facts.state, { version: 99, hasOwnTables: true });
    assert.equal(newer.keys, undefined);
    const foreign = await change(`PRAGMA user_version = ${MIGRATIONS.length}; DROP TABLE salts`);
    assert.partialDeepStrictEqual(foreign.facts.state, { verdict: "ok", hasOwnTables: false });
    assert.equal(foreign.keys, undefined);
  });
});

Deno.test("lookAtDatabase() reads no more than it can in time", async () => {
  await withFolder(async (folder) => {
    const path = makeDatabase(folder);
    await Deno.truncate(path, MAX_CHECKED_BYTES + 1);
    const { facts: { state } } = await lookAtDatabase(folder, DATABASE_FORM);
    assert.deepEqual(state, { kind: "too_large", bytes: MAX_CHECKED_BYTES + 1 });
    await Deno.truncate(path, MAX_CHECKED_BYTES);
    assert.notEqual((await lookAtDatabase(folder, DATABASE_FORM)).facts.state.kind, "too_large");
  });
});

Deno.test("lookAtActions() goes by each action's own folder and search path", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/tv`, "", { mode: 0o755 });
    const action = {
      name: "tv",
      match: "tv",
      command: ["tv", "$0"],
      cwd: undefined,
      env: {},
      exclusive: true,
      passEnv: [],
      allowOptions: false,
      system: undefined,
      title: undefined,
    };
    const look = async (change: Partial<ActionSettings>): Promise<unknown> => {
      const options = { searchPath: "/none", identity: OWNER };
      const { actions, problems } = await lookAtActions([{ ...action, ...change }], options);
      return [actions[0]?.state, ...problems];
    };
    assert.deepEqual(await look({}), ["missing"]);
    assert.deepEqual(await look({ env: { PATH: `/none:${folder}` } }), ["executable"]);
    assert.deepEqual(await look({ command: ["./tv"], cwd: folder }), ["executable"]);
    assert.deepEqual(await look({ command: [`${folder}/tv`], cwd: "/none" }), [
      "executable",
      "action tv: /none is no folder",
    ]);
    const [, problem] = await look({ match: "(" }) as string[];
    assert.match(problem ?? "", /^action tv: match: /);
  });
});

Deno.test("probesOfThisMachine() tells of keys in force alone", async () => {
  await withFolder(async (folder) => {
    const nowMs = Date.UTC(2026, 0, 31);
    const stores = openStores({ dataDir: folder, log: silentLogger });
    const key = {
      name: "x",
      secretHash: new Uint8Array(32),
      scopes: ["models" as const],
      models: undefined,
      createdAtMs: 1,
      lastUsedAtMs: undefined,
      revokedAtMs: undefined,
    };
    stores.keys.add({ ...key, keyId: "inforce1", expiresAtMs: nowMs + 1 });
    stores.keys.add({ ...key, keyId: "endless1", expiresAtMs: undefined });
    stores.keys.add({ ...key, keyId: "ended001", expiresAtMs: nowMs });
    stores.keys.add({ ...key, keyId: "revoked1", expiresAtMs: undefined });
    stores.keys.revoke("revoked1", 2);
    stores.keys.add({ ...key, keyId: "events01", scopes: ["events"], expiresAtMs: undefined });
    // The clock stands before what the device has seen.
    stores.timeMark.write(nowMs);
    stores.close();
    const text = `[service]\ndata_dir = "${folder}"\nlisten = "127.0.0.1:0"\n`;
    const probes = probesOfThisMachine({
      config: parseConfig(text, { file: "x", env: { isRoot: false } }),
      configFile: "x",
      configProblems: [],
      clock: new FakeClock(nowMs - 1),
    });
    const { signal } = new AbortController();
    const { keys, required } = await probes.keys(signal);
    assert.deepEqual(required, ["events"]);
    assert.deepEqual(keys.map(({ keyId }) => keyId).sort(), ["endless1", "events01", "inforce1"]);
    const { scopes } = await probes.models(signal);
    assert.deepEqual([...scopes ?? []].sort(), ["events", "models", "models"]);
  });
});

Deno.test("probesOfThisMachine() opens the panel of the configuration", async () => {
  await withFolder(async (folder) => {
    const panel = { framebuffer: `${folder}/fb0`, sysfs: `${folder}/sysfs` };
    await Deno.writeFile(panel.framebuffer, new Uint8Array(64 * 64 * 2));
    await Deno.mkdir(panel.sysfs);
    await Deno.writeTextFile(`${panel.sysfs}/virtual_size`, "64,64\n");
    await Deno.writeTextFile(`${panel.sysfs}/bits_per_pixel`, "16\n");
    const text = `[service]\ndata_dir = "${folder}"\nlisten = "127.0.0.1:0"\n[display]\n` +
      `kind = "framebuffer"\nframebuffer = "${folder}/fb0"\nsysfs = "${folder}/sysfs"\n`;
    const probes = probesOfThisMachine({
      config: parseConfig(text, { file: "x", env: { isRoot: false } }),
      configFile: "x",
      configProblems: [],
      clock: new FakeClock(),
    });
    const { displays } = await probes.display(new AbortController().signal);
    assert.deepEqual(displays, [
      { kind: "framebuffer", shows: "framebuffer 64x64 rgb565", problem: undefined },
    ]);
  });
});

Deno.test("diagnose() skips what needs a configuration where there is none", async () => {
  const results = await diagnose({
    config: undefined,
    configFile: "x",
    configProblems: ["Cannot read x: no such file"],
  });
  const codes = results.filter(({ status }) => status !== "skip").map(({ code }) => code);
  assert.deepEqual(codes, ["config", "clock", "pairing_time"]);
});

const DISPLAY: DisplaySettings = {
  kind: [],
  framebuffer: "/none/fb0",
  sysfs: "/none/sysfs",
  console: "",
  pixelFormat: "auto",
  rotate: 0,
  command: ["tv"],
  file: "/none/pin.png",
};

const NO_FRONTENDS = { installed: () => [], answers: () => Promise.resolve(false) };
const NOBODY = (): Promise<undefined> => Promise.resolve(undefined);

Deno.test("lookAtDisplays() says which frontends show the PIN beside the panel", async () => {
  const options = {
    hasTerminal: true,
    searchPath: "",
    identity: OWNER,
    openFramebuffer,
    frontends: {
      installed: () => ["emulationstation", "retroarch"] as const,
      answers: (kind: string) => Promise.resolve(kind === "emulationstation"),
    },
    findScreenOwner: NOBODY,
  };
  const settings = { ...DISPLAY, framebuffer: "/dev/no-panel" };
  const kinds = ["auto", "emulationstation", "retroarch"] as const;
  const { displays } = await lookAtDisplays({ ...settings, kind: kinds }, options);
  assert.deepEqual(displays.map(({ shows, problem }) => shows ?? problem), [
    "terminal and a line in emulationstation",
    "a line in emulationstation",
    "no retroarch answers that shows lines",
  ]);
});

Deno.test("lookAtDisplays() opens what is there and changes none of it", async () => {
  await withFolder(async (folder) => {
    const panel = { framebuffer: `${folder}/fb0`, sysfs: `${folder}/sysfs` };
    await Deno.writeFile(panel.framebuffer, new Uint8Array(64 * 64 * 2).fill(7));
    await Deno.mkdir(panel.sysfs);
    await Deno.writeTextFile(`${panel.sysfs}/virtual_size`, "64,64\n");
    await Deno.writeTextFile(`${panel.sysfs}/bits_per_pixel`, "16\n");
    await Deno.writeTextFile(`${folder}/tv`, "", { mode: 0o755 });
    const settings: DisplaySettings = {
      ...DISPLAY,
      ...panel,
      kind: ["framebuffer", "auto", "terminal", "command", "file", "none"],
      file: `${folder}/pin.png`,
    };
    const options = {
      hasTerminal: false,
      searchPath: folder,
      identity: OWNER,
      openFramebuffer,
      frontends: NO_FRONTENDS,
      findScreenOwner: NOBODY,
    };
    const { displays } = await lookAtDisplays(settings, options);
    assert.deepEqual(displays.map(({ shows }) => shows), [
      "framebuffer 64x64 rgb565",
      "framebuffer 64x64 rgb565",
      "terminal",
      "command tv",
      `file ${folder}/pin.png`,
      undefined,
    ]);
    assert.ok(displays.every(({ problem }) => problem === undefined));
    assert.ok((await Deno.readFile(panel.framebuffer)).every((byte) => byte === 7));
    assert.deepEqual(namesIn(folder), ["fb0", "sysfs", "tv"]);
  });
});

Deno.test("lookAtDisplays() says what is wrong with each", async () => {
  await withFolder(async (folder) => {
    const options = {
      hasTerminal: false,
      searchPath: folder,
      identity: OWNER,
      openFramebuffer,
      frontends: NO_FRONTENDS,
      findScreenOwner: NOBODY,
    };
    const kinds = ["framebuffer", "command", "file"] as const;
    const { displays } = await lookAtDisplays({ ...DISPLAY, kind: kinds }, options);
    assert.deepEqual(displays.map(({ problem }) => problem), [
      "Cannot use framebuffer /none/fb0: /none/sysfs/virtual_size cannot be read",
      "tv is not there",
      "/none is no folder to write into",
    ]);
    const asFolder = await lookAtDisplays({ ...DISPLAY, kind: ["file"], file: folder }, options);
    assert.deepEqual(asFolder.displays[0]?.problem, `${folder} is a folder`);
    await Deno.writeTextFile(`${folder}/tv`, "", { mode: 0o644 });
    const asText = await lookAtDisplays({ ...DISPLAY, kind: ["command"] }, options);
    assert.equal(asText.displays[0]?.problem, "tv is not executable");
  });
});

Deno.test("lookAtDisplays() takes a terminal for auto only where the service has one", async () => {
  const look = async (hasTerminal: boolean): Promise<unknown> =>
    (await lookAtDisplays({ ...DISPLAY, kind: ["auto"] }, {
      hasTerminal,
      searchPath: "",
      identity: OWNER,
      openFramebuffer,
      frontends: NO_FRONTENDS,
      findScreenOwner: NOBODY,
    })).displays[0];
  assert.deepEqual(await look(true), { kind: "auto", shows: "terminal", problem: undefined });
  assert.deepEqual(await look(false), { kind: "auto", shows: undefined, problem: undefined });
});
