// What a person sees on the panel, read by programs that know nothing of how it was drawn: a decoder
// for the QR code, and Tesseract for the text.

import { encode } from "fast-png";
import jsqr from "jsqr";
import { runTool } from "./debian_packages.ts";

// The package is CommonJS: its types put the function on the default, and so does the platform.
const decodeQr = (jsqr as unknown as { default: typeof jsqr.default }).default ?? jsqr;

/** A picture, as RGBA. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** The picture of a PPM with one byte per colour. */
export function parsePpm(bytes: Uint8Array): Picture {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 64));
  const [whole = "", width, height] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(head) ?? [];
  if (whole === "") throw new Error("The picture is no PPM");
  const rgba = new Uint8ClampedArray(Number(width) * Number(height) * 4);
  for (let pixel = 0; pixel < rgba.length / 4; pixel++) {
    rgba.set(bytes.subarray(whole.length + pixel * 3, whole.length + pixel * 3 + 3), pixel * 4);
    rgba[pixel * 4 + 3] = 255;
  }
  return { width: Number(width), height: Number(height), rgba };
}

/** The text of the QR code in a picture; undefined where there is none. */
export function readQr({ rgba, width, height }: Picture): string | undefined {
  return decodeQr(rgba, width, height)?.data;
}

/** The text in a picture beside its QR code, as Tesseract reads it. */
export async function readText(picture: Picture, folder: string): Promise<string> {
  const file = `${folder}/panel.png`;
  const { width, height } = picture;
  const channels = 1 as const;
  const size = { width: width * SCALE, height: height * SCALE };
  const data = darkOnWhite(picture);
  await Deno.writeFile(file, encode({ ...size, data, channels, depth: 8 }));
  return await runTool("tesseract", [file, "-", "--psm", "4"]);
}

// As Tesseract likes it: large, grey, dark on white, and without the pattern of a code.
const SCALE = 3;

function darkOnWhite({ rgba, width, height }: Picture): Uint8Array {
  const code = decodeQr(rgba, width, height)?.location;
  const left = code === undefined ? width : code.topLeftCorner.x;
  const right = code === undefined ? -1 : code.bottomRightCorner.x;
  const top = code === undefined ? height : code.topLeftCorner.y;
  const bottom = code === undefined ? -1 : code.bottomRightCorner.y;
  const margin = (right - left) / 6;
  const grey = new Uint8Array(width * SCALE * height * SCALE).fill(255);
  for (let y = 0; y < height * SCALE; y++) {
    for (let x = 0; x < width * SCALE; x++) {
      const [fromX, fromY] = [Math.floor(x / SCALE), Math.floor(y / SCALE)];
      const isCode = fromX > left - margin && fromX < right + margin &&
        fromY > top - margin && fromY < bottom + margin;
      if (!isCode) grey[y * width * SCALE + x] = 255 - (rgba[(fromY * width + fromX) * 4 + 1] ?? 0);
    }
  }
  return grey;
}
