import assert from "node:assert/strict";
import { cancelHints } from "../../../src/features/screen/cancel_hint.ts";

const HINTS: [buttons: string[], hints: string[]][] = [
  [[], []],
  [["BTN_TL", "BTN_TR"], ["Hold L1 + R1 to cancel", "L1 + R1 cancels", "L1 + R1"]],
  [["BTN_SELECT", "BTN_START"], [
    "Hold Select + Start to cancel",
    "Select + Start cancels",
    "Select + Start",
  ]],
  [["BTN_DPAD_UP"], ["Hold Up to cancel", "Up cancels", "Up"]],
  [["KEY_LEFTCTRL", "KEY_ENTER"], [
    "Hold Ctrl + Enter to cancel",
    "Ctrl + Enter cancels",
    "Ctrl + Enter",
  ]],
  [["BTN_TRIGGER_HAPPY3"], [
    "Hold Trigger happy3 to cancel",
    "Trigger happy3 cancels",
    "Trigger happy3",
  ]],
];
for (const [buttons, hints] of HINTS) {
  Deno.test(`cancelHints() names ${buttons.join(" and ") || "no button"} as people know them`, () => {
    assert.deepEqual(cancelHints(buttons), hints);
  });
}
