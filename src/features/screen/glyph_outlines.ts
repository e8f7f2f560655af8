// The outlines of letters and digits, as polygons in parts of the letter's size, y upwards from the
// baseline. They are drawn at any size: no size has stairs.

import { DIGITS, LETTERS } from "./glyph_data.ts";

/** How a character looks. */
export interface Glyph {
  /** How far the next character is, in the face's units. */
  readonly advance: number;
  /** Closed polygons, x and y in turn; where they run the other way round they cut a hole. */
  readonly contours: readonly Int16Array[];
}

/** A set of glyphs. */
export type Face = "letters" | "digits";

/** Units of a letter's size: digits are drawn larger. */
export const UNITS_PER_SIZE: Readonly<Record<Face, number>> = { letters: 1000, digits: 8000 };

const DATA: Readonly<Record<Face, string>> = { letters: LETTERS, digits: DIGITS };
const decoded = new Map<Face, ReadonlyMap<number, Glyph>>();

// What is drawn for a character that the face has not: a box.
const MISSING: Glyph = {
  advance: 600,
  contours: [
    Int16Array.of(60, 0, 60, 714, 540, 714, 540, 0),
    Int16Array.of(120, 60, 480, 60, 480, 654, 120, 654),
  ],
};

/** A character's glyph; a box where the face has none. */
export function glyphOf(face: Face, character: string): Glyph {
  return glyphsOf(face).get(character.codePointAt(0) ?? 0) ?? MISSING;
}

/** The code points that a face has. */
export function codePointsOf(face: Face): number[] {
  return [...glyphsOf(face).keys()];
}

// Only when something is drawn: most starts never show a PIN.
function glyphsOf(face: Face): ReadonlyMap<number, Glyph> {
  const known = decoded.get(face);
  if (known !== undefined) return known;
  const glyphs = decode(DATA[face]);
  decoded.set(face, glyphs);
  return glyphs;
}

// Per glyph: code point (from the one before), advance, number of contours; per contour: number of
// points, then each point from the one before, x and y, as zigzag numbers. All numbers in groups of
// seven bits, the lowest first.
function decode(base64: string): Map<number, Glyph> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  let at = 0;
  function next(): number {
    let [value, weight] = [0, 1];
    for (;;) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * weight;
      if (byte < 128) return value;
      weight *= 128;
    }
  }
  const step = (): number => {
    const value = next();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };
  const glyphs = new Map<number, Glyph>();
  let code = 0;
  while (at < bytes.length) {
    code += next();
    const advance = next();
    let [x, y] = [0, 0];
    const contours = Array.from({ length: next() }, () => {
      const points = new Int16Array(next() * 2);
      for (let i = 0; i < points.length; i += 2) {
        x += step();
        y += step();
        points[i] = x;
        points[i + 1] = y;
      }
      return points;
    });
    glyphs.set(code, { advance, contours });
  }
  return glyphs;
}
