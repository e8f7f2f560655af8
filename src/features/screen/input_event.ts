// Linux input events as they are read from /dev/input/event*: 24 bytes each on 64-bit systems.

/** Bytes of one event: two 64-bit times, then type, code and value. */
export const INPUT_EVENT_BYTES = 24;

/** What happens to buttons. */
export type InputEvent =
  | { readonly kind: "pressed"; readonly code: number }
  | { readonly kind: "released"; readonly code: number }
  /** The kernel dropped events: nobody knows any more what is pressed. */
  | { readonly kind: "lost" };

/** An axis has another value: a hat, a trigger, a stick. */
export interface AxisMove {
  readonly kind: "moved";
  /** The kernel's number of the axis. */
  readonly axis: number;
  readonly value: number;
}

const EV_SYN = 0;
const EV_KEY = 1;
const EV_ABS = 3;
const SYN_DROPPED = 3;
const TYPE_OFFSET = 16;

/** The events in some bytes, oldest first; repeats and what is neither button nor axis are left out. */
export function decodeInputEvents(bytes: Uint8Array): (InputEvent | AxisMove)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: (InputEvent | AxisMove)[] = [];
  for (let at = 0; at + INPUT_EVENT_BYTES <= bytes.length; at += INPUT_EVENT_BYTES) {
    const type = view.getUint16(at + TYPE_OFFSET, true);
    const code = view.getUint16(at + TYPE_OFFSET + 2, true);
    const value = view.getInt32(at + TYPE_OFFSET + 4, true);
    if (type === EV_SYN && code === SYN_DROPPED) events.push({ kind: "lost" });
    if (type === EV_KEY && value === 1) events.push({ kind: "pressed", code });
    if (type === EV_KEY && value === 0) events.push({ kind: "released", code });
    if (type === EV_ABS) events.push({ kind: "moved", axis: code, value });
  }
  return events;
}
