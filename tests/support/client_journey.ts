// What every client in another language is put through: its README's programs against the service
// as people run them, and many pairings.

import assert from "node:assert/strict";
import { readModes } from "../edges/sqlite/temp_folder.ts";
import { clientsOf, runProgram, startProgram, untilPlayed } from "./client_program.ts";
import { pairPhone } from "./reference_phone.ts";
import {
  callLocal,
  openPairing,
  runLatchkey,
  startService,
  withDataDir,
  withService,
} from "./service_process.ts";
import { until } from "./until.ts";

/** How many pairings a client must get through without a failure. */
export const PAIRINGS = 200;
/** The file of credentials that the READMEs name. */
const FILE = "device.json";
const LIMIT_MS = 90_000;

/** Makes the command of a program of the README, for the service at an address. */
export type CommandAt = (baseUrl: string, folder: string) => Promise<readonly string[]>;

/**
 * The first program pairs once and does not ask again; its credentials are private, `latchkey remote`
 * can use them, and a wrong PIN ends it.
 */
export async function firstProgram(commandAt: CommandAt): Promise<void> {
  await withDataDir(async (folder) => {
    await Deno.mkdir(folder);
    await withService({ settings: "encryption = true" }, async ({ baseUrl }) => {
      const command = await commandAt(baseUrl, folder);
      const pin = await openPairing(baseUrl);
      const wrong = await runProgram(command, {
        cwd: folder,
        input: `${pin === "000000" ? "000001" : "000000"}\n`,
      });
      assert.notEqual(wrong.code, 0);
      assert.match(wrong.stderr, /the PIN was wrong/i);
      assert.deepEqual(await clientsOf(baseUrl), []);

      const typed = `${pin.slice(0, 3)} ${pin.slice(3)}\n`;
      const first = await runProgram(command, { cwd: folder, input: typed });
      assert.equal(first.code, 0, first.stderr);
      assert.match(first.stdout, /PIN on the device's screen: /);
      assert.match(first.stdout, /latchkey-\d/);
      assert.equal(readModes(folder)[FILE], "600");

      const second = await runProgram(command, { cwd: folder });
      assert.equal(second.code, 0, second.stderr);
      assert.doesNotMatch(second.stdout, /PIN/);
      assert.match(second.stdout, /latchkey-\d/);
      assert.deepEqual((await clientsOf(baseUrl)).map(({ clientName }) => clientName), ["My tool"]);

      await asRemote(folder);
    });
  });
}

// The command of the project reads the file that the client wrote.
async function asRemote(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/latchkey-remotes`, { mode: 0o700 });
  await Deno.copyFile(`${folder}/${FILE}`, `${folder}/latchkey-remotes/mine.json`);
  const before = Deno.env.get("XDG_STATE_HOME");
  Deno.env.set("XDG_STATE_HOME", folder);
  try {
    const { code, stdout, stderr } = await runLatchkey("remote", "call", "mine", "version");
    assert.equal(code, 0, stderr);
    assert.match(JSON.parse(stdout).version, /^latchkey-/);
  } finally {
    if (before === undefined) Deno.env.delete("XDG_STATE_HOME");
    else Deno.env.set("XDG_STATE_HOME", before);
  }
}

/**
 * The listening program hears of another client, also after the service was away, and ends when it
 * is removed.
 */
export async function listeningProgram(first: CommandAt, listening: CommandAt): Promise<void> {
  await withDataDir(async (dataDir) => {
    const folder = `${dataDir}.program`;
    await Deno.mkdir(folder);
    let service = await startService({ dataDir });
    const { baseUrl } = service;
    const listen = new URL(baseUrl).host;
    const paired = await runProgram(await first(baseUrl, folder), {
      cwd: folder,
      input: `${await openPairing(baseUrl)}\n`,
    });
    assert.equal(paired.code, 0, paired.stderr);
    const program = startProgram(await listening(baseUrl, folder), { cwd: folder });
    const heard = (name: string): boolean => program.written().stdout.includes(name);
    // It may open its session at any moment from now on: whoever pairs is heard after that.
    const isHeard = async (name: string): Promise<boolean> => {
      const { clientId } = await pairPhone(baseUrl, { pin: await openPairing(baseUrl), name });
      await callLocal(baseUrl, "clients.delete", { clientId });
      return heard(name);
    };
    try {
      await until("it hears", () => isHeard("before"), { limitMs: LIMIT_MS, pollMs: 200 });
      assert.match(program.written().stdout, /clients\.paired/);
      await service.stop();
      service = await startService({ dataDir, listen });
      await until("it hears again", () => isHeard("after"), { limitMs: LIMIT_MS, pollMs: 200 });
      const [own] = await clientsOf(baseUrl);
      await callLocal(baseUrl, "clients.delete", { clientId: own?.clientId });
      assert.notEqual(await program.ended, 0);
      assert.match(program.written().stderr, /removed this client/);
    } finally {
      program.kill();
      await program.ended;
      await service.stop();
    }
  });
}

/** The searching program finds a game in the library and starts it. */
export async function searchingProgram(first: CommandAt, search: CommandAt): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    await Deno.mkdir(`${folder}/roms`);
    await Deno.writeTextFile(`${folder}/roms/Tetris (World).gb`, "x");
    const command = ["/bin/sh", "-c", `printf %s "$1" > ${folder}/played`, "sh", "${path}"];
    const tables = `[[library]]\nsource = "folder"\nfolder = "${folder}/roms"\n` +
      `extensions = [".gb"]\nsystem = "Gameboy"\ncommand = ${JSON.stringify(command)}\n`;
    await withService({ tables }, async ({ baseUrl }) => {
      const paired = await runProgram(await first(baseUrl, folder), {
        cwd: folder,
        input: `${await openPairing(baseUrl)}\n`,
      });
      assert.equal(paired.code, 0, paired.stderr);
      const found = await runProgram(await search(baseUrl, folder), { cwd: folder });
      assert.equal(found.code, 0, found.stderr);
      assert.match(found.stdout, /^Game ?boy Tetris/mi);
      await untilPlayed(folder);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs a program that pairs {@linkcode PAIRINGS} times with the service, in both envelopes. */
export async function manyPairings(
  commandAt: (baseUrl: string) => readonly string[],
  options: { env?: Record<string, string> } = {},
): Promise<void> {
  await withService({ settings: "encryption = true" }, async ({ baseUrl }) => {
    const { code, stdout, stderr } = await runProgram(commandAt(baseUrl), {
      cwd: new URL("../../clients/go", import.meta.url).pathname,
      env: { LATCHKEY_URL: baseUrl, LATCHKEY_PAIRINGS: `${PAIRINGS}`, ...options.env },
    });
    assert.equal(code, 0, `${stdout}${stderr}`);
    assert.match(stdout, new RegExp(`^${PAIRINGS} pairings$`, "m"));
    assert.deepEqual(await clientsOf(baseUrl), []);
  });
}
