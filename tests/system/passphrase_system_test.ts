// The passphrase of a backup, typed at a terminal.

import assert from "node:assert/strict";
import { utf8 } from "../../src/base/bytes.ts";
import { silentLogger } from "../../src/base/log.ts";
import { openStores } from "../../src/edges/sqlite/stores.ts";
import { latchkeyCommand } from "../support/backup_command.ts";
import { withDataDir, writeConfig } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

function hasScript(): boolean {
  try {
    return new Deno.Command("script", { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** Runs a command at a terminal and types the next text at each question; all that was shown. */
async function atTerminal(
  command: readonly string[],
  typed: readonly string[],
): Promise<{ code: number; shown: string }> {
  const child = new Deno.Command("script", {
    args: ["-qefc", command.map((word) => `'${word}'`).join(" "), "/dev/null"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const keyboard = child.stdin.getWriter();
  let shown = "";
  let answered = 0;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    shown += text;
    const questions = shown.match(/Passphrase: |Again: /g)?.length ?? 0;
    for (; answered < questions; answered++) {
      await keyboard.write(utf8(typed[answered] ?? "\u0003"));
    }
  }
  await keyboard.close().catch(() => {});
  return { code: (await child.status).code, shown };
}

systemTest("a passphrase is typed twice at a terminal, and never shown", {
  whyNot: hasScript() ? undefined : "there is no script command",
  run: () =>
    withDataDir(async (dataDir) => {
      openStores({ dataDir, log: silentLogger }).close();
      await writeConfig({ dataDir });
      const config = `${dataDir}.toml`;
      const file = `${dataDir}.typed`;
      const backup = latchkeyCommand("backup", file, "--config", config);
      const different = await atTerminal(backup, ["correct horse\r", "correct house\r"]);
      assert.equal(different.code, 1);
      assert.match(different.shown, /The passphrases do not match/);
      const cancelled = await atTerminal(backup, ["correct\u0003"]);
      assert.equal(cancelled.code, 1);
      assert.match(cancelled.shown, /Passphrase required/);
      await assert.rejects(Deno.stat(file), { name: "NotFound" });
      // The second time with a slip of the finger, over a letter of two bytes.
      const made = await atTerminal(backup, ["cörrect horse\r", "cörrecö\u007ft horse\r"]);
      assert.equal(made.code, 0, made.shown);
      assert.match(made.shown, /Passphrase: \r\nAgain: \r\nBacked up to /);
      for (const { shown } of [different, made]) assert.doesNotMatch(shown, /rrect|horse/);
      const restore = latchkeyCommand("restore", file, "--config", config);
      const restored = await atTerminal(restore, ["cörrect horse\r"]);
      assert.equal(restored.code, 0, restored.shown);
      assert.doesNotMatch(restored.shown, /Again/);
    }),
});
