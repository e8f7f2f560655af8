import assert from "node:assert/strict";
import { createSettingsControl, type SettingsControl } from "../../src/app/settings_control.ts";
import { parseConfig } from "../../src/edges/config/config.ts";
import { silentLogger } from "../../src/base/log.ts";
import { describeFormerKeys } from "../../src/edges/config/former_keys.ts";
import { LiveSettings } from "../../src/features/settings/live_settings.ts";
import { assertAppError } from "../support/app_error.ts";

interface Fixture {
  control: SettingsControl;
  settings: LiveSettings;
  /** The owner's file and the overlay; undefined where there is none yet. */
  files: { main: string; overlay: string };
  told: string[];
  warned: string[];
  disk: { isFull: boolean };
}

function fixture(
  main = "",
  { canStartPrograms = true, hasLibrary = false, isWrapped = false } = {},
): Fixture {
  const files = { main, overlay: "" };
  const disk = { isFull: false };
  const told: string[] = [];
  const parse = (overlay: string): ReturnType<typeof parseConfig> =>
    parseConfig(files.main, {
      file: "config.toml",
      env: { HOME: "/home/ann", isRoot: false },
      overlay: { file: "settings.toml", text: overlay },
    });
  const settings = new LiveSettings(parse(""));
  const warned: string[] = [];
  const control = createSettingsControl({
    settings,
    canStartPrograms,
    hasLibrary,
    source: {
      readWarnings: () => describeFormerKeys({ file: "config.toml", text: files.main }),
      readOverlay: () => ({ file: "settings.toml", text: files.overlay }),
      read: () => parse(files.overlay),
      readWith: (overlay) => {
        try {
          return parse(overlay);
        } catch (error) {
          // As the command line has it (edges/cli/configuration.ts).
          if (isWrapped) throw new Error(String(error), { cause: error });
          throw error;
        }
      },
    },
    files: {
      write(path, bytes): void {
        assert.equal(path, "settings.toml");
        if (disk.isFull) throw Object.assign(new Error("ENOSPC: /home"), { code: "ENOSPC" });
        files.overlay = new TextDecoder().decode(bytes);
      },
    },
    onChanged: ({ changed, before, by }) => {
      const changes = `${before.log.level}→${settings.current.log.level}`;
      told.push(`${by}: ${changed.join(" ")} ${changes}`);
    },
    log: { ...silentLogger, warn: (text) => warned.push(text) },
  });
  return { control, settings, files, told, warned, disk };
}

Deno.test("update() puts a change in force and keeps it", () => {
  const { control, settings, files, told } = fixture("[discovery]\ninstance_name = 'den'");
  assert.deepEqual(control.update({ encryption: true, allowedIps: ["10.0.0.1"] }), {
    changed: ["encryption", "allowedIps"],
    needsRestart: [],
  });
  assert.equal(settings.current.service.encryption, true);
  assert.match(files.overlay, /encryption = true/);
  assert.deepEqual(control.update({ logLevel: "debug" }, "id-1").changed, ["logLevel"]);
  assert.deepEqual(told, [
    "local: encryption allowedIps info→info",
    "id-1: logLevel info→debug",
  ]);
  assert.match(files.overlay, /encryption = true/);
  // What a restart reads is what is in force.
  assert.deepEqual(control.reload(), { changed: [], needsRestart: [] });
});

Deno.test("update() keeps everything as it was where the change cannot be taken", () => {
  const { control, settings, files, told } = fixture();
  control.update({ allowedIps: ["10.0.0.1"] });
  const before = { overlay: files.overlay, current: settings.current };
  assert.throws(() => control.update({ encryption: true, allowedIps: ["nowhere"] }), {
    code: "bad_request",
    message: /^Cannot change security\.allowed_ips\.0: expected an address or a range, [^\n]*$/,
  });
  assert.throws(() => control.update({ limits: { connectionWaitS: 0, unknownConnections: 0 } }), {
    code: "bad_request",
    message: "Cannot change limits.unknown_connections: expected 1 to 4096; " +
      "limits.connection_wait_s: expected 1 to 60",
  });
  assert.throws(() => control.update({ allowRun: ["("] }), { code: "bad_request" });
  // What is wrong with the owner's own file is told as that.
  files.main = "[service]\nencryption = 1";
  assert.throws(() => control.update({ encryption: true }), {
    name: "ConfigError",
    message: "Cannot read config.toml: line 2: service.encryption: expected true or false",
  });
  files.main = "";
  assert.deepEqual({ overlay: files.overlay, current: settings.current }, before);
  assert.equal(told.length, 1);
});

Deno.test("update() tells what a change has wrong where the command line names the error anew", () => {
  const { control } = fixture("", { isWrapped: true });
  assert.throws(() => control.update({ limits: { connectionWaitS: 0 } }), {
    code: "bad_request",
    message: "Cannot change limits.connection_wait_s: expected 1 to 60",
  });
});

Deno.test("update() puts nothing in force that could not be kept", () => {
  const { control, settings, disk, told } = fixture();
  disk.isFull = true;
  assert.throws(() => control.update({ encryption: true }), {
    code: "unavailable",
    message: "No space left on the device",
  });
  assert.equal(settings.current.service.encryption, false);
  assert.deepEqual(told, []);
});

Deno.test("update() changes nothing while the file with earlier changes is damaged", () => {
  const { control, files } = fixture();
  files.overlay = "[service";
  assert.throws(() => control.update({ encryption: true }), { name: "ConfigError" });
  assert.equal(files.overlay, "[service");
});

Deno.test("reload() takes what the files say, and the old where they cannot be used", () => {
  const { control, settings, files, told } = fixture();
  files.main = "[service]\nencryption = true";
  assert.deepEqual(control.reload().changed, ["encryption"]);
  files.main = "[service]\nencryption = 1";
  assert.throws(() => control.reload(), { name: "ConfigError" });
  assert.equal(settings.current.service.encryption, true);
  assert.equal(told.length, 1);
});

Deno.test("nothing is reloaded or changed where there is no configuration", () => {
  const { settings } = fixture();
  const control = createSettingsControl({
    settings,
    canStartPrograms: true,
    hasLibrary: false,
    source: undefined,
    files: { write: () => assert.fail() },
    onChanged: () => assert.fail(),
    log: silentLogger,
  });
  assertAppError(() => control.reload(), "unavailable");
  assertAppError(() => control.update({ encryption: true }), "unavailable");
});

Deno.test("reload() and update() name what waits for a restart", () => {
  const { control, files, settings } = fixture();
  files.main = "[service]\nlisten = '127.0.0.1:7600'\n[models]\nupstream = 'http://10.0.0.9:1'\n" +
    "database_url = 'postgres://a:s3cret@db/x'\nallow = ['qwen3']\nqueue = 2";
  const needsRestart = ["service.listen", "models.upstream", "models.database_url"];
  assert.deepEqual(control.reload(), { changed: ["models"], needsRestart });
  assert.deepEqual(settings.current.models.allow, ["qwen3"]);
  // They wait until the restart, whatever else is changed meanwhile.
  assert.deepEqual(control.update({ logLevel: "warn" }), { changed: ["logLevel"], needsRestart });
  files.main = "";
  assert.deepEqual(control.reload(), { changed: ["models"], needsRestart: [] });
});

Deno.test("update() changes the lists and limits of the model gateway and keeps them", () => {
  const { control, settings, files } = fixture("[models]\nallow = ['a']\nper_key_per_minute = 5");
  const models = { allow: ["b"], perKeyPerMinute: 0, perKeyTokensPerDay: 100, maxConcurrent: 2 };
  assert.deepEqual(control.update({ models }).changed, ["models"]);
  const expected = {
    ...parseConfig("", { file: "config.toml", env: { isRoot: true } }).models,
    allow: ["b"],
    maxConcurrent: 2,
    perKeyTokensPerDay: 100,
  };
  assert.deepEqual(settings.current.models, expected);
  assert.match(files.overlay, /per_key_tokens_per_day = 100/);
  control.update({ models: { queue: 1 } });
  assert.deepEqual(settings.current.models, { ...expected, queue: 1 });
  for (
    const bad of [{ maxConcurrent: 0 }, { queue: 1.5 }, { allow: [""] }, { perKeyPerMinute: -1 }]
  ) {
    assert.throws(() => control.update({ models: bad }), { code: "bad_request" });
  }
  assert.deepEqual(settings.current.models, { ...expected, queue: 1 });
});

Deno.test("reload() keeps in force what waits for a restart", () => {
  const { control, files, settings } = fixture();
  files.main = "[service]\ndevice_name = 'den'\n[models]\nallow = ['a']\ntimeout_s = 9";
  assert.deepEqual(control.reload().needsRestart, ["service.device_name", "models.timeout_s"]);
  const { service, models } = settings.current;
  assert.deepEqual([service.deviceName, models.allow, models.timeoutS], [undefined, ["a"], 120]);
});

const ACTION = '[[action]]\nname = "a"\nmatch = "a"\ncommand = ["/bin/true"]';

Deno.test("reload() says that the first action waits where the right to start it is given up", () => {
  for (const [canStart, needsRestart] of [[true, []], [false, ["action"]]] as const) {
    const { control, files, settings } = fixture("", { canStartPrograms: canStart });
    files.main = ACTION;
    assert.deepEqual(control.reload(), { changed: canStart ? ["action"] : [], needsRestart });
    assert.equal(settings.current.actions.length, 1);
    files.main = "";
    assert.deepEqual(control.reload(), { changed: ["action"], needsRestart: [] });
    assert.deepEqual(control.reload(), { changed: [], needsRestart: [] });
  }
});

const FOLDER = "[[library]]\nsource = 'folder'\nfolder = '/roms'\nextensions = ['.sfc']\n" +
  "system = 'SNES'\ncommand = ['emu', '${path}']\n";
const OVER_HTTP = "[[library]]\nsource = 'emulationstation_http'\n";

// What is added, whether programs can be started, whether there is a library, and what waits.
const LATE_LIBRARIES: [string, boolean, boolean, string[]][] = [
  [FOLDER, true, false, ["library"]],
  [FOLDER, true, true, []],
  [FOLDER, false, true, ["library"]],
  [OVER_HTTP, true, false, ["library"]],
  [OVER_HTTP, false, true, []],
];
for (const [added, canStart, hasLibrary, needsRestart] of LATE_LIBRARIES) {
  const given = `${added === FOLDER ? "a folder" : "a frontend"} ${canStart} ${hasLibrary}`;
  Deno.test(`reload() says whether a library waits for a restart: ${given}`, () => {
    const { control, files, settings } = fixture("", { canStartPrograms: canStart, hasLibrary });
    files.main = added;
    const changed = needsRestart.length === 0 ? ["library"] : [];
    assert.deepEqual(control.reload(), { changed, needsRestart });
    assert.equal(settings.current.libraries.length, 1);
  });
}

Deno.test("reload() warns of former keys, and only where the file can be used", () => {
  const { control, files, warned } = fixture();
  files.main = "[models]\nlimits = 'redis://b'\nqueue = -1";
  assert.throws(() => control.reload(), { name: "ConfigError" });
  assert.deepEqual(warned, []);
  files.main = "[models]\nlimits = 'redis://b'";
  assert.deepEqual(control.reload().needsRestart, ["models.redis_url"]);
  assert.deepEqual(warned, [
    "config.toml: line 2: models.limits is called models.redis_url now",
    "Some settings take effect at the next start",
  ]);
});
