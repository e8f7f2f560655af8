import assert from "node:assert/strict";
import {
  encodeRect,
  pictureSize,
  PIXEL_FORMATS,
  ROTATIONS,
  visibleRows,
} from "../../../src/features/screen/framebuffer_layout.ts";
import { RgbCanvas } from "../../../src/features/screen/rgb_canvas.ts";
import { FakeFramebuffer } from "../../support/fake_framebuffer.ts";
import { toRgba, turnBack } from "../../support/framebuffer_png.ts";

const COLOR = 0xff8000;

const PACKED: Readonly<Record<string, number[]>> = {
  rgb565: [0x00, 0xfc],
  xrgb8888: [0x00, 0x80, 0xff, 0x00],
  xbgr8888: [0xff, 0x80, 0x00, 0x00],
  argb8888: [0x00, 0x80, 0xff, 0xff],
};

for (const format of PIXEL_FORMATS) {
  Deno.test(`encodeRect() packs ${format}`, () => {
    const canvas = new RgbCanvas({ width: 1, height: 1 }, COLOR);
    const geometry = { width: 1, height: 1, strideBytes: 8, offsetX: 0, offsetY: 0, format };
    const [write] = encodeRect(canvas, { x: 0, y: 0, width: 1, height: 1 }, {
      geometry,
      rotation: 0,
    });
    assert.deepEqual([...write?.bytes ?? []], PACKED[format]);
  });
}

for (const rotation of ROTATIONS) {
  for (const format of ["rgb565", "xrgb8888"] as const) {
    Deno.test(`encodeRect() turns a ${format} picture by ${rotation} degrees, padding left alone`, () => {
      const panel = new FakeFramebuffer({
        width: 7,
        height: 5,
        format,
        padding: 6,
        offset: { x: 2, y: 3 },
      });
      const before = panel.memory.slice();
      const size = pictureSize(panel.geometry, rotation);
      const canvas = new RgbCanvas(size, 0);
      // Every pixel its own colour that survives 565.
      for (let i = 0; i < canvas.pixels.length; i++) canvas.pixels[i] = ((i + 1) << 19) & 0xf80000;
      for (
        const { offset, bytes } of encodeRect(canvas, { x: 0, y: 0, ...size }, {
          geometry: panel.geometry,
          rotation,
        })
      ) panel.write(offset, bytes);
      const upright = turnBack(toRgba(panel.memory, panel.geometry), panel.geometry, rotation);
      assert.deepEqual([upright.width, upright.height], [size.width, size.height]);
      for (let i = 0; i < canvas.pixels.length; i++) {
        assert.equal((upright.data[i * 4] ?? 0) >> 3, (canvas.pixels[i] ?? 0) >> 19);
      }
      const visible = new Set(
        visibleRows(panel.geometry).flatMap(({ offset, length }) =>
          Array.from({ length }, (_, i) => offset + i)
        ),
      );
      for (const [i, byte] of before.entries()) {
        if (!visible.has(i)) assert.equal(panel.memory[i], byte);
      }
    });

    Deno.test(`encodeRect() writes only the rectangle, turned by ${rotation} degrees (${format})`, () => {
      const panel = new FakeFramebuffer({ width: 9, height: 6, format });
      const size = pictureSize(panel.geometry, rotation);
      const canvas = new RgbCanvas(size, 0);
      const rect = { x: 1, y: 2, width: 3, height: 2 };
      canvas.fill(rect, 0xffffff);
      const whole = encodeRect(canvas, { x: 0, y: 0, ...size }, {
        geometry: panel.geometry,
        rotation,
      });
      for (const { offset, bytes } of whole) panel.write(offset, bytes);
      const expected = panel.memory.slice();
      panel.memory.fill(0);
      panel.writtenBytes = 0;
      const part = encodeRect(canvas, rect, { geometry: panel.geometry, rotation });
      for (const { offset, bytes } of part) panel.write(offset, bytes);
      assert.deepEqual(panel.memory, expected);
      assert.equal(panel.writtenBytes, 6 * (format === "rgb565" ? 2 : 4));
    });
  }
}
