// Lines of text on the panel: names of devices and clients, and what to do. Latin, Greek, Cyrillic and
// kana; other characters are drawn as a box.

import { type Glyph, glyphOf, UNITS_PER_SIZE } from "./glyph_outlines.ts";
import { fillPolygons } from "./polygon_fill.ts";
import type { Color, RgbCanvas } from "./rgb_canvas.ts";

const BASELINE = 0.96;
const HEIGHT = 1.22;

/** How high a line of text of a size is, in pixels: room for accents above and tails below. */
export function textHeight(size: number): number {
  return Math.ceil(size * HEIGHT);
}

/** How wide a text of a size is, in whole pixels. */
export function textWidth(text: string, size: number): number {
  const units = glyphsOf(text).reduce((total, { advance }) => total + advance, 0);
  return Math.ceil((units * size) / UNITS_PER_SIZE.letters);
}

/** Draws a text with its upper left corner at (x, y). */
export function drawText(
  canvas: RgbCanvas,
  text: string,
  options: { x: number; y: number; size: number; color: Color },
): void {
  const { x, y, size, color } = options;
  const scale = size / UNITS_PER_SIZE.letters;
  const baseline = y + Math.round(size * BASELINE);
  let at = 0;
  for (const { advance, contours } of glyphsOf(text)) {
    fillPolygons(canvas, contours, { x: x + at * scale, y: baseline, scale, color });
    at += advance;
  }
}

// Accents that come apart from their letters have no glyphs of their own.
function glyphsOf(text: string): Glyph[] {
  return [...text.normalize("NFC")].map((character) => glyphOf("letters", character));
}
