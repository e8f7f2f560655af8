import assert from "node:assert/strict";
import { displayCommand } from "../../../src/edges/cli/commands/display_command.ts";
import { runCommandLine } from "../../../src/edges/cli/command_line.ts";
import { withTempFolder } from "../sqlite/temp_folder.ts";

const KINDS: [kind: string, written: string, shown: number][] = [
  ['"none"', "No display is configured: nothing is shown\n", 0],
  ['["none"]', "No display is configured: nothing is shown\n", 0],
  ['["none", "terminal"]', "The test picture is shown for 10 s\n", 1],
  ['"auto"', "The test picture is shown for 10 s\n", 1],
];
for (const [kind, expected, times] of KINDS) {
  Deno.test(`latchkey display test with kind = ${kind} says whether anything is shown`, () =>
    withTempFolder(async (folder) => {
      const config = `${folder}/config.toml`;
      await Deno.writeTextFile(config, `[service]\ndata_dir = "/d"\n[display]\nkind = ${kind}\n`);
      let [written, shown] = ["", 0];
      const code = await runCommandLine(["display", "test", "--config", config], {
        commands: [displayCommand],
        version: "1.2.3",
        context: {
          write: (text: string) => written += text,
          showTestPin: () => Promise.resolve(shown += 1),
        } as never,
      });
      assert.deepEqual([code, written, shown], [0, expected, times]);
    }));
}
