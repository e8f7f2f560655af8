import assert from "node:assert/strict";
import {
  createNoticeDisplay,
  NOTICE_EVERY_MS,
  type NoticeBoard,
} from "../../../src/features/screen/notice_display.ts";
import type { PinDisplay, PinView } from "../../../src/features/screen/pin_display.ts";
import { FakeClock } from "../../support/fake_clock.ts";

interface World {
  display: PinDisplay;
  clock: FakeClock;
  /** What was shown so far. */
  lines: string[];
  /** Whether the program is there. */
  state: { isThere: boolean; isClosed: boolean };
  view: PinView;
  /** Lets the display's promises run. */
  settle: () => Promise<void>;
}

function setUp(change: Partial<NoticeBoard> = {}): World {
  const clock = new FakeClock();
  const lines: string[] = [];
  const state = { isThere: true, isClosed: false };
  const display = createNoticeDisplay({
    board: {
      isThere: () => Promise.resolve(state.isThere),
      show: (text) => Promise.resolve(void lines.push(text)),
      close: () => void (state.isClosed = true),
      ...change,
    },
    clock,
  });
  const view = {
    pin: "129041",
    expiresAtMs: clock.wallMs() + 300_000,
    deviceName: "RG35XX",
    url: undefined,
  };
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  return { display, clock, lines, state, view, settle };
}

const LINE = "RG35XX: PIN 129 041. Type this PIN in the Zaparoo app";

Deno.test("a notice is shown again and again until the PIN ends, and nothing after", async () => {
  const { display, clock, lines, view, settle } = setUp();
  await display.show(view);
  clock.advance(NOTICE_EVERY_MS);
  await settle();
  assert.deepEqual(lines, [`${LINE} (5:00)`, `${LINE} (4:55)`]);
  await display.clear({ kind: "paired", clientName: "Phone" });
  clock.advance(10 * NOTICE_EVERY_MS);
  await settle();
  assert.deepEqual(lines.slice(2), ["Paired with Phone"]);
  assert.equal(clock.timerCount, 0);
});

Deno.test("a program that is not there is shown no PIN, and may come later", async () => {
  const { display, clock, lines, state, view, settle } = setUp();
  state.isThere = false;
  await display.show(view);
  await display.warn({ failures: 1, limit: 3, from: "10.0.0.9" });
  assert.deepEqual(lines, []);
  state.isThere = true;
  clock.advance(NOTICE_EVERY_MS);
  await settle();
  assert.deepEqual(lines, [`${LINE} (4:55)`]);
  await display.warn({ failures: 2, limit: 3, from: "10.0.0.9" });
  assert.match(lines.at(-1) ?? "", /2 of 3, from 10\.0\.0\.9/);
  state.isThere = false;
  await display.clear({ kind: "expired" });
  assert.equal(lines.length, 2);
});

Deno.test("a PIN that ended while the program was looked for is not shown", async () => {
  const looked = Promise.withResolvers<boolean>();
  const { display, lines, view } = setUp({ isThere: () => looked.promise });
  const shown = display.show(view);
  const cleared = display.clear({ kind: "cancelled" });
  looked.resolve(true);
  await Promise.all([shown, cleared]);
  assert.deepEqual(lines, ["Pairing was cancelled"]);
});

Deno.test("a notice that fails later does not end the others, and the first is told", async () => {
  let fails = true;
  const texts: string[] = [];
  const { display, clock, view, settle } = setUp({
    show: (text) => {
      texts.push(text);
      return fails ? Promise.reject(new Error("busy")) : Promise.resolve();
    },
  });
  await assert.rejects(Promise.resolve(display.show(view)), /busy/);
  clock.advance(NOTICE_EVERY_MS);
  await settle();
  fails = false;
  clock.advance(NOTICE_EVERY_MS);
  await settle();
  assert.equal(texts.length, 3);
  display.close();
});

Deno.test("close() ends the notices and gives the board back", async () => {
  const { display, clock, lines, state, view, settle } = setUp();
  await display.show(view);
  display.close();
  clock.advance(10 * NOTICE_EVERY_MS);
  await settle();
  assert.deepEqual([lines.length, state.isClosed, clock.timerCount], [1, true, 0]);
});
