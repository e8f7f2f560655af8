// The pictures themselves: golden hashes of what was looked at and found good, and the QR code read
// back out of the panel's bytes by a decoder.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import jsqr from "jsqr";
import {
  encodeRect,
  pictureSize,
  type Rotation,
  ROTATIONS,
} from "../../../src/features/screen/framebuffer_layout.ts";
import { drawOutcomeScreen, drawPinScreen } from "../../../src/features/screen/pin_screen.ts";
import type { RgbCanvas } from "../../../src/features/screen/rgb_canvas.ts";
import { FakeFramebuffer } from "../../support/fake_framebuffer.ts";
import { toRgba, turnBack } from "../../support/framebuffer_png.ts";
import golden from "./golden.json" with { type: "json" };

const SIZES: readonly [number, number][] = [
  [160, 144],
  [320, 240],
  [640, 480],
  [720, 720],
  [1280, 720],
  [1920, 1080],
];
const URL_TEXT = "http://192.168.100.200:7497/app/#pair=925041";

function onPanel(
  draw: (size: { width: number; height: number }) => RgbCanvas,
  panel: FakeFramebuffer,
  rotation: Rotation,
): void {
  const { geometry } = panel;
  const size = pictureSize(geometry, rotation);
  const canvas = draw(size);
  for (
    const { offset, bytes } of encodeRect(canvas, { x: 0, y: 0, ...size }, { geometry, rotation })
  ) panel.write(offset, bytes);
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

// The package is CommonJS: its types put the function on the default, and so does the platform.
const decodeQr = (jsqr as unknown as { default: typeof jsqr.default }).default ?? jsqr;
const hashes = golden as Record<string, string>;

for (const [width, height] of SIZES) {
  for (const format of ["rgb565", "xrgb8888"] as const) {
    for (const rotation of ROTATIONS) {
      const name = `${width}x${height} ${format} ${rotation}`;
      Deno.test(`the PIN's picture on ${name}`, () => {
        const panel = new FakeFramebuffer({ width, height, format });
        const content = {
          pin: "925041",
          deviceName: "Living room",
          url: URL_TEXT,
          warnings: ["Wrong PIN entered: 1 of 3", "Wrong PIN: 1 of 3"],
          left: 0.6,
        };
        onPanel((size) => drawPinScreen(size, content).canvas, panel, rotation);
        assert.equal(hash(panel.memory), hashes[name]);
        const upright = turnBack(toRgba(panel.memory, panel.geometry), panel.geometry, rotation);
        const code = decodeQr(upright.data, upright.width, upright.height);
        assert.equal(code?.data, width >= 320 ? URL_TEXT : undefined);
      });
    }
  }
}

for (const [width, height] of SIZES) {
  Deno.test(`the end's picture on ${width}x${height}`, () => {
    const panel = new FakeFramebuffer({ width, height, format: "xrgb8888" });
    const outcome = { text: "Paired with Anna's phone", isSuccess: true };
    onPanel((size) => drawOutcomeScreen(size, outcome), panel, 0);
    assert.equal(hash(panel.memory), hashes[`end ${width}x${height}`]);
  });
}

Deno.test("a client's name cannot draw outside its lines", () => {
  const text = `Paired with ${"\u202e\u0000\n".repeat(5)}${"W".repeat(300)}`;
  const canvas = drawOutcomeScreen({ width: 160, height: 144 }, { text, isSuccess: true });
  assert.ok(canvas.pixels.some((pixel) => pixel !== 0));
});
