// The ten digits as strokes in a box of 60 × 100, drawn with a round pen: they keep their shape from
// a few pixels to a whole screen, where bitmaps would turn into stairs.

import type { Color, Rect, RgbCanvas } from "./rgb_canvas.ts";

/** Width of a digit for a height of 1. */
export const DIGIT_ASPECT = 0.6;

const BOX_HEIGHT = 100;
const PEN = 15;
const ARC_STEPS = 14;

type Point = readonly [x: number, y: number];
type Stroke = readonly Point[];

// An arc around (x, y) from one angle to another, in degrees; 0 is right, 90 is down.
function arc(center: Point, radii: Point, angles: readonly [from: number, to: number]): Stroke {
  const [from, to] = angles;
  return Array.from({ length: ARC_STEPS + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / ARC_STEPS) * Math.PI) / 180;
    return [center[0] + radii[0] * Math.cos(angle), center[1] + radii[1] * Math.sin(angle)];
  });
}

const LEFT = 10;
const RIGHT = 50;
const MIDDLE = 30;
const TOP = 8;
const BOTTOM = 92;

const DIGITS: Readonly<Record<string, readonly Stroke[]>> = {
  "0": [
    [
      ...arc([MIDDLE, 28], [20, 20], [180, 360]),
      ...arc([MIDDLE, 72], [20, 20], [0, 180]),
      [LEFT, 28],
    ],
  ],
  "1": [[[14, 24], [34, TOP], [34, BOTTOM]], [[16, BOTTOM], [50, BOTTOM]]],
  "2": [[...arc([MIDDLE, 30], [20, 22], [190, 385]), [LEFT, BOTTOM], [RIGHT, BOTTOM]]],
  "3": [
    arc([MIDDLE - 1, 28], [19, 20], [200, 450]),
    arc([MIDDLE - 1, 70], [21, 22], [270, 520]),
    [[24, 48], [MIDDLE, 48]],
  ],
  "4": [[[42, BOTTOM], [42, TOP], [LEFT, 66], [54, 66]]],
  "5": [
    [[46, TOP], [15, TOP], [12, 46]],
    [[12, 46], ...arc([MIDDLE - 1, 65], [21, 27], [235, 510])],
  ],
  "6": [
    arc([MIDDLE, 69], [20, 23], [0, 360]),
    [[LEFT, 69], ...arc([38, 69], [28, 61], [180, 275])],
  ],
  "7": [[[LEFT, TOP], [RIGHT, TOP], [24, BOTTOM]]],
  "8": [
    arc([MIDDLE, 28], [17, 20], [0, 360]),
    arc([MIDDLE, 70], [20, 22], [0, 360]),
  ],
  "9": [
    arc([MIDDLE, 31], [20, 23], [0, 360]),
    [[RIGHT, 31], ...arc([22, 31], [28, 61], [0, 95])],
  ],
};

/** Draws a digit as high as the rectangle, at its left edge; its width follows from the height. */
export function drawDigit(
  canvas: RgbCanvas,
  digit: string,
  options: { at: Rect; color: Color },
): void {
  const { at, color } = options;
  const scale = at.height / BOX_HEIGHT;
  const radius = Math.max(0.9, (PEN / 2) * scale);
  const coverage = new Uint8Array(at.width * at.height);
  for (const stroke of DIGITS[digit] ?? []) {
    for (let i = 1; i < stroke.length; i++) {
      const [from, to] = [stroke[i - 1], stroke[i]];
      if (from === undefined || to === undefined) continue;
      stamp(coverage, at, {
        from: [from[0] * scale, from[1] * scale],
        to: [to[0] * scale, to[1] * scale],
        radius,
      });
    }
  }
  for (let y = 0; y < at.height; y++) {
    for (let x = 0; x < at.width; x++) {
      const covered = coverage[y * at.width + x] ?? 0;
      if (covered > 0) canvas.blend(at.x + x, at.y + y, { color, coverage: covered });
    }
  }
}

// Marks how much of each pixel lies within `radius` of the line; only pixels near it are looked at.
function stamp(
  coverage: Uint8Array,
  size: { width: number; height: number },
  line: { from: Point; to: Point; radius: number },
): void {
  const { from, to, radius } = line;
  const reach = radius + 1;
  const left = Math.max(0, Math.floor(Math.min(from[0], to[0]) - reach));
  const right = Math.min(size.width - 1, Math.ceil(Math.max(from[0], to[0]) + reach));
  const top = Math.max(0, Math.floor(Math.min(from[1], to[1]) - reach));
  const bottom = Math.min(size.height - 1, Math.ceil(Math.max(from[1], to[1]) + reach));
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const lengthSquared = dx * dx + dy * dy;
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [px, py] = [x + 0.5 - from[0], y + 0.5 - from[1]];
      const along = lengthSquared === 0 ? 0 : (px * dx + py * dy) / lengthSquared;
      const clamped = Math.min(1, Math.max(0, along));
      const distance = Math.hypot(px - clamped * dx, py - clamped * dy);
      const covered = Math.round(255 * Math.min(1, Math.max(0, radius + 0.5 - distance)));
      const at = y * size.width + x;
      if (covered > (coverage[at] ?? 0)) coverage[at] = covered;
    }
  }
}
