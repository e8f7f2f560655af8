// A device is backed up, wiped and restored: its phone goes on, and what was recorded before is still
// refused. A file or passphrase that is not right touches nothing.

import assert from "node:assert/strict";
import { latchkey, latchkeyCommand } from "../support/backup_command.ts";
import {
  connectPhone,
  openSocket,
  pairPhone,
  type PhonePairing,
} from "../support/reference_phone.ts";
import type { ReferenceMessage } from "../support/reference_protocol.ts";
import { callLocal, openPairing, startService, withDataDir } from "../support/service_process.ts";
import { readFiles } from "../edges/sqlite/temp_folder.ts";

const PASSPHRASE = "correct horse";

interface Device {
  dataDir: string;
  config: string;
  file: string;
  phone: PhonePairing;
  recorded: ReferenceMessage;
  recordedLater: ReferenceMessage;
}

/** Lets a phone talk to the device; its first frame as anybody on the network could record it. */
async function recordFirstFrame(baseUrl: string, phone: PhonePairing): Promise<ReferenceMessage> {
  const connection = await connectPhone(baseUrl, phone);
  await connection.call("version");
  await connection.close();
  assert.ok(connection.firstFrame);
  return connection.firstFrame;
}

/** A device with a phone that has talked to it, backed up while it runs. */
async function backedUpDevice(dataDir: string): Promise<Device> {
  const [config, file] = [`${dataDir}.toml`, `${dataDir}.backup`];
  const service = await startService({ dataDir, settings: "# mine" });
  try {
    const pin = await openPairing(service.baseUrl);
    const phone = await pairPhone(service.baseUrl, { pin });
    const recorded = await recordFirstFrame(service.baseUrl, phone);
    await callLocal(service.baseUrl, "settings.update", { allowedIps: ["10.0.0.0/8"] });
    const made = await latchkey(PASSPHRASE, "backup", file, "--config", config);
    assert.deepEqual([made.code, made.stderr], [0, ""]);
    assert.match(
      made.stdout,
      /: 1 client, 0 API keys\.\nThe audit log was at \d+:[0-9a-f]{64}\n\(.*--anchor.*\)\.\n$/,
    );
    const recordedLater = await recordFirstFrame(service.baseUrl, phone);
    return { dataDir, config, file, phone, recorded, recordedLater };
  } finally {
    assert.equal(await service.stop(), 0);
  }
}

/** How many messages come back to a recording, whose sender leaves with the first. */
async function answersTo(baseUrl: string, recording: ReferenceMessage): Promise<number> {
  const socket = await openSocket(baseUrl);
  const closed = new Promise((resolve) => socket.onclose = resolve);
  let answers = 0;
  socket.onmessage = () => {
    answers += 1;
    socket.close();
  };
  socket.send(recording);
  await closed;
  return answers;
}

Deno.test("after a backup, a wipe and a restore the phone goes on and no recording does", async () => {
  await withDataDir(async (dataDir) => {
    const { config, file, phone, recorded, recordedLater } = await backedUpDevice(dataDir);
    const { mode } = await Deno.stat(file);
    assert.equal((mode ?? 0) & 0o777, 0o600);
    const text = await Deno.readTextFile(config);
    await Deno.remove(dataDir, { recursive: true });
    await Deno.remove(config);

    const restored = await latchkey(PASSPHRASE, "restore", file, "--config", config);
    assert.deepEqual([restored.code, restored.stderr], [0, ""]);
    assert.match(restored.stdout, /: 1 client, 0 API keys and 1 used salt were missing here\.\n/);
    const own = `${dataDir}/settings.toml`;
    assert.ok(
      restored.stdout.includes(`Wrote the backup's changed settings to ${own}: allowedIps.\n`),
    );
    assert.equal(await Deno.readTextFile(config), text);

    const service = await startService({ dataDir, settings: "# mine" });
    try {
      assert.equal(await answersTo(service.baseUrl, recorded), 0);
      // Not so what was recorded after the backup: it opens a session, once (docs/security.md).
      assert.equal(await answersTo(service.baseUrl, recordedLater), 1);
      assert.equal(await answersTo(service.baseUrl, recordedLater), 0);
      const connection = await connectPhone(service.baseUrl, phone);
      assert.ok(await connection.call("version"));
      await connection.close();
      const settings = await callLocal(service.baseUrl, "settings") as Record<string, unknown>;
      assert.deepEqual(settings["allowedIps"], ["10.0.0.0/8"]);
      const { entries } = await callLocal(service.baseUrl, "audit", {}) as {
        entries: { event: string }[];
      };
      assert.equal(entries[0]?.event, "backup_restored");
      const running = await latchkey(PASSPHRASE, "restore", file, "--config", config);
      assert.equal(running.code, 1);
      assert.match(running.stderr, /another latchkey .* is running on it\. Stop the service first/);
    } finally {
      assert.equal(await service.stop(), 0);
    }
  });
});

Deno.test("a wrong passphrase or a damaged file touches nothing", async () => {
  await withDataDir(async (dataDir) => {
    const { config, file } = await backedUpDevice(dataDir);
    const before = readFiles(dataDir);
    const sealed = await Deno.readFile(file);
    const tries: [string, Uint8Array, RegExp][] = [
      ["wrong horse", sealed, /passphrase is wrong, or the backup is damaged/],
      ["short", sealed, /Passphrase: expected 8 to 1024 characters/],
      [PASSPHRASE, sealed.slice(0, -1), /passphrase is wrong, or the backup is damaged/],
      [PASSPHRASE, sealed.slice(0, 20), /it is truncated/],
      [PASSPHRASE, new Uint8Array(100), /not a Latchkey backup/],
    ];
    for (const [passphrase, bytes, message] of tries) {
      await Deno.writeFile(`${file}.x`, bytes);
      const refused = await latchkey(passphrase, "restore", `${file}.x`, "--config", config);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, message);
      assert.doesNotMatch(refused.stderr, /horse|at file/);
      assert.deepEqual(readFiles(dataDir), before);
    }
    // Into a folder that is not there nothing is written either.
    await Deno.remove(dataDir, { recursive: true });
    await latchkey("wrong horse", "restore", file, "--config", config);
    await assert.rejects(Deno.stat(dataDir), { name: "NotFound" });
  });
});

Deno.test("backup and restore say what they want, and write over nothing", async () => {
  await withDataDir(async (dataDir) => {
    const { config, file } = await backedUpDevice(dataDir);
    const sealed = await Deno.readFile(file);
    const again = await latchkey(PASSPHRASE, "backup", file, "--config", config);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /is there already: name another file, or use --force/);
    assert.deepEqual(await Deno.readFile(file), sealed);
    const forced = await latchkey(PASSPHRASE, "backup", file, "--force", "--config", config);
    assert.equal(forced.code, 0);
    assert.notDeepEqual(await Deno.readFile(file), sealed);
    assert.equal((await latchkey(PASSPHRASE, "backup", "--config", config)).code, 2);
    assert.equal((await latchkey(PASSPHRASE, "restore")).code, 2);
    assert.match(
      (await latchkey(PASSPHRASE, "restore", "/nowhere/x", "--config", config)).stderr,
      /Cannot read \/nowhere\/x: no such file/,
    );
    await Deno.writeTextFile(config, `${await Deno.readTextFile(config)}\n# other\n`);
    const kept = await latchkey(PASSPHRASE, "restore", file, "--config", config);
    assert.match(kept.stdout, /Left \S+ as it is; the backup's is in \S+\.toml\.restored\.\n/);
    assert.match(await Deno.readTextFile(config), /# other\n$/);
    const own = `${dataDir}/settings.toml`;
    assert.doesNotMatch(kept.stdout, /settings/);
    await Deno.writeTextFile(own, "");
    const closed = await latchkey(PASSPHRASE, "restore", file, "--config", config);
    const line = `Left ${own} as it is; the backup's is in ${own}.restored.\n`;
    assert.ok(closed.stdout.includes(line));
    assert.equal(await Deno.readTextFile(own), "");
    assert.match(await Deno.readTextFile(`${own}.restored`), /allowed_ips/);
    const [program, ...args] = latchkeyCommand("backup", `${file}2`, "--config", config);
    const secret = await new Deno.Command(program, { args, stdin: "null" }).output();
    assert.equal(secret.code, 2);
  });
});

Deno.test("a file of one line gives the passphrase; a device without state has no backup", async () => {
  await withDataDir(async (dataDir) => {
    const { config, file } = await backedUpDevice(dataDir);
    await Deno.writeTextFile(`${dataDir}.pass`, `${PASSPHRASE}\r\nsecond line\n`);
    const args = ["restore", file, "--passphrase-file", `${dataDir}.pass`, "--config", config];
    assert.equal((await latchkey("not asked for", ...args)).code, 0);
    await Deno.remove(dataDir, { recursive: true });
    const nothing = await latchkey(PASSPHRASE, "backup", `${file}3`, "--config", config);
    assert.deepEqual(
      [nothing.code, nothing.stderr],
      [1, "Cannot back up: Nothing to back up yet\n"],
    );
    await assert.rejects(Deno.stat(`${file}3`), { name: "NotFound" });
  });
});

Deno.test("a reader that leaves keeps a restore from none of its work, and no command says a word", async () => {
  await withDataDir(async (dataDir) => {
    const { config, file } = await backedUpDevice(dataDir);
    await Deno.remove(dataDir, { recursive: true });
    await Deno.remove(config);
    for (const args of [["restore", file, "--config", config], ["help"]]) {
      const { stderr } = await new Deno.Command("sh", {
        args: ["-c", '"$@" | :', "sh", ...latchkeyCommand(...args)],
        env: { LATCHKEY_PASSPHRASE: PASSPHRASE },
        stdin: "null",
      }).output();
      assert.equal(new TextDecoder().decode(stderr), "");
    }
    assert.match(await Deno.readTextFile(config), /# mine/);
    assert.match(await Deno.readTextFile(`${dataDir}/settings.toml`), /allowed_ips/);
  });
});
