// The digits of a PIN, as large as their place.

import { glyphOf, UNITS_PER_SIZE } from "./glyph_outlines.ts";
import { fillPolygons } from "./polygon_fill.ts";
import type { Color, Rect, RgbCanvas } from "./rgb_canvas.ts";

/** Width of a digit for a height of 1. */
export const DIGIT_ASPECT = 0.72;

// Round digits reach a little over the flat ones, above and below.
const OVERSHOOT = 0.011 * UNITS_PER_SIZE.digits;
const HEIGHT = 0.714 * UNITS_PER_SIZE.digits;

/** Draws a digit as high as the rectangle, in its middle. */
export function drawDigit(
  canvas: RgbCanvas,
  digit: string,
  options: { at: Rect; color: Color },
): void {
  const { at, color } = options;
  const { advance, contours } = glyphOf("digits", digit);
  const scale = at.height / (HEIGHT + 2 * OVERSHOOT);
  fillPolygons(canvas, contours, {
    x: at.x + (at.width - advance * scale) / 2,
    y: at.y + at.height - OVERSHOOT * scale,
    scale,
    color,
  });
}
