// Chords from recorded streams of input_event structs, 64-bit layout.

import assert from "node:assert/strict";
import { ChordWatch } from "../../../src/features/screen/chord.ts";
import { ButtonDecoder } from "../../../src/features/screen/button_decoder.ts";
import { codeOfButton } from "../../../src/features/screen/button_names.ts";
import { decodeInputEvents, INPUT_EVENT_BYTES } from "../../../src/features/screen/input_event.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const [BTN_TL = 0, BTN_TR = 0, BTN_START = 0, BTN_A = 0] = [
  "BTN_TL",
  "BTN_TR",
  "BTN_START",
  "BTN_A",
].map(codeOfButton);
const CHORD = [BTN_TL, BTN_TR, BTN_START];
const HOLD_MS = 2000;

/** One struct input_event: 16 bytes of time, type, code, value. */
function event(type: number, code: number, value: number): Uint8Array {
  const bytes = new Uint8Array(INPUT_EVENT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, 1_763_000_000n, true);
  view.setBigInt64(8, 123_456n, true);
  view.setUint16(16, type, true);
  view.setUint16(18, code, true);
  view.setInt32(20, value, true);
  return bytes;
}

const press = (code: number): Uint8Array => event(1, code, 1);
const release = (code: number): Uint8Array => event(1, code, 0);
const repeat = (code: number): Uint8Array => event(1, code, 2);
const sync = (): Uint8Array => event(0, 0, 0);
const dropped = (): Uint8Array => event(0, 3, 0);
const axis = (): Uint8Array => event(3, 0, 127);

function setUp(): { play: (...steps: (Uint8Array | number)[]) => number; clock: FakeClock } {
  const clock = new FakeClock();
  let fired = 0;
  const decoder = new ButtonDecoder();
  const watch = new ChordWatch([
    { codes: CHORD, holdMs: HOLD_MS, onHeld: () => (fired += 1) },
  ], clock);
  return {
    clock,
    play: (...steps) => {
      for (const step of steps) {
        if (typeof step === "number") clock.advance(step);
        else for (const one of decoder.take(step)) watch.take(one);
      }
      return fired;
    },
  };
}

Deno.test("a chord held long enough fires once", () => {
  const { play } = setUp();
  const pressed = [press(BTN_TL), sync(), press(BTN_TR), axis(), press(BTN_START), sync()];
  assert.equal(play(...pressed, HOLD_MS - 1), 0);
  assert.equal(play(1), 1);
  assert.equal(play(10 * HOLD_MS, repeat(BTN_START), sync()), 1);
});

Deno.test("a chord fires again after a button was let go", () => {
  const { play } = setUp();
  assert.equal(play(press(BTN_TL), press(BTN_TR), press(BTN_START), HOLD_MS), 1);
  assert.equal(play(release(BTN_START), 100, press(BTN_START), HOLD_MS), 2);
});

Deno.test("a stream with gaps does not fire", () => {
  const { play } = setUp();
  play(press(BTN_TL), press(BTN_TR), press(BTN_START));
  for (let i = 0; i < 5; i++) {
    assert.equal(play(HOLD_MS / 2, release(BTN_TR), 10, press(BTN_TR)), 0);
  }
  assert.equal(play(HOLD_MS - 1, release(BTN_TL), HOLD_MS), 0);
});

Deno.test("events that the kernel dropped start the chord over", () => {
  const { play } = setUp();
  play(press(BTN_TL), press(BTN_TR), press(BTN_START), HOLD_MS - 1);
  assert.equal(play(dropped(), 10 * HOLD_MS), 0);
  assert.equal(play(press(BTN_TL), press(BTN_TR), press(BTN_START), HOLD_MS), 1);
});

Deno.test("other buttons beside the chord do not matter", () => {
  const { play } = setUp();
  assert.equal(
    play(press(BTN_A), press(BTN_TL), press(BTN_TR), press(BTN_START), release(BTN_A), HOLD_MS),
    1,
  );
});

Deno.test("two of three buttons are no chord", () => {
  const { play } = setUp();
  assert.equal(play(press(BTN_TL), press(BTN_TR), 10 * HOLD_MS), 0);
});

Deno.test("close() lets the timers go", () => {
  const clock = new FakeClock();
  const watch = new ChordWatch([
    { codes: [BTN_A], holdMs: HOLD_MS, onHeld: () => assert.fail("closed") },
  ], clock);
  watch.take({ kind: "pressed", code: BTN_A });
  watch.close();
  assert.equal(clock.timerCount, 0);
  clock.advance(HOLD_MS);
});

Deno.test("decodeInputEvents() leaves out what is cut off", () => {
  const bytes = new Uint8Array(INPUT_EVENT_BYTES * 2 - 1);
  bytes.set(press(BTN_A));
  assert.deepEqual(decodeInputEvents(bytes), [{ kind: "pressed", code: BTN_A }]);
});

Deno.test("a chord without buttons is a mistake", () => {
  const chords = [{ codes: [], holdMs: HOLD_MS, onHeld: () => {} }];
  assert.throws(() => new ChordWatch(chords, new FakeClock()), RangeError);
});

Deno.test("ButtonDecoder presses a hat anew after events were lost", () => {
  const decoder = new ButtonDecoder();
  const right = event(3, 0x10, 1);
  assert.equal(decoder.take(right).length, 1);
  assert.equal(decoder.take(right).length, 0);
  assert.deepEqual(decoder.take(dropped()), [{ kind: "lost" }]);
  assert.equal(decoder.take(right).length, 1);
});
