// Linux input events as they are read from /dev/input/event*: 24 bytes each on 64-bit systems.

/** Bytes of one event: two 64-bit times, then type, code and value. */
export const INPUT_EVENT_BYTES = 24;

/** What an event can be, as far as buttons go. */
export type InputEvent =
  | { readonly kind: "pressed"; readonly code: number }
  | { readonly kind: "released"; readonly code: number }
  /** The kernel dropped events: nobody knows any more what is pressed. */
  | { readonly kind: "lost" };

const EV_SYN = 0;
const EV_KEY = 1;
const SYN_DROPPED = 3;
const TYPE_OFFSET = 16;

/** The buttons that can be named in the configuration, by the kernel's names. */
export const BUTTON_CODES: Readonly<Record<string, number>> = {
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
};

/** The events in some bytes, oldest first; repeats and everything but buttons are left out. */
export function decodeInputEvents(bytes: Uint8Array): InputEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: InputEvent[] = [];
  for (let at = 0; at + INPUT_EVENT_BYTES <= bytes.length; at += INPUT_EVENT_BYTES) {
    const type = view.getUint16(at + TYPE_OFFSET, true);
    const code = view.getUint16(at + TYPE_OFFSET + 2, true);
    const value = view.getInt32(at + TYPE_OFFSET + 4, true);
    if (type === EV_SYN && code === SYN_DROPPED) events.push({ kind: "lost" });
    if (type === EV_KEY && value === 1) events.push({ kind: "pressed", code });
    if (type === EV_KEY && value === 0) events.push({ kind: "released", code });
  }
  return events;
}
