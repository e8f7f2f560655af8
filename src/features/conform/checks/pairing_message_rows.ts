// msgA as no client should send it, and as any may (docs/protocol.md §2, "Reading msgA").

import { utf8 } from "../../../base/bytes.ts";
import { type AffinePoint, FIELD_PRIME } from "../../../protocol/v1/pake.ts";
import { encodeClientMessage } from "../../../protocol/v1/pake_message.ts";

/** A change of a right msgA. */
export interface MessageRow {
  /** What is special about it. */
  readonly title: string;
  /** Its text, for the text and the point of the right one. */
  readonly write: (text: string, x: AffinePoint) => string;
}

function set(change: Record<string, unknown>): MessageRow["write"] {
  return (text) => JSON.stringify({ ...JSON.parse(text), ...change });
}

/** msgA as nobody may send it. */
export const REFUSED_MESSAGES: readonly MessageRow[] = [
  { title: "is no JSON", write: (text) => text.slice(1) },
  { title: "is an array", write: (text) => `[${text}]` },
  { title: "has more than an object", write: (text) => `${text}{}` },
  { title: "lacks a coordinate", write: set({ yy: undefined }) },
  { title: "has a coordinate that is a number", write: set({ yx: 0 }) },
  { title: "has an empty coordinate", write: set({ xx: "" }) },
  { title: "has a hexadecimal coordinate", write: set({ xx: "0x10" }) },
  { title: "has a negative coordinate", write: set({ xx: "-5" }) },
  { title: "has a role that is a text", write: set({ role: "0" }) },
  { title: "has the role of the device", write: set({ role: 1 }) },
  { title: "has X = (0, 0)", write: set({ xx: "0", xy: "0" }) },
  { title: "has an X beside the curve", write: set({ xx: "1", xy: "1" }) },
  {
    title: "has a coordinate of X beyond the field",
    write: (text, { x }) => set({ xx: String(x + FIELD_PRIME) })(text, { x, y: 0n }),
  },
];

/** msgA as any client may send it. */
export const ACCEPTED_MESSAGES: readonly MessageRow[] = [
  { title: "has a member more", write: set({ more: { of: ["it"] } }) },
  { title: "lacks the role", write: set({ role: undefined }) },
  { title: "has white space around it", write: (text) => `\n\t ${text} \r\n` },
  { title: "has a plus sign", write: (text, { x }) => set({ xx: `+${x}` })(text, { x, y: 0n }) },
  {
    title: "has leading zeros",
    write: (text, { x }) => set({ xx: `000${x}` })(text, { x, y: 0n }),
  },
];

/** The bytes of a changed msgA. */
export function writeMessage(row: MessageRow, x: AffinePoint): ReturnType<typeof utf8> {
  return utf8(row.write(new TextDecoder().decode(encodeClientMessage(x)), x));
}

/** All that {@linkcode ACCEPTED_MESSAGES} allow in one text, in another order of members. */
export function writeOddMessage({ x, y }: AffinePoint): ReturnType<typeof utf8> {
  const members = Object.entries(
    JSON.parse(new TextDecoder().decode(encodeClientMessage({ x, y }))),
  ).toReversed();
  const odd = { more: "\u00e4 \\ ", ...Object.fromEntries(members), xx: `+00${x}` };
  return utf8(` ${JSON.stringify(odd, null, 1)}\n`);
}
