// The picture that a panel shows while a PIN is valid: the PIN, what to do, and how much time is left.
// High contrast, one accent; black behind, as in a dark room with a small screen.

import { drawDigit } from "./digit_glyphs.ts";
import { layOutPin, type TextPlace } from "./pin_layout.ts";
import { addressTexts, formatTimeLeft, INSTRUCTIONS } from "./pin_words.ts";
import { drawQr, encodeQr, type QrCode } from "./qr.ts";
import { type Color, type Rect, RgbCanvas } from "./rgb_canvas.ts";
import { safeText } from "./safe_text.ts";
import { drawText, textWidth } from "./text_font.ts";

const COLORS = {
  background: 0x000000,
  digits: 0xffffff,
  title: 0xe6edf3,
  instruction: 0xa9b8c6,
  address: 0xa9b8c6,
  hint: 0x7f8e9c,
  time: 0xe6edf3,
  bar: 0x33c27f,
  barTrack: 0x26303a,
  warning: 0xffb020,
} as const satisfies Record<string, Color>;

/** What is on a PIN's screen. */
export interface PinScreenContent {
  /** The PIN. */
  readonly pin: string;
  /** The device's name. */
  readonly deviceName: string;
  /** What the QR code says, which has the device's address; neither is shown where undefined. */
  readonly url: string | undefined;
  /** In place of the address: the same in several lengths, the longest first; the first that fits. */
  readonly warnings: readonly string[];
  /** How to cancel, in several lengths likewise; empty where there is no way. */
  readonly hints: readonly string[];
  /** How much of the PIN's time is left; undefined for a picture that is not drawn anew. */
  readonly left: TimeLeft | undefined;
}

/** How much of a PIN's time is left. */
export interface TimeLeft {
  /** Milliseconds. */
  readonly ms: number;
  /** Its part of the whole, 0 to 1. */
  readonly part: number;
}

/** A PIN's screen and where its time is. */
export interface PinScreen {
  /** The picture. */
  readonly canvas: RgbCanvas;
  /** Where the minutes and seconds are. */
  readonly time: Rect & { readonly size: number };
  /** The bar at its full length. */
  readonly bar: Rect;
}

/** Draws a PIN's screen. */
export function drawPinScreen(
  size: { width: number; height: number },
  content: PinScreenContent,
): PinScreen {
  const { url, warnings, hints, left } = content;
  const canvas = new RgbCanvas(size, COLORS.background);
  const code: QrCode | undefined = url === undefined ? undefined : encodeQr(url);
  const layout = layOutPin(size, {
    title: safeText(content.deviceName),
    instructions: INSTRUCTIONS,
    message: warnings.length > 0 ? warnings : addressTexts(url),
    hint: hints,
    digits: content.pin.length,
    qrModules: code?.modules,
  });
  drawLine(canvas, layout.title, COLORS.title);
  drawLine(canvas, layout.instruction, COLORS.instruction);
  for (const [i, at] of layout.digits.entries()) {
    drawDigit(canvas, content.pin[i] ?? "", { at, color: COLORS.digits });
  }
  if (code !== undefined && layout.qr !== undefined) {
    drawQr(canvas, code, { at: layout.qr, dark: 0x000000, light: 0xffffff });
  }
  drawLine(canvas, layout.message, warnings.length > 0 ? COLORS.warning : COLORS.address);
  drawLine(canvas, layout.hint, COLORS.hint);
  const screen = { canvas, time: layout.time, bar: layout.bar };
  if (left !== undefined) drawTimeLeft(screen, left);
  return screen;
}

/** Draws time and bar anew; nothing else of the picture changes. */
export function drawTimeLeft(screen: PinScreen, left: TimeLeft): void {
  const { canvas, time, bar } = screen;
  const text = formatTimeLeft(Math.max(0, left.ms));
  canvas.fill(time, COLORS.background);
  const x = time.x + time.width - textWidth(text, time.size);
  drawText(canvas, text, { x, y: time.y, size: time.size, color: COLORS.time });
  canvas.fill(bar, COLORS.barTrack);
  const width = Math.round(bar.width * Math.min(1, Math.max(0, left.part)));
  canvas.fill({ ...bar, width }, COLORS.bar);
}

function drawLine(canvas: RgbCanvas, place: TextPlace | undefined, color: Color): void {
  if (place !== undefined) drawText(canvas, place.text, { ...place, color });
}
