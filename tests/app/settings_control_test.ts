import assert from "node:assert/strict";
import { createSettingsControl, type SettingsControl } from "../../src/app/settings_control.ts";
import { parseConfig, settingsOf } from "../../src/edges/config/config.ts";
import { LiveSettings } from "../../src/features/settings/live_settings.ts";
import { assertAppError } from "../support/app_error.ts";

interface Fixture {
  control: SettingsControl;
  settings: LiveSettings;
  startedWith: ReturnType<typeof parseConfig>;
  /** The owner's file and the overlay; undefined where there is none yet. */
  files: { main: string; overlay: string };
  told: string[];
  disk: { isFull: boolean };
}

function fixture(main = ""): Fixture {
  const files = { main, overlay: "" };
  const disk = { isFull: false };
  const told: string[] = [];
  const parse = (overlay: string): ReturnType<typeof parseConfig> =>
    parseConfig(files.main, {
      file: "config.toml",
      env: { HOME: "/home/ann", isRoot: false },
      overlay: { file: "settings.toml", text: overlay },
    });
  const startedWith = parse("");
  const settings = new LiveSettings(settingsOf(startedWith));
  const control = createSettingsControl({
    settings,
    startedWith,
    source: {
      readOverlay: () => ({ file: "settings.toml", text: files.overlay }),
      read: () => parse(files.overlay),
      readWith: parse,
    },
    files: {
      write(path, bytes): void {
        assert.equal(path, "settings.toml");
        if (disk.isFull) throw Object.assign(new Error("ENOSPC: /home"), { code: "ENOSPC" });
        files.overlay = new TextDecoder().decode(bytes);
      },
    },
    onChanged: (changed, config, by) =>
      told.push(`${by}: ${changed.join(" ")} ${config.discovery.instanceName}`),
  });
  return { control, settings, startedWith, files, told, disk };
}

Deno.test("update() puts a change in force and keeps it", () => {
  const { control, settings, files, told } = fixture("[discovery]\ninstance_name = 'den'");
  assert.deepEqual(control.update({ encryption: true, allowedIps: ["10.0.0.1"] }), {
    changed: ["encryption", "allowedIps"],
    needsRestart: [],
  });
  assert.equal(settings.current.encryption, true);
  assert.match(files.overlay, /encryption = true/);
  assert.deepEqual(control.update({ logLevel: "debug" }, "id-1").changed, ["logLevel"]);
  assert.deepEqual(told, ["local: encryption allowedIps den", "id-1: logLevel den"]);
  assert.match(files.overlay, /encryption = true/);
  // What a restart reads is what is in force.
  assert.deepEqual(control.reload(), { changed: [], needsRestart: [] });
});

Deno.test("update() keeps everything as it was where the change cannot be taken", () => {
  const { control, settings, files, told } = fixture();
  control.update({ allowedIps: ["10.0.0.1"] });
  const before = { overlay: files.overlay, current: settings.current };
  assert.throws(() => control.update({ encryption: true, allowedIps: ["nowhere"] }), {
    name: "ConfigError",
    message: /security\.allowed_ips\.0: expected an address/,
  });
  assert.throws(() => control.update({ allowRun: ["("] }), { name: "ConfigError" });
  assert.deepEqual({ overlay: files.overlay, current: settings.current }, before);
  assert.equal(told.length, 1);
});

Deno.test("update() puts nothing in force that could not be kept", () => {
  const { control, settings, disk, told } = fixture();
  disk.isFull = true;
  assert.throws(() => control.update({ encryption: true }), {
    code: "unavailable",
    message: "No space left on the device",
  });
  assert.equal(settings.current.encryption, false);
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
  assert.equal(settings.current.encryption, true);
  assert.equal(told.length, 1);
});

Deno.test("nothing is reloaded or changed where there is no configuration", () => {
  const { settings, startedWith } = fixture();
  const control = createSettingsControl({
    settings,
    startedWith,
    source: undefined,
    files: { write: () => assert.fail() },
    onChanged: () => assert.fail(),
  });
  assertAppError(() => control.reload(), "unavailable");
  assertAppError(() => control.update({ encryption: true }), "unavailable");
});

Deno.test("reload() and update() name what waits for a restart", () => {
  const { control, files, settings } = fixture();
  files.main = "[service]\nlisten = '127.0.0.1:7600'\n[models]\nupstream = 'http://10.0.0.9:1'\n" +
    "store = 'postgres://a:s3cret@db/x'\nallow = ['qwen3']\nqueue = 2";
  const needsRestart = ["service.listen", "models.upstream", "models.store"];
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
    allow: ["b"],
    maxConcurrent: 2,
    queue: 16,
    perKeyPerMinute: undefined,
    perKeyTokensPerDay: 100,
  };
  assert.deepEqual(settings.current.models, expected);
  assert.match(files.overlay, /per_key_tokens_per_day = 100/);
  control.update({ models: { queue: 1 } });
  assert.deepEqual(settings.current.models, { ...expected, queue: 1 });
  for (
    const bad of [{ maxConcurrent: 0 }, { queue: 1.5 }, { allow: [""] }, { perKeyPerMinute: -1 }]
  ) {
    assert.throws(() => control.update({ models: bad }), { name: "ConfigError" });
  }
  assert.deepEqual(settings.current.models, { ...expected, queue: 1 });
});
