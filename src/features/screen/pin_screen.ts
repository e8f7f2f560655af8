// The pictures that a panel shows: the PIN with its bar, and how it ended. High contrast, one
// accent; black behind, as in a dark room with a small screen.

import { drawDigit } from "./digit_glyphs.ts";
import { centerText, layOutPin, type PinLayout, type TextPlace } from "./pin_layout.ts";
import { drawQr, encodeQr, type QrCode } from "./qr.ts";
import { type Color, type Rect, RgbCanvas } from "./rgb_canvas.ts";
import { safeText } from "./safe_text.ts";
import { drawText, TEXT_HEIGHT, textWidth } from "./text_font.ts";

const COLORS = {
  background: 0x000000,
  digits: 0xffffff,
  title: 0xb8c4d0,
  bar: 0x33c27f,
  barTrack: 0x26303a,
  warning: 0xffb020,
  success: 0x33c27f,
  failure: 0xff6b5e,
} as const satisfies Record<string, Color>;

/** What is on a PIN's screen. */
export interface PinScreenContent {
  /** The six digits. */
  readonly pin: string;
  /** The device's name. */
  readonly deviceName: string;
  /** What the QR code says; no code where undefined. */
  readonly url: string | undefined;
  /** A line below the digits: the same in several lengths, the longest first; the first that fits. */
  readonly warnings: readonly string[];
  /** How much of the PIN's time is left, 0 to 1. */
  readonly left: number;
}

/** A PIN's screen and where its bar is. */
export interface PinScreen {
  /** The picture. */
  readonly canvas: RgbCanvas;
  /** The bar at its full length. */
  readonly bar: Rect;
}

/** Draws a PIN's screen. */
export function drawPinScreen(
  size: { width: number; height: number },
  content: PinScreenContent,
): PinScreen {
  const canvas = new RgbCanvas(size, COLORS.background);
  const code: QrCode | undefined = content.url === undefined ? undefined : encodeQr(content.url);
  const layout = layOutPin(size, {
    title: safeText(content.deviceName),
    qrModules: code?.modules,
  });
  drawLine(canvas, layout.title, COLORS.title);
  for (const [i, at] of layout.digits.entries()) {
    drawDigit(canvas, content.pin[i] ?? "", { at, color: COLORS.digits });
  }
  if (code !== undefined && layout.qr !== undefined) {
    drawQr(canvas, code, { at: layout.qr, dark: 0x000000, light: 0xffffff });
  }
  drawWarning(canvas, layout, content.warnings);
  drawBar(canvas, layout.bar, content.left);
  return { canvas, bar: layout.bar };
}

/** Draws the bar anew; nothing else of the picture changes. */
export function drawBar(canvas: RgbCanvas, bar: Rect, left: number): void {
  canvas.fill(bar, COLORS.barTrack);
  const width = Math.round(bar.width * Math.min(1, Math.max(0, left)));
  canvas.fill({ ...bar, width }, COLORS.bar);
}

/** Draws how a PIN ended, as large as fits on up to three lines. */
export function drawOutcomeScreen(
  size: { width: number; height: number },
  outcome: { text: string; isSuccess: boolean },
): RgbCanvas {
  const { width, height } = size;
  const canvas = new RgbCanvas(size, COLORS.background);
  const shorter = Math.min(width, height);
  const margin = Math.max(6, Math.round(shorter * 0.06));
  let scale = Math.max(1, Math.floor(shorter / 90));
  let lines = wrap(outcome.text, { width: width - 2 * margin, scale });
  while (scale > 1 && lines.length > 3) {
    scale -= 1;
    lines = wrap(outcome.text, { width: width - 2 * margin, scale });
  }
  const lineHeight = Math.round(TEXT_HEIGHT * scale * 1.4);
  const top = Math.floor((height - lines.length * lineHeight) / 2);
  const color = outcome.isSuccess ? COLORS.success : COLORS.failure;
  for (const [i, line] of lines.entries()) {
    drawLine(canvas, centerText(line, { width, margin, y: top + i * lineHeight, scale }), color);
  }
  const rule = Math.max(3, Math.round(shorter * 0.015));
  canvas.fill(
    { x: margin, y: height - margin - rule, width: width - 2 * margin, height: rule },
    color,
  );
  return canvas;
}

function drawWarning(canvas: RgbCanvas, layout: PinLayout, warnings: readonly string[]): void {
  const { y, scale } = layout.message;
  const fitting = warnings.find((text) => textWidth(text, scale) <= layout.bar.width);
  const text = fitting ?? warnings.at(-1);
  if (text === undefined) return;
  const place = centerText(text, { width: canvas.width, margin: layout.bar.x, y, scale });
  drawLine(canvas, place, COLORS.warning);
}

function drawLine(canvas: RgbCanvas, place: TextPlace, color: Color): void {
  drawText(canvas, place.text, { ...place, color });
}

// Breaks at spaces; a word that is too long alone is cut when it is drawn.
function wrap(text: string, options: { width: number; scale: number }): string[] {
  const { width, scale } = options;
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last === undefined || textWidth(longer, scale) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
