// Every size that handhelds have, upright and turned: nothing cut, nothing overlapping.

import assert from "node:assert/strict";
import { layOutPin, MIN_QR_SIDES } from "../../../src/features/screen/pin_layout.ts";
import type { Rect } from "../../../src/features/screen/rgb_canvas.ts";
import { TEXT_HEIGHT, textWidth } from "../../../src/features/screen/text_font.ts";

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
];

function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

for (const [long, short] of SIZES) {
  for (const [width, height] of [[long, short], [short, long]] as const) {
    Deno.test(`layOutPin() fits everything on ${width} × ${height}`, () => {
      const title = "A rather long name of a handheld in the living room";
      const layout = layOutPin({ width, height }, { title, qrModules: MODULES });
      const { digits, qr, bar, message } = layout;
      assert.equal(digits.length, 6);
      const text: Rect = {
        x: layout.title.x,
        y: layout.title.y,
        width: textWidth(layout.title.text, layout.title.scale),
        height: TEXT_HEIGHT * layout.title.scale,
      };
      const line = { x: 0, y: message.y, width, height: TEXT_HEIGHT * message.scale };
      const parts = [...digits, text, bar, line, ...(qr === undefined ? [] : [qr])];
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
      // Readable from across the room: a digit is at least a fifth of the shorter side high.
      assert.ok((digits[0]?.height ?? 0) >= Math.min(width, height) / 5.5);
    });
  }
}

Deno.test("layOutPin() leaves the QR code out where there is nothing to say", () => {
  const layout = layOutPin({ width: 640, height: 480 }, { title: "x", qrModules: undefined });
  assert.equal(layout.qr, undefined);
});
