// [display] and [buttons]: where PINs are shown, and which buttons do what.

import * as v from "valibot";
import { DISPLAY_KINDS } from "../../screen/display_settings.ts";
import { PIXEL_FORMATS, ROTATIONS } from "../../screen/framebuffer_layout.ts";
import { codeOfButton } from "../../screen/button_names.ts";
import type { SettingRows } from "../setting.ts";
import { file, folder, listOf, textOf, wholeNumber } from "../value_types.ts";

/** The shortest time that a chord must be held, in milliseconds. */
export const MIN_HOLD_MS = 500;

/** The longest time that a chord must be held, in milliseconds. */
export const MAX_HOLD_MS = 20_000;

const buttons = listOf(
  (name) => codeOfButton(name) !== undefined,
  'expected a button, such as "BTN_START"',
);
const holdTime = wholeNumber({ min: MIN_HOLD_MS, max: MAX_HOLD_MS, unit: "milliseconds" });

/** Keys of [display]. */
export const DISPLAY_ROWS = {
  kind: {
    type: v.pipe(
      v.union(
        [v.picklist(DISPLAY_KINDS), v.array(v.picklist(DISPLAY_KINDS))],
        `expected one or a list of ${DISPLAY_KINDS.join(", ")}`,
      ),
      v.transform((kind) => typeof kind === "string" ? [kind] : kind),
    ),
    default: "auto",
    help: 'Where the PIN is shown: "framebuffer" (the panel itself), "terminal", "command" (a ' +
      'program of yours), "file" (a picture for launchers), "emulationstation" and "retroarch" (a ' +
      'line that these show, where they own the screen), "none", or "auto": the framebuffer where ' +
      "there is one, else the terminal if the service was started in one, for a journal must not " +
      "keep PINs; and beside it EmulationStation and RetroArch where they are installed. Several " +
      'at once: ["framebuffer", "command"].',
  },
  framebuffer: {
    type: textOf((text) => text !== "", "expected a device file"),
    default: "/dev/fb0",
    help: "The panel's device file.",
  },
  sysfs: {
    type: folder,
    default: ({ before }) =>
      `/sys/class/graphics/${String(before["framebuffer"]).split("/").at(-1)}`,
    example: "/sys/class/graphics/fb0",
    help: "The panel's folder in sysfs, found by the device's name.",
  },
  console: {
    type: textOf((text) => text === "" || text.startsWith("/"), "expected a device file"),
    default: "/dev/tty0",
    help: "The text console on the panel: its blinking cursor is hidden while a PIN is shown. " +
      '"" leaves it.',
  },
  pixel_format: {
    type: v.picklist(["auto", ...PIXEL_FORMATS]),
    default: "auto",
    help: `How the panel's pixels lie: auto, ${PIXEL_FORMATS.join(", ")}.`,
  },
  rotate: {
    type: v.picklist(ROTATIONS),
    default: 0,
    help: `By how many degrees the panel is turned clockwise: ${ROTATIONS.join(", ")}.`,
  },
  command: {
    type: v.array(v.string()),
    default: [],
    help: 'The program for "command" and its arguments, started without a shell for every event ' +
      "and told in LATCHKEY_EVENT, LATCHKEY_PIN, LATCHKEY_EXPIRES_AT, LATCHKEY_URL and " +
      "LATCHKEY_CLIENT, and in one line of JSON on its input.",
  },
  file: {
    type: file,
    default: "/run/latchkey/pin.png",
    help:
      'The picture for "file": a PNG, with a JSON file beside it. Both are removed with the PIN.',
  },
} as const satisfies SettingRows;

/** Keys of [buttons]. */
export const BUTTON_ROWS = {
  folder: {
    type: folder,
    default: "/dev/input",
    help:
      "The folder of the input devices. Those without buttons are left alone; 16 are read at once.",
  },
  pair: {
    type: buttons,
    default: [],
    help:
      "Buttons that open pairing, and cancel it where it is open, when they are held together: " +
      'the kernel\'s names, such as ["BTN_TL", "BTN_TR", "BTN_START"], as `latchkey buttons` ' +
      "prints them. Empty: off.",
  },
  hold_ms: {
    type: holdTime,
    default: 2000,
    help: "How long they must be held, in milliseconds.",
  },
  revoke_all: {
    type: buttons,
    default: [],
    help: "Buttons that delete every paired client when they are held together. Empty: off.",
  },
  revoke_hold_ms: {
    type: holdTime,
    default: 5000,
    help: "How long they must be held, in milliseconds.",
  },
} as const satisfies SettingRows;
