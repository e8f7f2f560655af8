// The buttons that can be named in the configuration: by the kernel's names, the directions of a hat by
// ours, and every other by its number, as `latchkey buttons` prints it.

import { AXES, axisCode } from "./axis_buttons.ts";

/** The codes of named buttons. */
const BUTTON_CODES: Readonly<Record<string, number>> = {
  KEY_ESC: 1,
  KEY_ENTER: 28,
  KEY_LEFTCTRL: 29,
  KEY_LEFTSHIFT: 42,
  KEY_LEFTALT: 56,
  KEY_SPACE: 57,
  KEY_HOME: 102,
  KEY_UP: 103,
  KEY_LEFT: 105,
  KEY_RIGHT: 106,
  KEY_DOWN: 108,
  KEY_VOLUMEDOWN: 114,
  KEY_VOLUMEUP: 115,
  KEY_POWER: 116,
  KEY_MENU: 139,
  KEY_BACK: 158,
  BTN_SOUTH: 0x130,
  BTN_A: 0x130,
  BTN_EAST: 0x131,
  BTN_B: 0x131,
  BTN_C: 0x132,
  BTN_NORTH: 0x133,
  BTN_X: 0x133,
  BTN_WEST: 0x134,
  BTN_Y: 0x134,
  BTN_Z: 0x135,
  BTN_TL: 0x136,
  BTN_TR: 0x137,
  BTN_TL2: 0x138,
  BTN_TR2: 0x139,
  BTN_SELECT: 0x13a,
  BTN_START: 0x13b,
  BTN_MODE: 0x13c,
  BTN_THUMBL: 0x13d,
  BTN_THUMBR: 0x13e,
  BTN_DPAD_UP: 0x220,
  BTN_DPAD_DOWN: 0x221,
  BTN_DPAD_LEFT: 0x222,
  BTN_DPAD_RIGHT: 0x223,
  ...Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`BTN_TRIGGER_HAPPY${i + 1}`, 0x2c0 + i]),
  ),
  ...Object.fromEntries(AXES.map(({ name, axis, direction }) => [name, axisCode(axis, direction)])),
};

/** The largest number of a button in the kernel's headers. */
export const MAX_BUTTON_CODE = 0x2ff;

/** The code of a button; undefined where the name is none. */
export function codeOfButton(name: string): number | undefined {
  if (Object.hasOwn(BUTTON_CODES, name)) return BUTTON_CODES[name];
  const number = Number(/^CODE_(\d{1,3})$/.exec(name)?.[1]);
  return number <= MAX_BUTTON_CODE ? number : undefined;
}

/** What a button is called in the configuration; of several names the first. */
export function nameOfButton(code: number): string {
  const known = Object.entries(BUTTON_CODES).find(([, one]) => one === code);
  return known?.[0] ?? `CODE_${code}`;
}
