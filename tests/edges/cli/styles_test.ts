import assert from "node:assert/strict";
import { paintText, terminalText } from "../../../src/edges/cli/styles.ts";

Deno.test("paintText() styles each line by itself", () => {
  assert.equal(paintText("bad", "a\n\nb\n"), "\x1b[31ma\x1b[0m\n\n\x1b[31mb\x1b[0m\n");
});

Deno.test("terminalText() passes our styles alone, and only where they are shown", () => {
  const painted = paintText("good", "ok");
  assert.equal(terminalText(painted, { isStyled: true }), painted);
  assert.equal(terminalText(painted, { isStyled: false }), "\\u001b[32mok\\u001b[0m");
  for (const hostile of ["\x1b[2J", "\x1b[8m", "\x1b]0;x\x07", "\x1b[31;5m", "\u202e", "\x9b31m"]) {
    for (const isStyled of [true, false]) {
      // deno-lint-ignore no-control-regex -- controls are what must not be there
      assert.doesNotMatch(terminalText(`a${hostile}b`, { isStyled }), /[\x00-\x1f\x7f-\x9f\u202e]/);
    }
  }
  assert.equal(terminalText("a\tb\r\n", { isStyled: true }), "a\tb\r\n");
});
