import assert from "node:assert/strict";
import { AxisButtons, MIN_TRIGGER_END } from "../../../src/features/screen/axis_buttons.ts";
import {
  codeOfButton,
  MAX_BUTTON_CODE,
  nameOfButton,
} from "../../../src/features/screen/button_names.ts";

const [HAT0X, HAT1Y, ABS_X, ABS_RZ] = [0x10, 0x13, 0x00, 0x05];

/** What moves mean: "+NAME" for a press, "-NAME" for a release. */
function play(...moves: readonly [axis: number, value: number][]): string[] {
  const buttons = new AxisButtons();
  return moves.flatMap(([axis, value]) => buttons.take({ kind: "moved", axis, value }))
    .map((event) =>
      event.kind === "lost"
        ? "lost"
        : `${event.kind === "pressed" ? "+" : "-"}${nameOfButton(event.code)}`
    );
}

Deno.test("AxisButtons presses one direction of a hat at a time", () => {
  assert.deepEqual(play([HAT0X, -1], [HAT0X, 0], [HAT0X, 1], [HAT0X, -1]), [
    "+HAT0_LEFT",
    "-HAT0_LEFT",
    "+HAT0_RIGHT",
    "+HAT0_LEFT",
    "-HAT0_RIGHT",
  ]);
  assert.deepEqual(play([HAT1Y, 1], [HAT1Y, 1], [HAT1Y, 0]), ["+HAT1_DOWN", "-HAT1_DOWN"]);
});

Deno.test("AxisButtons presses a trigger at half its way and releases it at a quarter", () => {
  const half = Math.ceil(MIN_TRIGGER_END / 2);
  const quarter = Math.ceil(MIN_TRIGGER_END / 4);
  assert.deepEqual(play([ABS_RZ, half - 1]), []);
  assert.deepEqual(play([ABS_RZ, half], [ABS_RZ, quarter]), ["+ABS_RZ"]);
  assert.deepEqual(play([ABS_RZ, half], [ABS_RZ, quarter], [ABS_RZ, quarter - 1]), [
    "+ABS_RZ",
    "-ABS_RZ",
  ]);
});

Deno.test("AxisButtons learns how far a trigger goes", () => {
  assert.deepEqual(play([ABS_RZ, 1023], [ABS_RZ, 0], [ABS_RZ, 400], [ABS_RZ, 512]), [
    "+ABS_RZ",
    "-ABS_RZ",
    "+ABS_RZ",
  ]);
});

Deno.test("AxisButtons takes no stick for a button, and forgets what is pressed", () => {
  assert.deepEqual(play([ABS_X, -32768], [ABS_X, 32767]), []);
  const buttons = new AxisButtons();
  assert.equal(buttons.take({ kind: "moved", axis: HAT0X, value: 1 }).length, 1);
  buttons.reset();
  assert.equal(buttons.take({ kind: "moved", axis: HAT0X, value: 1 }).length, 1);
});

Deno.test("every name is that of its own code, and numbers stand for the others", () => {
  for (const name of ["BTN_SOUTH", "HAT0_UP", "HAT3_RIGHT", "ABS_BRAKE", "KEY_MENU", "CODE_705"]) {
    assert.equal(
      nameOfButton(codeOfButton(name) ?? -1),
      name === "CODE_705" ? "BTN_TRIGGER_HAPPY2" : name,
    );
  }
  // Two names of one button.
  assert.equal(codeOfButton("BTN_A"), codeOfButton("BTN_SOUTH"));
  assert.equal(codeOfButton(`CODE_${MAX_BUTTON_CODE}`), MAX_BUTTON_CODE);
  for (
    const name of [`CODE_${MAX_BUTTON_CODE + 1}`, "CODE_", "BTN_NOTHING", "toString", "CODE_1.5"]
  ) {
    assert.equal(codeOfButton(name), undefined, name);
  }
});
