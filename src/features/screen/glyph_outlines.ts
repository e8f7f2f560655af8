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
const faces = new Map<Face, FaceIndex>();

interface FaceIndex {
  readonly bytes: Uint8Array;
  /** Where a code point's shape begins in the bytes. */
  readonly places: ReadonlyMap<number, number>;
}

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
  const { bytes, places } = indexOf(face);
  const at = places.get(character.codePointAt(0) ?? 0);
  return at === undefined ? MISSING : readShape(new NumberReader(bytes, at));
}

/** The code points that a face has. */
export function codePointsOf(face: Face): number[] {
  return [...indexOf(face).places.keys()];
}

// Only when something is drawn, and of the shapes only those: most starts never show a PIN, and a PIN
// must not hold up what else the device does.
function indexOf(face: Face): FaceIndex {
  const known = faces.get(face);
  if (known !== undefined) return known;
  const bytes = Uint8Array.fromBase64(DATA[face]);
  const places = new Map<number, number>();
  const numbers = new NumberReader(bytes, 0);
  for (let code = 0; numbers.at < bytes.length;) {
    code += numbers.next();
    const length = numbers.next();
    places.set(code, numbers.at);
    numbers.at += length;
  }
  const index = { bytes, places };
  faces.set(face, index);
  return index;
}

// Advance and number of contours; per contour the number of points, then each point from the one
// before.
function readShape(numbers: NumberReader): Glyph {
  const advance = numbers.next();
  let [x, y] = [0, 0];
  const contours = Array.from({ length: numbers.next() }, () => {
    const points = new Int16Array(numbers.next() * 2);
    for (let i = 0; i < points.length; i += 2) {
      x += numbers.nextSigned();
      y += numbers.nextSigned();
      points[i] = x;
      points[i + 1] = y;
    }
    return points;
  });
  return { advance, contours };
}

// Numbers in groups of seven bits, the lowest first; signed ones are 0, -1, 1, -2, ….
class NumberReader {
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  next(): number {
    let [value, weight] = [0, 1];
    for (;;) {
      const byte = this.#bytes[this.at++] ?? 0;
      value += (byte & 127) * weight;
      if (byte < 128) return value;
      weight *= 128;
    }
  }

  nextSigned(): number {
    const value = this.next();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
