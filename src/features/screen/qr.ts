// The QR code that opens the pairing page on a phone.

import { encode } from "uqr";
import type { Color, Rect, RgbCanvas } from "./rgb_canvas.ts";

const QUIET_MODULES = 3;

/** A code, ready to be drawn. */
export interface QrCode {
  /** How many modules wide and high, the quiet zone included. */
  readonly modules: number;
  /** Whether a module is dark. */
  isDark(x: number, y: number): boolean;
}

/** The code of a text. */
export function encodeQr(text: string): QrCode {
  const { data, size } = encode(text, { ecc: "L", border: 0 });
  return {
    modules: size + 2 * QUIET_MODULES,
    isDark: (x, y) => data[y - QUIET_MODULES]?.[x - QUIET_MODULES] ?? false,
  };
}

/** Draws a code in the middle of a square, each module the same whole number of pixels. */
export function drawQr(
  canvas: RgbCanvas,
  code: QrCode,
  options: { at: Rect; dark: Color; light: Color },
): void {
  const { at, dark, light } = options;
  const scale = Math.floor(Math.min(at.width, at.height) / code.modules);
  const size = scale * code.modules;
  const left = at.x + Math.floor((at.width - size) / 2);
  const top = at.y + Math.floor((at.height - size) / 2);
  canvas.fill({ x: left, y: top, width: size, height: size }, light);
  for (let y = 0; y < code.modules; y++) {
    for (let x = 0; x < code.modules; x++) {
      if (!code.isDark(x, y)) continue;
      const module = { x: left + x * scale, y: top + y * scale, width: scale, height: scale };
      canvas.fill(module, dark);
    }
  }
}
