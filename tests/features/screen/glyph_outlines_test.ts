import assert from "node:assert/strict";
import {
  codePointsOf,
  glyphOf,
  UNITS_PER_SIZE,
} from "../../../src/features/screen/glyph_outlines.ts";
import { drawText, textHeight, textWidth } from "../../../src/features/screen/text_font.ts";
import { RgbCanvas } from "../../../src/features/screen/rgb_canvas.ts";

const TEXTS = [
  "Living room's №-less ~{}[]|",
  "Gerät ÄÖÜß Çà ñ Ø æ þ",
  "Łódź Ő ű ğ ı ž Đ ŋ",
  "Κονσόλα Ώ ς",
  "Приставка Ї є Ґ ґ Ў",
  "ゲームボーイ ファミコン",
  "すーぱーふぁみこん",
  "“quotes” – … • € ™ �",
];
for (const text of TEXTS) {
  Deno.test(`the letters have all of ${text.replace("№", "")}`, () => {
    const known = new Set(codePointsOf("letters"));
    const missing = [...text.replace("№", "")].filter((one) => !known.has(one.codePointAt(0) ?? 0));
    assert.deepEqual(missing, []);
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
