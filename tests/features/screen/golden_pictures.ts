// Which pictures are kept in golden/, and how they are drawn. Run by itself it writes them: look at
// each before you commit it.

import { encode } from "fast-png";
import { drawOutcomeScreen } from "../../../src/features/screen/outcome_screen.ts";
import {
  drawPinScreen,
  type PinScreenContent,
  type TimeLeft,
} from "../../../src/features/screen/pin_screen.ts";
import type { RgbCanvas } from "../../../src/features/screen/rgb_canvas.ts";

/** The sizes of handhelds, and of what they are connected to. */
export const SIZES: readonly [width: number, height: number][] = [
  [160, 144],
  [240, 240],
  [320, 240],
  [480, 320],
  [640, 480],
  [720, 720],
  [854, 480],
  [1280, 720],
  [1920, 1080],
  [1920, 1152],
];

/** What the QR code of the pictures says. */
export const URL_TEXT = "http://192.168.100.200:7497/app/#pair=216479";

/** What the pictures show. */
export const CONTENT: PinScreenContent & { left: TimeLeft } = {
  pin: "216479",
  deviceName: "Living room",
  url: URL_TEXT,
  warnings: [],
  hints: ["Hold L1 + R1 to cancel", "L1 + R1 cancels"],
  left: { ms: 172_000, part: 0.6 },
};

const WARNINGS = [
  "Wrong PIN entered: 1 of 3, from 192.168.1.44",
  "Wrong PIN 1/3: 192.168.1.44",
  "Wrong PIN: 1 of 3",
];

interface Picture {
  readonly name: string;
  readonly draw: () => RgbCanvas;
}

/** Every picture: the PIN at every size; other names, digits and ends at some. */
export const PICTURES: readonly Picture[] = [
  ...SIZES.map((size) => pin(size, "pin", {})),
  ...[[160, 144], [640, 480]].map(([width = 0, height = 0]) =>
    pin([width, height], "warning", {
      pin: "038501",
      deviceName: "ゲームボーイ, Gerät, Приставка, Κονσόλα, Łódź",
      warnings: WARNINGS,
    })
  ),
  pin([240, 320], "upright", {}),
  pin([640, 480], "unreachable", { url: undefined, hints: [] }),
  ...[[160, 144], [640, 480], [1280, 720]].flatMap(([width = 0, height = 0]) => [
    end([width, height], "paired", { text: "Paired with Anna's phone", isSuccess: true }),
    end([width, height], "failed", {
      text: "The PIN was entered wrong too often, from 192.168.1.44",
      isSuccess: false,
    }),
  ]),
];

function pin(
  [width, height]: readonly [number, number],
  what: string,
  change: Partial<PinScreenContent>,
): Picture {
  return {
    name: `${what}_${width}x${height}`,
    draw: () => drawPinScreen({ width, height }, { ...CONTENT, ...change }).canvas,
  };
}

function end(
  [width, height]: readonly [number, number],
  what: string,
  outcome: { text: string; isSuccess: boolean },
): Picture {
  return {
    name: `${what}_${width}x${height}`,
    draw: () => drawOutcomeScreen({ width, height }, outcome),
  };
}

function toPng({ width, height, pixels }: RgbCanvas): Uint8Array {
  const data = new Uint8Array(pixels.length * 3);
  for (const [i, color] of pixels.entries()) {
    data.set([color >> 16, (color >> 8) & 0xff, color & 0xff], i * 3);
  }
  return encode({ width, height, data, channels: 3, depth: 8 });
}

if (import.meta.main) {
  await Promise.all(
    PICTURES.map(({ name, draw }) =>
      Deno.writeFile(new URL(`golden/${name}.png`, import.meta.url), toPng(draw()))
    ),
  );
}
