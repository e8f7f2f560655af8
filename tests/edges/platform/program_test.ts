// Programs of the display, as the platform starts them.

import assert from "node:assert/strict";
import { createProgramStarter } from "../../../src/edges/platform/program.ts";

Deno.test("the program of a display inherits what is harmless, and no secret", async () => {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  // The process has its own beside those that the starter is handed.
  Deno.env.set("LATCHKEY_TEST_TOKEN", "secret");
  try {
    const start = createProgramStarter({
      limitMs: 10_000,
      environment: { PATH: Deno.env.get("PATH") ?? "", LANG: "C", PGPASSWORD: "secret" },
    });
    const file = `${folder}/env`;
    const argv = ["sh", "-c", 'env > "$1"; cat >> "$1"', "sh", file];
    await start(argv, { env: { LATCHKEY_EVENT: "show" }, input: "told\n" }).ended;
    const written = await Deno.readTextFile(file);
    assert.match(written, /^LANG=C$/m);
    assert.match(written, /^LATCHKEY_EVENT=show$/m);
    assert.match(written, /^told$/m);
    assert.doesNotMatch(written, /secret/);
  } finally {
    Deno.env.delete("LATCHKEY_TEST_TOKEN");
    await Deno.remove(folder, { recursive: true });
  }
});
