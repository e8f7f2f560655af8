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

// The last picture kept, so that one that stays is kept once.
let kept = "";

/** Keeps a picture in the folder that LATCHKEY_PICTURES names, named after device and moment. */
export async function keepPicture(
  ppm: Uint8Array,
  { name, startedAtMs }: { name: string; startedAtMs: number },
): Promise<void> {
  const folder = Deno.env.get("LATCHKEY_PICTURES");
  if (folder === undefined) return;
  const { width, height, rgba } = parsePpm(ppm);
  const at = new Date(startedAtMs).toISOString().slice(11, 19).replaceAll(":", "");
  const file = `${name}-${at}-${((Date.now() - startedAtMs) / 1000).toFixed(1)}s.png`;
  const png = encode({ width, height, data: new Uint8Array(rgba.buffer), channels: 4, depth: 8 });
  if (String(png) === kept) return;
  kept = String(png);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeFile(`${folder}/${file}`, png);
}

/** The smallest box that holds everything in which two pictures of one size differ. */
export function changedBox(
  before: Picture,
  after: Picture,
): { width: number; height: number; place: string } {
  let [left, top, right, bottom] = [before.width, before.height, 0, 0];
  for (let at = 0; at < before.rgba.length; at++) {
    if (before.rgba[at] === after.rgba[at]) continue;
    const [x, y] = [(at >> 2) % before.width, Math.floor((at >> 2) / before.width)];
    [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
  }
  return {
    width: Math.max(0, right - left),
    height: Math.max(0, bottom - top),
    place: `${left},${top}`,
  };
}

/** The text of the QR code in a picture; undefined where there is none. */
export function readQr({ rgba, width, height }: Picture): string | undefined {
  return decodeQr(rgba, width, height)?.data;
}

/**
 * What a picture says beside its QR code, read at several sizes, and by its digits alone then, for
 * Tesseract mistakes a digit of one size now and then (a 7 for a stroke): the first reading that has
 * the digits in two groups of three, else the last.
 */
export async function readText(
  picture: Picture,
  { folder, digits }: { folder: string; digits: string },
): Promise<string> {
  const groups = new RegExp(`\\b${digits.slice(0, 3)}\\s+${digits.slice(3)}\\b`);
  let text = "";
  for (const scale of SCALES) {
    text = await recognise(picture, { folder, scale });
    if (groups.test(text)) return text;
  }
  for (const layout of LAYOUTS) {
    for (const scale of SCALES) {
      const read = await recognise(picture, { folder, scale, layout, isDigits: true });
      const [found] = groups.exec(read) ?? [];
      if (found !== undefined) return `${found}\n${text}`;
    }
  }
  return text;
}

const SCALES = [1, 3, 2, 4] as const;
/** What Tesseract takes the picture for: a column of text, a block of it, or text here and there. */
const LAYOUTS = [4, 6, 11] as const;

interface Reading {
  folder: string;
  scale: number;
  /** @default {4} */
  layout?: number;
  /** Whether nothing but digits is looked for. @default {false} */
  isDigits?: boolean;
}

async function recognise(
  picture: Picture,
  { folder, scale, layout = 4, isDigits = false }: Reading,
): Promise<string> {
  const file = `${folder}/panel.png`;
  const [width, height] = [picture.width * scale, picture.height * scale];
  const data = darkOnWhite(picture, scale);
  await Deno.writeFile(file, encode({ width, height, data, channels: 1 as const, depth: 8 }));
  const only = isDigits ? ["-c", "tessedit_char_whitelist=0123456789"] : [];
  return await runTool("tesseract", [file, "-", "--psm", String(layout), ...only], {
    env: { OMP_THREAD_LIMIT: "1" },
  });
}

// As Tesseract likes it: large, grey, dark on white, and without the pattern of a code.
function darkOnWhite({ rgba, width, height }: Picture, scale: number): Uint8Array {
  const code = decodeQr(rgba, width, height)?.location;
  const left = code === undefined ? width : code.topLeftCorner.x;
  const right = code === undefined ? -1 : code.bottomRightCorner.x;
  const top = code === undefined ? height : code.topLeftCorner.y;
  const bottom = code === undefined ? -1 : code.bottomRightCorner.y;
  const margin = (right - left) / 6;
  const grey = new Uint8Array(width * scale * height * scale).fill(255);
  for (let y = 0; y < height * scale; y++) {
    for (let x = 0; x < width * scale; x++) {
      const [fromX, fromY] = [Math.floor(x / scale), Math.floor(y / scale)];
      const isCode = fromX > left - margin && fromX < right + margin &&
        fromY > top - margin && fromY < bottom + margin;
      if (!isCode) grey[y * width * scale + x] = 255 - (rgba[(fromY * width + fromX) * 4 + 1] ?? 0);
    }
  }
  return grey;
}
