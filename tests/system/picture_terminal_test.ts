// The terminal that draws the README's pictures shows what a real one does.

import assert from "node:assert/strict";
import { runAtTerminal } from "../pictures/terminal.ts";
import { whyNoTerminal } from "../support/at_terminal.ts";
import { systemTest } from "../support/system_test.ts";

systemTest("runAtTerminal() reads colours, columns and lines that were written over", {
  whyNot: whyNoTerminal(),
  async run(): Promise<void> {
    const script =
      "printf '12 left\\r11 left\\n\\n\\033[1;32mok\\033[0m  日本\\n'; stty size | cut -d' ' -f2; echo \"$GREETING\"";
    let heard = "";
    const shown = await runAtTerminal(["sh", "-c", script], {
      columns: 61,
      env: { GREETING: "hello" },
      onWritten: (written) => heard = written,
    });
    const look = { isBold: false, isDim: false, colour: undefined };
    assert.deepEqual(
      shown.map((line) => line.map((run) => ({ ...run, text: run.text.trimEnd() }))),
      [
        [{ ...look, column: 0, columns: 61, text: "11 left" }],
        [],
        [
          { column: 0, columns: 2, text: "ok", isBold: true, isDim: false, colour: 2 },
          { ...look, column: 2, columns: 59, text: "  日本" },
        ],
        [{ ...look, column: 0, columns: 61, text: "61" }],
        [{ ...look, column: 0, columns: 61, text: "hello" }],
      ],
    );
    assert.match(heard, /hello/);
  },
});
