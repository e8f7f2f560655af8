// Every size that handhelds have, upright and turned: nothing cut, nothing overlapping.

import assert from "node:assert/strict";
import {
  layOutPin,
  MIN_QR_SIDES,
  type PinLayoutContent,
  placeText,
  type TextPlace,
} from "../../../src/features/screen/pin_layout.ts";
import type { Rect } from "../../../src/features/screen/rgb_canvas.ts";
import { textHeight, textWidth } from "../../../src/features/screen/text_font.ts";

const MODULES = 39;
const SIZES: readonly [number, number][] = [
  [160, 144],
  [240, 240],
  [320, 240],
  [480, 272],
  [480, 320],
  [640, 480],
  [720, 720],
  [800, 480],
  [1024, 600],
  [1280, 720],
  [1920, 1080],
  [1920, 1152],
];

const CONTENT: PinLayoutContent = {
  title: "A rather long name of a handheld in the living room",
  instructions: {
    withQr: ["Scan, or type this PIN in the Zaparoo app", "Scan, or type the PIN"],
    without: ["Type this PIN in the Zaparoo app", "Type this PIN"],
  },
  message: ["Wrong PIN entered: 1 of 3, from 2001:db8:1234:5678:90ab:cdef:1234:5678", "Wrong PIN"],
  hint: ["Hold Select + Start to cancel", "Select + Start"],
  digits: 6,
  qrModules: MODULES,
};

function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function rectOf({ text, x, y, size }: TextPlace): Rect {
  return { x, y, width: textWidth(text, size), height: textHeight(size) };
}

for (const [long, short] of SIZES) {
  for (const [width, height] of [[long, short], [short, long]] as const) {
    for (const count of [6, 7, 8]) {
      Deno.test(`layOutPin() fits everything with ${count} digits on ${width} × ${height}`, () => {
        const layout = layOutPin({ width, height }, { ...CONTENT, digits: count });
        const { digits, qr, bar, time, title, instruction, message, hint } = layout;
        assert.equal(digits.length, count);
        assert.ok(message !== undefined && hint !== undefined);
        const lines = [title, instruction, message, hint].map(rectOf);
        const parts = [...digits, ...lines, time, bar, ...(qr === undefined ? [] : [qr])];
        for (const part of parts) {
          assert.ok(part.x >= 0 && part.y >= 0, JSON.stringify(part));
          assert.ok(part.x + part.width <= width && part.y + part.height <= height);
          assert.ok([part.x, part.y, part.width, part.height].every(Number.isInteger));
        }
        for (const [i, a] of parts.entries()) {
          for (const b of parts.slice(i + 1)) {
            assert.ok(!overlaps(a, b), `${JSON.stringify(a)} ${JSON.stringify(b)}`);
          }
        }
        const isLarge = Math.max(width, height) >= MIN_QR_SIDES[0] &&
          Math.min(width, height) >= MIN_QR_SIDES[1];
        assert.equal(qr !== undefined, isLarge);
        if (qr !== undefined) assert.ok(qr.width / MODULES >= 2 && qr.width % MODULES === 0);
        assert.ok(instruction.text.startsWith(isLarge ? "Scan" : "Type"));
        // Readable from across the room: a digit is at least a sixth of the shorter side high.
        const part = count === 6 ? 6 : 8;
        assert.ok((digits[0]?.height ?? 0) >= Math.min(width, height) / part);
        assert.ok([title, instruction, message, hint].every(({ size }) => size >= 11));
      });
    }
  }
}

Deno.test("layOutPin() leaves out what there is nothing to say about", () => {
  const size = { width: 640, height: 480 };
  const layout = layOutPin(size, { ...CONTENT, message: [], hint: [], qrModules: undefined });
  assert.equal(layout.qr, undefined);
  assert.equal(layout.message, undefined);
  assert.equal(layout.hint, undefined);
});

Deno.test("layOutPin() takes the longest text that fits, and cuts the last with an ellipsis", () => {
  const placed = (width: number, texts: readonly string[]): string =>
    placeText(texts, { x: 0, y: 0, width, size: 11 }).text;
  assert.equal(placed(500, ["Some words", "Words"]), "Some words");
  assert.equal(placed(textWidth("Some words", 11) - 1, ["Some words", "Words"]), "Words");
  assert.match(placed(30, ["Some words", "Words that are long"]), /^W\p{L}*…$/u);
  const hint = ["A way to cancel that is far too long to be told on a screen this small"];
  assert.equal(layOutPin({ width: 160, height: 144 }, { ...CONTENT, hint }).hint, undefined);
});
