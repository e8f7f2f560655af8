// The picture that tells how a PIN ended: a mark, which needs no colour to be told apart, and the words
// below it, as large as fits.

import { placeText, textSize } from "./pin_layout.ts";
import { fillPolygons } from "./polygon_fill.ts";
import { type Color, RgbCanvas } from "./rgb_canvas.ts";
import { drawText, textHeight, textWidth } from "./text_font.ts";

const COLORS = {
  background: 0x000000,
  success: 0x33c27f,
  failure: 0xff6b5e,
  words: 0xe6edf3,
} as const satisfies Record<string, Color>;

const MAX_LINES = 3;

/** Draws how a PIN ended. */
export function drawOutcomeScreen(
  size: { width: number; height: number },
  outcome: { text: string; isSuccess: boolean },
): RgbCanvas {
  const { width, height } = size;
  const canvas = new RgbCanvas(size, COLORS.background);
  const shorter = Math.min(width, height);
  const margin = Math.max(6, Math.round(shorter * 0.06));
  const inner = width - 2 * margin;
  let letters = Math.round(shorter * 0.09);
  let lines = wrapEvenly(outcome.text, { width: inner, size: letters });
  while (letters > textSize(shorter) && lines.length > MAX_LINES) {
    letters -= 1;
    lines = wrapEvenly(outcome.text, { width: inner, size: letters });
  }
  const lineHeight = Math.round(textHeight(letters) * 1.1);
  const radius = Math.round(shorter * 0.14);
  const gap = Math.round(shorter * 0.07);
  const top = Math.floor((height - 2 * radius - gap - lines.length * lineHeight) / 2);
  const mark = outcome.isSuccess ? CHECK : CROSS;
  fillPolygons(canvas, [DISC, mark], {
    x: width / 2,
    y: top + radius,
    scale: radius / UNITS,
    color: outcome.isSuccess ? COLORS.success : COLORS.failure,
  });
  for (const [i, line] of lines.entries()) {
    const y = top + 2 * radius + gap + i * lineHeight;
    const place = placeText([line], { x: margin, y, width: inner, size: letters });
    drawText(canvas, place.text, { ...place, color: COLORS.words });
  }
  return canvas;
}

// As many lines as are needed, and none of them much shorter than the others.
function wrapEvenly(text: string, { width, size }: { width: number; size: number }): string[] {
  const lines = wrap(text, { width, size });
  let [tooNarrow, enough] = [0, width];
  while (enough - tooNarrow > 1) {
    const middle = Math.floor((tooNarrow + enough) / 2);
    if (isAsGood(wrap(text, { width: middle, size }), { width: middle, size })) enough = middle;
    else tooNarrow = middle;
  }
  return wrap(text, { width: enough, size });

  function isAsGood(others: string[], line: { width: number; size: number }): boolean {
    return others.length === lines.length &&
      others.every((one) => textWidth(one, line.size) <= line.width);
  }
}

// Breaks at spaces; a word that is too long alone is cut when it is drawn.
function wrap(text: string, options: { width: number; size: number }): string[] {
  const { width, size } = options;
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last === undefined || textWidth(longer, size) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** Units of the disc's radius. */
const UNITS = 8000;
const DISC_CORNERS = 180;
/** How far the sides of a stroke are from its middle, along either axis. */
const STROKE = 0.075;

// Clockwise; the marks run the other way round, and cut holes.
const DISC = toUnits(
  Array.from({ length: DISC_CORNERS }, (_, i) => {
    const angle = (-2 * Math.PI * i) / DISC_CORNERS;
    return [Math.cos(angle), Math.sin(angle)];
  }),
);

// Two strokes at right angles, from the left and from the right down to the corner.
const CHECK = toUnits([
  [-0.14, -0.28 - 2 * STROKE],
  [0.46 + STROKE, 0.32 - STROKE],
  [0.46 - STROKE, 0.32 + STROKE],
  [-0.14, -0.28 + 2 * STROKE],
  [-0.44 + STROKE, 0.02 + STROKE],
  [-0.44 - STROKE, 0.02 - STROKE],
]);

const CROSS = toUnits(
  [0, 1, 2, 3].flatMap((quarter): number[][] => {
    const end = 0.36;
    const arm = [[2 * STROKE, 0], [end + STROKE, end - STROKE], [end - STROKE, end + STROKE]];
    return arm.map((point) => turn(point, quarter));
  }),
);

// By quarters, to the left.
function turn([x = 0, y = 0]: readonly number[], quarters: number): number[] {
  return quarters === 0 ? [x, y] : turn([-y, x], quarters - 1);
}

function toUnits(points: readonly (readonly number[])[]): Int16Array {
  return Int16Array.from(points.flat(), (part) => Math.round(part * UNITS));
}
