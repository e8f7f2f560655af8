// The PIN as a picture for launchers that show one: a PNG and a JSON beside it, gone with the PIN.

import type { PinDisplay, PinView, WrongGuess } from "./pin_display.ts";
import { guessTexts } from "./pin_words.ts";
import { drawPinScreen } from "./pin_screen.ts";
import type { RgbCanvas } from "./rgb_canvas.ts";

/** The size of the picture. */
export const PICTURE_SIZE = { width: 640, height: 480 } as const;

/** Where files go; both calls are for files of the owner alone. */
export interface PrivateFiles {
  /** Writes a file whole or not at all. */
  write(path: string, bytes: Uint8Array): void;
  /** Removes a regular file if it is there, and nothing else of that name. */
  remove(path: string): void;
}

/** Options of {@linkcode createPictureFileDisplay}. */
export interface PictureFileOptions {
  /** The PNG's path; the JSON's is the same with ".json" instead of ".png" or behind it. */
  path: string;
  /** Where files go. */
  files: PrivateFiles;
  /** How to cancel, in words for the person at the device: several lengths, the longest first. */
  hints: readonly string[];
}

/** A display that is a picture file; one of before is removed. */
export function createPictureFileDisplay(options: PictureFileOptions): PinDisplay {
  const { path, files, hints } = options;
  const jsonPath = `${path.replace(/\.png$/i, "")}.json`;
  let view: PinView | undefined;

  async function write(
    current: PinView,
    guess?: WrongGuess,
  ): Promise<void> {
    const failures = guess?.failures ?? 0;
    const warnings = guess === undefined ? [] : guessTexts(guess);
    const { canvas } = drawPinScreen(PICTURE_SIZE, {
      ...current,
      warnings,
      hints,
      // It would be wrong a second later.
      left: undefined,
    });
    const png = await toPng(canvas);
    // The PIN may have ended meanwhile, and its files must not come back.
    if (view !== current) return;
    files.write(path, png);
    const { pin, url = null, deviceName: device } = current;
    const expiresAt = new Date(current.expiresAtMs).toISOString();
    const json = JSON.stringify({ pin, expiresAt, url, device, failures, from: guess?.from });
    files.write(jsonPath, new TextEncoder().encode(`${json}\n`));
  }

  function remove(): void {
    view = undefined;
    files.remove(path);
    files.remove(jsonPath);
  }

  // A service that was killed leaves the picture of a PIN that nobody can pair with.
  remove();
  return {
    show: async (next) => {
      view = next;
      await write(next);
    },
    warn: async (guess) => {
      if (view !== undefined) await write(view, guess);
    },
    clear: remove,
    close: () => {
      if (view !== undefined) remove();
    },
  };
}

// The library costs 15 MiB, and few devices use this display.
async function toPng(canvas: RgbCanvas): Promise<Uint8Array> {
  const { encode } = await import("fast-png");
  const data = new Uint8Array(canvas.pixels.length * 3);
  for (const [i, color] of canvas.pixels.entries()) {
    data[i * 3] = color >> 16;
    data[i * 3 + 1] = (color >> 8) & 0xff;
    data[i * 3 + 2] = color & 0xff;
  }
  return encode({ width: canvas.width, height: canvas.height, data, channels: 3, depth: 8 });
}
