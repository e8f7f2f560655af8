// Settings that are changed while the service runs: in force at once, kept over restarts, shown with
// their place, and never half-written.

import assert from "node:assert/strict";
import {
  callLocal,
  runLatchkey,
  startService,
  withDataDir,
  withService,
  writeConfig,
} from "../support/service_process.ts";

Deno.test("a changed setting holds at once and after a restart, and the file is left alone", async () => {
  await withDataDir(async (dataDir) => {
    const first = await startService({ dataDir, settings: "# mine\nencryption = false" });
    const before = await Deno.readTextFile(`${dataDir}.toml`);
    try {
      const params = { encryption: true, allowedIps: ["10.0.0.0/8"], discovery: { enabled: true } };
      const { changed } = await callLocal(first.baseUrl, "settings.update", params) as {
        changed: string[];
      };
      assert.deepEqual(changed.sort(), ["allowedIps", "discovery", "encryption"]);
    } finally {
      assert.equal(await first.stop(), 0);
    }
    assert.equal(await Deno.readTextFile(`${dataDir}.toml`), before);
    const { mode } = await Deno.stat(`${dataDir}/settings.toml`);
    assert.equal((mode ?? 0) & 0o777, 0o600);
    const second = await startService({ dataDir, settings: "# mine\nencryption = false" });
    try {
      const settings = await callLocal(second.baseUrl, "settings") as Record<string, unknown>;
      assert.equal(settings["encryption"], true);
      assert.deepEqual(settings["allowedIps"], ["10.0.0.0/8"]);
      await callLocal(second.baseUrl, "settings.update", { encryption: false });
      // Nothing in the files has changed since.
      const outcome = await callLocal(second.baseUrl, "settings.reload");
      assert.deepEqual(outcome, { changed: [], needsRestart: [] });
    } finally {
      assert.equal(await second.stop(), 0);
    }
  });
});

Deno.test("latchkey config shows where each value comes from", async () => {
  await withService({}, async ({ baseUrl }, configFile) => {
    await callLocal(baseUrl, "settings.update", { logLevel: "warn" });
    const { code, stdout } = await runLatchkey("config", "--config", configFile);
    assert.equal(code, 0);
    assert.match(stdout, /^level = "warn" +# \S+settings\.toml$/m);
    assert.match(stdout, /^enabled = false +# \S+\.toml$/m);
    assert.match(stdout, /^rotate = 0 +# default$/m);
  });
});

Deno.test("a setting that cannot be taken is refused with its key, and nothing is written", async () => {
  await withService({}, async ({ baseUrl }, configFile) => {
    const params = { allowedIps: ["10.0.0.1", "nowhere"] };
    await assert.rejects(callLocal(baseUrl, "settings.update", params), {
      message: /"Cannot change security\.allowed_ips\.1: expected an address or a range, /,
    });
    const overlay = configFile.replace(/\.toml$/, "/settings.toml");
    await assert.rejects(Deno.stat(overlay), { name: "NotFound" });
  });
});

Deno.test("a damaged file of changed settings stops the start with its name and line", async () => {
  await withDataDir(async (dataDir) => {
    await Deno.mkdir(dataDir, { mode: 0o700 });
    await Deno.writeTextFile(`${dataDir}/settings.toml`, "\n[service]\nencryption = 1\n");
    await assert.rejects(
      startService({ dataDir }),
      /settings\.toml: line 3: service\.encryption: expected true or false/,
    );
  });
});

Deno.test("settings set and settings reload say what changed and what needs a restart", async () => {
  await withService({}, async (_service, configFile) => {
    const settings = async (...args: string[]): Promise<string> => {
      const { code, stdout } = await runLatchkey("settings", ...args, "--config", configFile);
      assert.equal(code, 0);
      return stdout;
    };
    // The service was started on port 0, and the file has since named the port that it got.
    assert.equal(
      await settings("reload"),
      "Nothing has changed.\nNeeds a restart: service.listen\n",
    );
    assert.equal(
      await settings("set", "logLevel", "warn"),
      "Changed: logLevel\nNeeds a restart: service.listen\n",
    );
    const text = await Deno.readTextFile(configFile);
    await Deno.writeTextFile(
      configFile,
      `${text}[security]\nallow_run = ["a"]\n[models]\nlimits = "redis://127.0.0.1:1"\n`,
    );
    assert.equal(
      await settings("reload"),
      "Changed: allowRun\nNeeds a restart: service.listen, models.redis_url\n",
    );
  });
});

Deno.test("serve and SIGHUP warn of keys by their former names, and of what needs a restart", async () => {
  await withDataDir(async (dataDir) => {
    const tables = '[models]\nstore = ""';
    const service = await startService({ dataDir, tables });
    const warning = /models\.store is called models\.database_url now/g;
    assert.equal(service.output().match(warning)?.length, 1);
    await writeConfig({ dataDir, tables: `${tables}\ntimeout_s = 9` });
    await service.reload();
    assert.equal(await service.stop(), 0);
    assert.equal(service.output().match(warning)?.length, 2);
    assert.match(service.output(), /take effect at the next start.*models\.timeout_s/);
  });
});
