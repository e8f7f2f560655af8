// The pictures themselves, as they were looked at and found good: golden/*.png, written anew by
// `deno task golden`. And what the panel's bytes give back: the same picture, and the QR code.

import assert from "node:assert/strict";
import { decode } from "fast-png";
import jsqr from "jsqr";
import {
  encodeRect,
  pictureSize,
  type Rotation,
  ROTATIONS,
} from "../../../src/features/screen/framebuffer_layout.ts";
import { drawOutcomeScreen } from "../../../src/features/screen/outcome_screen.ts";
import { drawPinScreen, drawTimeLeft } from "../../../src/features/screen/pin_screen.ts";
import type { RgbCanvas } from "../../../src/features/screen/rgb_canvas.ts";
import { FakeFramebuffer } from "../../support/fake_framebuffer.ts";
import { toRgba, turnBack } from "../../support/framebuffer_png.ts";
import { CONTENT, PICTURES, SIZES, URL_TEXT } from "./golden_pictures.ts";

// The package is CommonJS: its types put the function on the default, and so does the platform.
const decodeQr = (jsqr as unknown as { default: typeof jsqr.default }).default ?? jsqr;

for (const { name, draw } of PICTURES) {
  Deno.test(`the picture ${name} is the one that was found good`, async () => {
    const canvas = draw();
    const golden = decode(await Deno.readFile(new URL(`golden/${name}.png`, import.meta.url)));
    assert.deepEqual([golden.width, golden.height], [canvas.width, canvas.height]);
    let differing = 0;
    for (const [i, color] of canvas.pixels.entries()) {
      const [red = 0, green = 0, blue = 0] = golden.data.subarray(i * 3, i * 3 + 3);
      if (((red << 16) | (green << 8) | blue) !== color) differing += 1;
    }
    assert.equal(differing, 0, "pixels that differ");
  });
}

function onPanel(
  draw: (size: { width: number; height: number }) => RgbCanvas,
  panel: FakeFramebuffer,
  rotation: Rotation,
): RgbCanvas {
  const { geometry } = panel;
  const size = pictureSize(geometry, rotation);
  const canvas = draw(size);
  for (
    const { offset, bytes } of encodeRect(canvas, { x: 0, y: 0, ...size }, { geometry, rotation })
  ) panel.write(offset, bytes);
  return canvas;
}

for (const [width, height] of SIZES.filter(([width]) => width <= 720)) {
  for (const format of ["rgb565", "xrgb8888"] as const) {
    for (const rotation of ROTATIONS) {
      Deno.test(`the panel's bytes are the picture: ${width}x${height} ${format} ${rotation}`, () => {
        const panel = new FakeFramebuffer({ width, height, format });
        const canvas = onPanel((size) => drawPinScreen(size, CONTENT).canvas, panel, rotation);
        const upright = turnBack(toRgba(panel.memory, panel.geometry), panel.geometry, rotation);
        const lostBits = format === "rgb565" ? 3 : 0;
        const isSame = canvas.pixels.every((color, i) =>
          [16, 8, 0].every((shift, channel) =>
            ((color >> shift) & 0xff) >> lostBits ===
              (upright.data[i * 4 + channel] ?? 0) >> lostBits
          )
        );
        assert.ok(isSame);
        const code = decodeQr(upright.data, upright.width, upright.height);
        const hasCode = Math.max(width, height) >= 320 && Math.min(width, height) >= 240;
        assert.equal(code?.data, hasCode ? URL_TEXT : undefined);
      });
    }
  }
}

Deno.test("drawTimeLeft() changes time and bar and nothing else, and comes back to the same", () => {
  const screen = drawPinScreen({ width: 320, height: 240 }, CONTENT);
  const { canvas, time, bar } = screen;
  const before = canvas.pixels.slice();
  drawTimeLeft(screen, { ms: 61_000, part: 0.2 });
  const within = (rect: typeof bar, x: number, y: number): boolean =>
    x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height;
  const changed = [...canvas.pixels.keys()].filter((i) => canvas.pixels[i] !== before[i])
    .map((i) => [i % canvas.width, Math.floor(i / canvas.width)] as const);
  assert.ok(changed.some(([x, y]) => within(time, x, y)));
  assert.ok(changed.some(([x, y]) => within(bar, x, y)));
  assert.ok(changed.every(([x, y]) => within(time, x, y) || within(bar, x, y)));
  drawTimeLeft(screen, CONTENT.left);
  assert.deepEqual(canvas.pixels, before);
});

Deno.test("a picture without a time has none, and a warning takes the address's place", () => {
  const size = { width: 320, height: 240 };
  const timeless = drawPinScreen(size, { ...CONTENT, left: undefined });
  const { time, canvas } = timeless;
  const lit = (at: typeof time): number => {
    let count = 0;
    for (let y = at.y; y < at.y + at.height; y++) {
      const row = canvas.pixels.subarray(y * 320 + at.x, y * 320 + at.x + at.width);
      count += row.filter((color) => color !== 0).length;
    }
    return count;
  };
  assert.equal(lit(time), 0);
  const amber = (warnings: string[]): boolean =>
    drawPinScreen(size, { ...CONTENT, warnings }).canvas.pixels.includes(0xffb020);
  assert.ok(amber(["Wrong PIN"]) && !amber([]));
});

Deno.test("a second that has begun is still told, and a time that is over is 0:00", () => {
  const size = { width: 160, height: 144 };
  const pixels = (ms: number): Uint32Array =>
    drawPinScreen(size, { ...CONTENT, left: { ms, part: 0 } }).canvas.pixels;
  assert.deepEqual(pixels(171_001), pixels(172_000));
  assert.notDeepEqual(pixels(171_000), pixels(172_000));
  assert.deepEqual(pixels(-1), pixels(0));
});

Deno.test("a device's name cannot turn the picture's text around", () => {
  const size = { width: 160, height: 144 };
  const pixels = (deviceName: string): Uint32Array =>
    drawPinScreen(size, { ...CONTENT, deviceName }).canvas.pixels;
  assert.deepEqual(pixels("a\u202eb\u200bc"), pixels("a\ufffdb\ufffdc"));
});

Deno.test("a client's name cannot draw outside its lines", () => {
  const text = `Paired with ${"\u202e\u0000\n".repeat(5)}${"W".repeat(300)}`;
  const canvas = drawOutcomeScreen({ width: 160, height: 144 }, { text, isSuccess: true });
  assert.ok(canvas.pixels.some((pixel) => pixel !== 0));
});
