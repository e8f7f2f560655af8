// `latchkey library` against a running service with a library of its own.

import assert from "node:assert/strict";
import { runLatchkey, withService } from "../support/service_process.ts";
import { until } from "../support/until.ts";

Deno.test("the library is listed, searched and scanned from the command line", async () => {
  const root = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    for (const name of ["Super Mario World", "-rf", "$(touch owned)"]) {
      await Deno.writeTextFile(`${root}/${name}.sfc`, "x");
    }
    const tables = [
      "[[library]]",
      'source = "folder"',
      `folder = ${JSON.stringify(root)}`,
      'extensions = [".sfc"]',
      'system = "SNES"',
      'command = ["true", "${path}"]',
    ].join("\n");
    await withService({ tables }, async (service, config) => {
      const run = (...args: string[]): ReturnType<typeof runLatchkey> =>
        runLatchkey("library", ...args, "--config", config);
      const scanned = await run("scan");
      assert.equal(scanned.code, 0, scanned.stderr);
      assert.match(scanned.stdout, /The library has 3 games\.\n$/);
      assert.match((await run()).stdout, /^SNES {2,}.* {2,}3$/m);
      const { stdout } = await run("search", "mario", "--json");
      assert.equal(JSON.parse(stdout).results[0].path, `${root}/Super Mario World.sfc`);
      assert.equal((await run("scan", "NES")).code, 1);
      // A pipe neither hides what comes after it nor keeps the service from its end.
      const pipe = await new Deno.Command("mkfifo", { args: [`${root}/pipe.sfc`] }).output();
      assert.ok(pipe.success);
      await Deno.writeTextFile(`${root}/Watched.sfc`, "x");
      await until("the new file is found", async () => {
        return (await run("search", "watched")).stdout.includes("Watched.sfc");
      }, { limitMs: 60_000, pollMs: 500 });
      assert.ok(!service.output().includes("error"));
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
