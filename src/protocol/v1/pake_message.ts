// The JSON texts msgA and msgB of the PAKE (docs/protocol.md §2). The raw bytes go into the key
// schedule as they were sent: whoever decodes a message keeps them and never encodes them again.

import { type Bytes, decodeUtf8, utf8 } from "../../base/bytes.ts";
import { parseJsonObject, rawMember } from "../../base/json.ts";
import { type AffinePoint, isValidPoint, POINT_U, POINT_V } from "./pake.ts";

/** The longest msgA that is read, in bytes. */
export const MAX_PAKE_MESSAGE_BYTES = 2048;

const COORDINATES = ["ux", "uy", "vx", "vy", "xx", "xy", "yx", "yy"] as const;
const DECIMAL_TEXT = /^[+-]?[0-9]+$/;
const INTEGER_TEXT = /^-?(0|[1-9][0-9]*)$/;
const ROLE_DEVICE = 1;

/** msgA: the client's share X. */
export function encodeClientMessage(x: AffinePoint): Bytes {
  return utf8(JSON.stringify({ role: 0, ...coordinateTexts(x, { x: 0n, y: 0n }) }));
}

/** msgB: the client's X in canonical decimals and the device's Y. */
export function encodeDeviceMessage(x: AffinePoint, y: AffinePoint): Bytes {
  return utf8(JSON.stringify({ ...coordinateTexts(x, y), role: ROLE_DEVICE }));
}

/** X of a msgA; undefined where the message or its point is not valid. */
export function decodeClientMessage(bytes: Uint8Array): AffinePoint | undefined {
  const message = decodeMessage(bytes);
  if (message === undefined || message.role === ROLE_DEVICE) return undefined;
  return isValidPoint(message.x) ? message.x : undefined;
}

/** Y of a msgB; undefined where the message, its role or its point is not valid. */
export function decodeDeviceMessage(bytes: Uint8Array): AffinePoint | undefined {
  const message = decodeMessage(bytes);
  if (message === undefined || message.role !== ROLE_DEVICE) return undefined;
  return isValidPoint(message.y) ? message.y : undefined;
}

interface PakeMessage {
  role: number;
  x: AffinePoint;
  y: AffinePoint;
}

function decodeMessage(bytes: Uint8Array): PakeMessage | undefined {
  const text = bytes.length > MAX_PAKE_MESSAGE_BYTES ? undefined : decodeUtf8(bytes);
  const object = text === undefined ? undefined : parseJsonObject(text);
  if (text === undefined || object === undefined) return undefined;
  const role = Object.hasOwn(object, "role") ? parseRole(text, object["role"]) : 0;
  if (role === undefined) return undefined;
  const values = new Map<string, bigint>();
  for (const name of COORDINATES) {
    const value = parseCoordinate(Object.hasOwn(object, name) ? object[name] : undefined);
    if (value === undefined) return undefined;
    values.set(name, value);
  }
  const point = (axisX: string, axisY: string): AffinePoint => ({
    x: values.get(axisX) ?? 0n,
    y: values.get(axisY) ?? 0n,
  });
  return { role, x: point("xx", "xy"), y: point("yx", "yy") };
}

// 0 and 0.0 are one number but not one integer: the text decides.
function parseRole(text: string, value: unknown): number | undefined {
  if (typeof value !== "number") return undefined;
  return INTEGER_TEXT.test(rawMember(text, "role") ?? "") ? value : undefined;
}

// BigInt() would take "", " 5 " and "0x10": the text is checked by pattern first.
function parseCoordinate(value: unknown): bigint | undefined {
  if (typeof value !== "string" || !DECIMAL_TEXT.test(value)) return undefined;
  const integer = BigInt(value);
  return integer >= 0n ? integer : undefined;
}

function coordinateTexts(x: AffinePoint, y: AffinePoint): Record<string, string> {
  const values = [POINT_U, POINT_V, x, y].flatMap((point) => [point.x, point.y]);
  return Object.fromEntries(COORDINATES.map((name, i) => [name, String(values[i] ?? 0n)]));
}
