// The passphrase of a backup, typed at a terminal.

import assert from "node:assert/strict";
import { silentLogger } from "../../src/base/log.ts";
import { openStores } from "../../src/edges/sqlite/stores.ts";
import { atTerminal, whyNoTerminal } from "../support/at_terminal.ts";
import { latchkeyCommand } from "../support/backup_command.ts";
import { withDataDir, writeConfig } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const QUESTIONS = /Passphrase: |Again: /g;

const type = (
  command: readonly string[],
  typed: readonly string[],
): ReturnType<typeof atTerminal> => atTerminal(command, { typed, questions: QUESTIONS });

systemTest("a passphrase is typed twice at a terminal, and never shown", {
  whyNot: whyNoTerminal(),
  run: () =>
    withDataDir(async (dataDir) => {
      openStores({ dataDir, log: silentLogger }).close();
      await writeConfig({ dataDir });
      const config = `${dataDir}.toml`;
      const file = `${dataDir}.typed`;
      const backup = latchkeyCommand("backup", file, "--config", config);
      const different = await type(backup, ["correct horse\r", "correct house\r"]);
      assert.equal(different.code, 1);
      assert.match(different.shown, /The passphrases do not match/);
      const cancelled = await type(backup, ["correct\u0003"]);
      assert.equal(cancelled.code, 1);
      assert.match(cancelled.shown, /Passphrase required/);
      await assert.rejects(Deno.stat(file), { name: "NotFound" });
      // The second time with a slip of the finger, over a letter of two bytes.
      const made = await type(backup, ["cörrect horse\r", "cörrecö\u007ft horse\r"]);
      assert.equal(made.code, 0, made.shown);
      assert.match(made.shown, /Passphrase: \r\nAgain: \r\nBacked up to /);
      for (const { shown } of [different, made]) assert.doesNotMatch(shown, /rrect|horse/);
      const restore = latchkeyCommand("restore", file, "--config", config);
      const restored = await type(restore, ["cörrect horse\r"]);
      assert.equal(restored.code, 0, restored.shown);
      assert.doesNotMatch(restored.shown, /Again/);
    }),
});
