// What reaches the glass on drivers that bring to it only what they take for changed: everything,
// whatever the panel is like.

import assert from "node:assert/strict";
import {
  BAR_PERIOD_MS,
  createFramebufferDisplay,
  LOOK_PERIOD_MS,
  OUTCOME_MS,
} from "../../../src/features/screen/framebuffer_display.ts";
import {
  encodeRect,
  pictureSize,
  ROTATIONS,
} from "../../../src/features/screen/framebuffer_layout.ts";
import { RgbCanvas } from "../../../src/features/screen/rgb_canvas.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeFramebuffer, type PanelOptions } from "../../support/fake_framebuffer.ts";

const FORMAT = { format: "rgb565" } as const;
const PANELS: readonly [name: string, panel: PanelOptions][] = [
  ["without gaps between its rows", { width: 160, height: 144, ...FORMAT }],
  ["with padded rows", { width: 160, height: 144, ...FORMAT, padding: 16 }],
  ["within a larger screen", {
    ...{ width: 160, height: 144, ...FORMAT },
    ...{ padding: 8, offset: { x: 4, y: 2 } },
  }],
  ["below another picture", { width: 160, height: 144, ...FORMAT, offset: { x: 0, y: 144 } }],
];

Deno.test("the model of the kernel loses a write of exactly one row, and no other", () => {
  const panel = new FakeFramebuffer({ width: 4, height: 4, ...FORMAT });
  const row = new Uint8Array(8).fill(0xaa);
  panel.write(8, row);
  assert.ok(!panel.isAllSeen);
  panel.write(8, row.subarray(0, 6));
  panel.write(14, row.subarray(0, 2));
  assert.ok(!panel.isAllSeen);
  panel.write(8, new Uint8Array(16).fill(0xaa));
  assert.ok(panel.isAllSeen);
  panel.write(2, row.subarray(0, 4));
  assert.ok(panel.isAllSeen);
});

for (const rotation of ROTATIONS) {
  for (const [name, options] of PANELS) {
    Deno.test(`everything is seen on a panel ${name}, turned by ${rotation} degrees`, () => {
      const panel = new FakeFramebuffer(options);
      const clock = new FakeClock();
      const before = panel.glass.slice();
      const onFailure = (error: Error): never => {
        throw error;
      };
      const display = createFramebufferDisplay({
        device: panel,
        cursor: undefined,
        hints: [],
        rotation,
        clock,
        onFailure,
      });
      const expiresAtMs = clock.wallMs() + 60_000;
      display.show({ pin: "216479", expiresAtMs, deviceName: "Deck", url: undefined });
      assert.ok(panel.isAllSeen, "the PIN");
      clock.advance(BAR_PERIOD_MS);
      assert.ok(panel.isAllSeen, "the bar");
      display.warn({ failures: 1, limit: 3, from: "192.0.2.9" });
      assert.ok(panel.isAllSeen, "a wrong guess");
      const shown = panel.glass.slice();
      panel.scribble(5);
      clock.advance(LOOK_PERIOD_MS);
      assert.ok(panel.isAllSeen, "drawn over a game");
      assert.ok(visibleAlike(panel, shown));
      display.clear({ kind: "expired" });
      assert.ok(panel.isAllSeen, "the end");
      clock.advance(OUTCOME_MS);
      assert.ok(panel.isAllSeen, "the picture of before");
      assert.ok(visibleAlike(panel, before));
      display.close();
    });

    Deno.test(`any part is seen on a panel ${name}, turned by ${rotation} degrees`, () => {
      const panel = new FakeFramebuffer(options);
      const { geometry } = panel;
      const size = pictureSize(geometry, rotation);
      const canvas = new RgbCanvas(size, 0x112233);
      const { width, height } = size;
      const parts = [
        { x: 0, y: 0, width, height: 1 },
        { x: 0, y: height - 1, width, height: 1 },
        { x: 0, y: 3, width, height: 2 },
        { x: 0, y: 0, width: 1, height },
        { x: width - 1, y: 0, width: 1, height },
        { x: width - 3, y: 5, width: 3, height: 1 },
        { x: 0, y: height - 1, width: 1, height: 1 },
        { x: width - 1, y: height - 1, width: 1, height: 1 },
        { x: 7, y: 7, width: 20, height: 4 },
      ];
      encodeRect(canvas, { x: 0, y: 0, width, height }, { geometry, rotation })
        .forEach(({ offset, bytes }) => panel.write(offset, bytes));
      for (const [i, rect] of parts.entries()) {
        canvas.fill(rect, 0xf00000 + (i << 12));
        encodeRect(canvas, rect, { geometry, rotation })
          .forEach(({ offset, bytes }) => panel.write(offset, bytes));
        assert.ok(panel.isAllSeen, JSON.stringify(rect));
      }
    });
  }
}

Deno.test("all but the last column is seen where rows end a larger screen's memory", () => {
  const panel = new FakeFramebuffer({ width: 8, height: 6, ...FORMAT, offset: { x: 4, y: 0 } });
  const { geometry } = panel;
  const canvas = new RgbCanvas({ width: 8, height: 6 }, 0xffffff);
  encodeRect(canvas, { x: 0, y: 0, width: 8, height: 6 }, { geometry, rotation: 0 })
    .forEach(({ offset, bytes }) => panel.write(offset, bytes));
  for (let y = 0; y < 6; y++) {
    const row = panel.glass.subarray(y * 24 + 8, y * 24 + 22);
    assert.ok(row.every((byte) => byte === 0xff));
  }
});

Deno.test("a whole picture without gaps is one write", () => {
  const { geometry } = new FakeFramebuffer({ width: 160, height: 144, ...FORMAT });
  const canvas = new RgbCanvas({ width: 160, height: 144 }, 0);
  const whole = { x: 0, y: 0, width: 160, height: 144 };
  assert.equal(encodeRect(canvas, whole, { geometry, rotation: 0 }).length, 1);
});

function visibleAlike(panel: FakeFramebuffer, picture: Uint8Array): boolean {
  const { width, height, strideBytes, offsetX, offsetY } = panel.geometry;
  return Array.from({ length: height }, (_, y) => (offsetY + y) * strideBytes + offsetX * 2).every(
    (at) => panel.glass.subarray(at, at + width * 2).every((byte, i) => byte === picture[at + i]),
  );
}
