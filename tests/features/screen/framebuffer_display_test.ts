// The panel as the person sees it over time: shown, warned, told, given back byte for byte.

import assert from "node:assert/strict";
import {
  BAR_PERIOD_MS,
  createFramebufferDisplay,
  LOOK_PERIOD_MS,
  OUTCOME_MS,
} from "../../../src/features/screen/framebuffer_display.ts";
import type { PinDisplay, PinOutcome, PinView } from "../../../src/features/screen/pin_display.ts";
import { encodeRect } from "../../../src/features/screen/framebuffer_layout.ts";
import { drawOutcomeScreen } from "../../../src/features/screen/outcome_screen.ts";
import { drawPinScreen } from "../../../src/features/screen/pin_screen.ts";
import { describeOutcome } from "../../../src/features/screen/pin_words.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeFramebuffer, type PanelOptions } from "../../support/fake_framebuffer.ts";

const HINTS = ["Hold L1 to cancel"];
const PANEL: PanelOptions = {
  ...{ width: 160, height: 144, format: "rgb565" },
  ...{ padding: 10, offset: { x: 3, y: 5 } },
};

interface Fixture {
  display: PinDisplay;
  panel: FakeFramebuffer;
  clock: FakeClock;
  before: Uint8Array;
  view: PinView;
  failures: string[];
  /** What was done with the console's cursor. */
  cursor: string[];
}

function setUp(): Fixture {
  const panel = new FakeFramebuffer(PANEL);
  const clock = new FakeClock();
  const failures: string[] = [];
  const cursor: string[] = [];
  const display = createFramebufferDisplay({
    device: panel,
    cursor: {
      hide: () => cursor.push("hide"),
      show: () => cursor.push("show"),
      close: () => cursor.push("close"),
    },
    rotation: 0,
    hints: HINTS,
    clock,
    onFailure: (error) => failures.push(error.message),
  });
  const view = {
    pin: "925041",
    expiresAtMs: clock.wallMs() + 300_000,
    deviceName: "Living room",
    url: undefined,
  };
  return { display, panel, clock, before: panel.memory.slice(), view, failures, cursor };
}

const OUTCOMES: readonly PinOutcome[] = [
  { kind: "paired", clientName: "Phone" },
  { kind: "expired" },
  { kind: "cancelled" },
  { kind: "too_many_failures", from: ["192.0.2.9"] },
];

for (const outcome of OUTCOMES) {
  Deno.test(`the end "${outcome.kind}" is told for 3 s, then the screen is given back`, () => {
    const { display, panel, clock, before, view } = setUp();
    display.show(view);
    assert.notDeepEqual(panel.memory, before);
    const shown = panel.memory.slice();
    clock.advance(5000);
    display.clear(outcome);
    assert.notDeepEqual(panel.memory, before);
    assert.notDeepEqual(panel.memory, shown);
    const { width, height } = PANEL;
    const picture = drawOutcomeScreen({ width, height }, {
      text: describeOutcome(outcome),
      isSuccess: outcome.kind === "paired",
    });
    const { geometry } = panel;
    const rect = { x: 0, y: 0, width, height };
    for (const { offset, bytes } of encodeRect(picture, rect, { geometry, rotation: 0 })) {
      assert.deepEqual(panel.memory.slice(offset, offset + bytes.length), bytes);
    }
    clock.advance(OUTCOME_MS - 1);
    assert.notDeepEqual(panel.memory, before);
    clock.advance(1);
    assert.deepEqual(panel.memory, before);
    assert.equal(clock.timerCount, 0);
  });
}

Deno.test("the console's cursor is hidden with the PIN and given back with the screen", () => {
  const { display, panel, clock, cursor, view } = setUp();
  display.show(view);
  assert.deepEqual(cursor.splice(0), ["hide"]);
  clock.advance(LOOK_PERIOD_MS);
  assert.deepEqual(cursor, []);
  panel.scribble(3);
  clock.advance(LOOK_PERIOD_MS);
  assert.deepEqual(cursor.splice(0), ["hide"]);
  display.clear({ kind: "expired" });
  assert.deepEqual(cursor.splice(0), ["hide"]);
  clock.advance(OUTCOME_MS);
  assert.deepEqual(cursor.splice(0), ["show"]);
  display.close();
  assert.deepEqual(cursor, ["close"]);
});

Deno.test("the console's cursor comes back at a stop, and when the panel fails", () => {
  const stopped = setUp();
  stopped.display.show(stopped.view);
  stopped.display.close();
  assert.deepEqual(stopped.cursor, ["hide", "show", "close"]);
  const failed = setUp();
  failed.display.show(failed.view);
  failed.panel.isGone = true;
  failed.clock.advance(BAR_PERIOD_MS);
  assert.deepEqual(failed.cursor, ["hide", "show"]);
});

Deno.test("a stop gives the screen back at once, and closes the device", () => {
  const { display, panel, clock, before, view } = setUp();
  display.show(view);
  display.clear({ kind: "stopped" });
  assert.deepEqual(panel.memory, before);
  display.close();
  display.close();
  assert.ok(panel.isClosed);
  assert.equal(clock.timerCount, 0);
});

Deno.test("close() alone gives the screen back, also while the end is told", () => {
  for (const end of [false, true]) {
    const { display, panel, before, view } = setUp();
    display.show(view);
    if (end) display.clear({ kind: "expired" });
    display.close();
    assert.deepEqual(panel.memory, before);
  }
});

Deno.test("a new PIN while the end is told keeps what was there before the first", () => {
  const { display, panel, clock, before, view } = setUp();
  display.show(view);
  display.clear({ kind: "expired" });
  clock.advance(1000);
  display.show(view);
  clock.advance(10_000);
  display.clear({ kind: "stopped" });
  assert.deepEqual(panel.memory, before);
});

Deno.test("the bar is redrawn once a second, and only its rows are written", () => {
  const { display, panel, clock, view } = setUp();
  display.show(view);
  const whole = panel.writtenBytes;
  panel.writtenBytes = 0;
  clock.advance(BAR_PERIOD_MS);
  assert.ok(panel.writtenBytes > 0 && panel.writtenBytes < whole / 20);
  const perSecond = panel.writtenBytes;
  clock.advance(10 * BAR_PERIOD_MS);
  assert.equal(panel.writtenBytes, 11 * perSecond);
  display.close();
});

Deno.test("the panel is the PIN's picture, with the chord that cancels, at every second", () => {
  const { display, panel, clock, view } = setUp();
  const reachable = { ...view, url: "http://192.0.2.7:7497/app/#pair=925041" };
  display.show(reachable);
  for (const passedMs of [0, 1000, 2000]) {
    const { canvas } = drawPinScreen({ width: 160, height: 144 }, {
      ...{ ...reachable, warnings: [], hints: HINTS },
      left: { ms: 300_000 - passedMs, part: 1 - passedMs / 300_000 },
    });
    const expected = new FakeFramebuffer(PANEL);
    const whole = { x: 0, y: 0, width: 160, height: 144 };
    for (
      const { offset, bytes } of encodeRect(canvas, whole, {
        geometry: panel.geometry,
        rotation: 0,
      })
    ) expected.write(offset, bytes);
    assert.deepEqual(panel.memory, expected.memory, `${passedMs}`);
    clock.advance(1000);
  }
  display.close();
});

Deno.test("the bar empties until the PIN's end", () => {
  const { display, panel, clock, view } = setUp();
  const green = (): number => {
    const { geometry, memory } = panel;
    let count = 0;
    for (let y = 0; y < geometry.height; y++) {
      for (let x = 0; x < geometry.width; x++) {
        const at = (y + 5) * geometry.strideBytes + (x + 3) * 2;
        if (memory[at] === 0x0f && memory[at + 1] === 0x36) count += 1;
      }
    }
    return count;
  };
  display.show(view);
  const full = green();
  clock.advance(150_000);
  const half = green();
  assert.ok(Math.abs(half / full - 0.5) < 0.02);
  clock.advance(150_000);
  assert.equal(green(), 0);
  display.close();
});

Deno.test("a game that draws underneath is drawn over at most four times a second", () => {
  const { display, panel, clock, view } = setUp();
  display.show(view);
  let redraws = 0;
  for (let ms = 0; ms < 1000; ms += 10) {
    panel.scribble(ms);
    panel.writtenBytes = 0;
    clock.advance(10);
    if (panel.writtenBytes > 160 * 144) redraws += 1;
  }
  assert.equal(redraws, 1000 / LOOK_PERIOD_MS);
  display.close();
});

Deno.test("an undisturbed screen is not redrawn", () => {
  const { display, panel, clock, view } = setUp();
  display.show(view);
  panel.writtenBytes = 0;
  clock.advance(BAR_PERIOD_MS - 1);
  assert.equal(panel.writtenBytes, 0);
  display.close();
});

Deno.test("a wrong guess is shown while the PIN stays", () => {
  const { display, panel, before, view } = setUp();
  display.warn({ failures: 1, limit: 3, from: "192.0.2.9" });
  assert.deepEqual(panel.memory, before);
  display.show(view);
  const shown = panel.memory.slice();
  display.warn({ failures: 1, limit: 3, from: "192.0.2.9" });
  assert.notDeepEqual(panel.memory, shown);
  display.close();
});

Deno.test("a panel that vanishes is told once and left alone, at any moment", () => {
  const moments: ((fixture: Fixture) => void)[] = [
    ({ display, view }) => display.show(view),
    ({ clock }) => clock.advance(BAR_PERIOD_MS),
    ({ display }) => display.warn({ failures: 1, limit: 3, from: "192.0.2.9" }),
    ({ display }) => display.clear({ kind: "expired" }),
    ({ display }) => display.close(),
  ];
  for (const [i, moment] of moments.entries()) {
    const fixture = setUp();
    if (i > 0) fixture.display.show(fixture.view);
    fixture.panel.isGone = true;
    moment(fixture);
    assert.deepEqual(fixture.failures, ["no such device"]);
    fixture.display.show(fixture.view);
    fixture.clock.advance(10_000);
    fixture.display.clear({ kind: "expired" });
    fixture.display.close();
    assert.deepEqual(fixture.failures, ["no such device"]);
    assert.equal(fixture.clock.timerCount, 0);
  }
});
