// The PIN on the device's own panel. What was there before is saved and given back; a game that
// draws underneath is drawn over again, a few times a second at most. Whatever the panel does, the
// pairing goes on: a failure is told once and then the panel is left alone.

import { type Clock, every } from "../../base/clock.ts";
import { equalBytes } from "../../base/bytes.ts";
import { asError } from "../../base/app_error.ts";
import {
  encodeRect,
  type FramebufferGeometry,
  pictureSize,
  type Rotation,
  visiblePlaces,
  visibleRows,
} from "./framebuffer_layout.ts";
import type { PinDisplay, PinOutcome, PinView } from "./pin_display.ts";
import { drawOutcomeScreen } from "./outcome_screen.ts";
import { drawPinScreen, drawTimeLeft, type PinScreen, type TimeLeft } from "./pin_screen.ts";
import { describeOutcome, guessTexts } from "./pin_words.ts";
import type { Rect, RgbCanvas } from "./rgb_canvas.ts";

/** How often time and bar are drawn, in milliseconds. */
export const BAR_PERIOD_MS = 1000;

/** How often the panel is looked at for what others drew, in milliseconds. */
export const LOOK_PERIOD_MS = 250;

/** How long the end of a PIN is told, in milliseconds. */
export const OUTCOME_MS = 3000;

const SAMPLED_ROWS = 8;

/** A panel's memory. Every call may throw where the device fails. */
export interface FramebufferDevice {
  /** How the memory lies. */
  readonly geometry: FramebufferGeometry;
  /** The bytes at a place. */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
  /** Writes all bytes to a place, in one call to the kernel where it takes them. */
  write(offset: number, bytes: Uint8Array): void;
  /** Gives the device back. */
  close(): void;
}

/** The text console's cursor, which blinks through every picture. No call throws. */
export interface ConsoleCursor {
  /** Hides it. */
  hide(): void;
  /** Gives it back. */
  show(): void;
  /** Closes the console. */
  close(): void;
}

/** Options of {@linkcode createFramebufferDisplay}. */
export interface FramebufferDisplayOptions {
  /** The panel. */
  device: FramebufferDevice;
  /** The cursor of the console on it; undefined where there is none. */
  cursor: ConsoleCursor | undefined;
  /** By how many degrees the panel is turned clockwise. */
  rotation: Rotation;
  /** How to cancel, in words for the person at the device: several lengths, the longest first. */
  hints: readonly string[];
  clock: Clock;
  /** Hears, once, why the panel cannot be used any more. */
  onFailure: (error: Error) => void;
}

interface Shown {
  readonly canvas: RgbCanvas;
  /** The PIN's screen and its view, while a PIN is shown. */
  readonly pin: { readonly screen: PinScreen; readonly view: PinView } | undefined;
}

/** A display on a framebuffer. */
export function createFramebufferDisplay(options: FramebufferDisplayOptions): PinDisplay {
  const { device, cursor, rotation, hints, clock, onFailure } = options;
  const { geometry } = device;
  const size = pictureSize(geometry, rotation);
  const whole: Rect = { x: 0, y: 0, ...size };
  const places = visiblePlaces(geometry);
  const rows = visibleRows(geometry);
  const sampled = rows.filter((_, i) => i % Math.ceil(rows.length / SAMPLED_ROWS) === 0);
  let saved: Uint8Array<ArrayBuffer>[] | undefined;
  let samples: Uint8Array<ArrayBuffer>[] = [];
  let shown: Shown | undefined;
  let shownFromMs = 0;
  let timers: (() => void)[] = [];
  let isBroken = false;
  let isClosed = false;

  function stopTimers(): void {
    for (const cancel of timers) cancel();
    timers = [];
  }

  function attempt(action: () => void): void {
    if (isBroken) return;
    try {
      action();
    } catch (error) {
      isBroken = true;
      stopTimers();
      if (saved !== undefined) cursor?.show();
      onFailure(asError(error));
    }
  }

  function write(canvas: RgbCanvas, rect: Rect): void {
    for (const { offset, bytes } of encodeRect(canvas, rect, { geometry, rotation })) {
      device.write(offset, bytes);
    }
  }

  function readSamples(): Uint8Array<ArrayBuffer>[] {
    return sampled.map(({ offset, length }) => device.read(offset, length));
  }

  function present(next: Shown): void {
    saved ??= places.map(({ offset, length }) => device.read(offset, length));
    cursor?.hide();
    shown = next;
    write(next.canvas, whole);
    samples = readSamples();
  }

  function restore(): void {
    if (saved === undefined) return;
    for (const [i, { offset }] of places.entries()) {
      const bytes = saved[i];
      if (bytes !== undefined) device.write(offset, bytes);
    }
    saved = undefined;
    shown = undefined;
    cursor?.show();
  }

  function timeLeft(view: PinView): TimeLeft {
    const totalMs = Math.max(1, view.expiresAtMs - shownFromMs);
    const ms = view.expiresAtMs - clock.wallMs();
    return { ms, part: ms / totalMs };
  }

  function stepBar(): void {
    if (shown?.pin === undefined) return;
    // First: the samples taken below must not hide what somebody else drew.
    redrawIfPaintedOver();
    const { screen, view } = shown.pin;
    drawTimeLeft(screen, timeLeft(view));
    write(screen.canvas, screen.time);
    write(screen.canvas, screen.bar);
    samples = readSamples();
  }

  function redrawIfPaintedOver(): void {
    if (shown === undefined) return;
    const now = readSamples();
    const isUnchanged = now.every((row, i) => equalBytes(row, samples[i] ?? row));
    if (isUnchanged) return;
    // A console that was reset has its cursor again.
    cursor?.hide();
    write(shown.canvas, whole);
    samples = readSamples();
  }

  function showPin(view: PinView, warnings: readonly string[]): void {
    const screen = drawPinScreen(size, { ...view, warnings, hints, left: timeLeft(view) });
    present({ canvas: screen.canvas, pin: { screen, view } });
  }

  return {
    show: (view) =>
      attempt(() => {
        stopTimers();
        shownFromMs = clock.wallMs();
        showPin(view, []);
        timers = [
          every(clock, BAR_PERIOD_MS, () => attempt(stepBar)),
          every(clock, LOOK_PERIOD_MS, () => attempt(redrawIfPaintedOver)),
        ];
      }),
    warn: (guess) =>
      attempt(() => {
        if (shown?.pin === undefined) return;
        showPin(shown.pin.view, guessTexts(guess));
      }),
    clear: (outcome) =>
      attempt(() => {
        stopTimers();
        if (shown === undefined) return;
        if (outcome.kind === "stopped") return restore();
        present({ canvas: drawOutcomeScreen(size, outcomeText(outcome)), pin: undefined });
        timers = [
          every(clock, LOOK_PERIOD_MS, () => attempt(redrawIfPaintedOver)),
          clock.after(OUTCOME_MS, () => {
            stopTimers();
            attempt(restore);
          }),
        ];
      }),
    close: () => {
      stopTimers();
      attempt(restore);
      if (isClosed) return;
      isClosed = true;
      isBroken = true;
      cursor?.close();
      device.close();
    },
  };
}

function outcomeText(outcome: PinOutcome): { text: string; isSuccess: boolean } {
  return { text: describeOutcome(outcome), isSuccess: outcome.kind === "paired" };
}
