import assert from "node:assert/strict";
import {
  codePointsOf,
  glyphOf,
  UNITS_PER_SIZE,
} from "../../../src/features/screen/glyph_outlines.ts";
import { drawText, textHeight, textWidth } from "../../../src/features/screen/text_font.ts";
import { RgbCanvas } from "../../../src/features/screen/rgb_canvas.ts";

// Of each block what the fonts have not: Coptic letters, and marks of kana that no word has.
const BLOCKS: Readonly<Record<string, { first: number; last: number; without?: string }>> = {
  "ASCII": { first: 0x20, last: 0x7e },
  "Latin-1": { first: 0xa0, last: 0xff },
  "Latin Extended-A": { first: 0x100, last: 0x17f },
  "Greek": { first: 0x370, last: 0x3ff, without: "ϢϣϤϥϦϧϨϩϪϫϬϭϮϯ" },
  "Cyrillic": { first: 0x400, last: 0x4ff },
  "Hiragana": { first: 0x3041, last: 0x309f, without: "ゕゖ゛゜ゟ\u3099\u309a" },
  "Katakana": { first: 0x30a0, last: 0x30ff, without: "゠ヾヿ" },
};
for (const [name, { first, last, without = "" }] of Object.entries(BLOCKS)) {
  Deno.test(`the letters have all of ${name}`, () => {
    const known = new Set(codePointsOf("letters"));
    const missing = Array.from({ length: last - first + 1 }, (_, i) => first + i)
      .filter((code) => !known.has(code))
      .map((code) => String.fromCodePoint(code))
      .filter((one) => !/\p{Cn}/u.test(one) && !without.includes(one));
    assert.deepEqual(missing, []);
  });
}

const TEXTS = [
  "ゲームボーイ ファミコン",
  "すーぱーふぁみこん",
  "「ゲーム」、",
  "“quotes” – … • € ™ № �",
];
for (const text of TEXTS) {
  Deno.test(`the letters have all of ${text}`, () => {
    const known = new Set(codePointsOf("letters"));
    assert.deepEqual([...text].filter((one) => !known.has(one.codePointAt(0) ?? 0)), []);
  });
}

Deno.test("every glyph has closed shapes within its line, and takes room", () => {
  for (const face of ["letters", "digits"] as const) {
    const codes = codePointsOf(face);
    const size = UNITS_PER_SIZE[face];
    assert.deepEqual(codes, codes.toSorted((a, b) => a - b));
    for (const code of codes) {
      const { advance, contours } = glyphOf(face, String.fromCodePoint(code));
      assert.ok(advance >= 0 && advance <= 1.6 * size, code.toString(16));
      for (const points of contours) {
        assert.ok(points.length >= 6);
        for (let i = 1; i < points.length; i += 2) {
          assert.ok(
            (points[i] ?? 0) > -0.34 * size && (points[i] ?? 0) < 1.12 * size,
            code.toString(16),
          );
        }
      }
    }
  }
  assert.equal(codePointsOf("digits").length, 10);
});

Deno.test("all digits are as wide as each other, so that a time does not dance", () => {
  const widths = new Set([..."0123456789"].map((digit) => textWidth(digit, 100)));
  assert.equal(widths.size, 1);
});

Deno.test("a character without a glyph is a box, and accents that come apart are put together", () => {
  const draw = (text: string): Uint32Array => {
    const canvas = new RgbCanvas({ width: 60, height: textHeight(20) }, 0);
    drawText(canvas, text, { x: 2, y: 0, size: 20, color: 0xffffff });
    return canvas.pixels;
  };
  assert.deepEqual(draw("猫"), draw("犬"));
  assert.notDeepEqual(draw("猫"), draw(" "));
  assert.deepEqual(draw("a\u0308"), draw("ä"));
  assert.notDeepEqual(draw("a"), draw("ä"));
});
