// The real framebuffer: a device file for the memory, a folder of sysfs for its geometry. Opened
// once at the start, because the platform allows opening devices with all permissions only.

import type { FramebufferDevice } from "../../features/screen/framebuffer_display.ts";
import {
  bytesPerPixel,
  type FramebufferGeometry,
  type PixelFormat,
} from "../../features/screen/framebuffer_layout.ts";

/** A panel that cannot be used; the message tells the owner why. */
export class FramebufferError extends Error {
  /** An error about a device. */
  constructor(path: string, reason: string, options: ErrorOptions = {}) {
    super(`Cannot use framebuffer ${path}: ${reason}`, options);
    this.name = "FramebufferError";
  }
}

/** Options of {@linkcode openFramebuffer}. */
export interface OpenFramebufferOptions {
  /** The device file, such as "/dev/fb0". */
  path: string;
  /** Its folder in sysfs, such as "/sys/class/graphics/fb0". */
  sysfs: string;
  /** The pixel format; "auto" goes by the depth. */
  format: PixelFormat | "auto";
}

/** Opens a framebuffer; throws FramebufferError where it is missing or odd. */
export function openFramebuffer(options: OpenFramebufferOptions): FramebufferDevice {
  const { path } = options;
  const geometry = readGeometry(options);
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { read: true, write: true });
  } catch (error) {
    throw new FramebufferError(path, String(error), { cause: error });
  }
  return {
    geometry,
    read(offset: number, length: number): Uint8Array<ArrayBuffer> {
      const bytes = new Uint8Array(length);
      file.seekSync(offset, Deno.SeekMode.Start);
      let filled = 0;
      while (filled < length) {
        const count = file.readSync(bytes.subarray(filled));
        if (count === null) throw new FramebufferError(path, "it ends before its last row");
        filled += count;
      }
      return bytes;
    },
    write(offset: number, bytes: Uint8Array): void {
      file.seekSync(offset, Deno.SeekMode.Start);
      let left = bytes;
      while (left.length > 0) {
        const count = file.writeSync(left);
        if (count === 0) throw new FramebufferError(path, "it takes no more bytes");
        left = left.subarray(count);
      }
    },
    close: () => file.close(),
  };
}

function readGeometry(options: OpenFramebufferOptions): FramebufferGeometry {
  const { path, sysfs } = options;
  const [virtualWidth, virtualHeight] = readPair(options, "virtual_size");
  const depth = Number(readText(options, "bits_per_pixel"));
  const format = chooseFormat(options, depth);
  const pixelBytes = bytesPerPixel(format);
  const strideBytes = Number(readOptional(`${sysfs}/stride`) ?? virtualWidth * pixelBytes);
  const mode = /(\d+)x(\d+)/.exec(readOptional(`${sysfs}/modes`) ?? "");
  const [offsetX = 0, offsetY = 0] = (readOptional(`${sysfs}/pan`) ?? "0,0").split(",").map(Number);
  const width = Math.min(Number(mode?.[1] ?? virtualWidth), virtualWidth);
  const height = Math.min(Number(mode?.[2] ?? virtualHeight), virtualHeight);
  const isSound = [width, height, strideBytes, offsetX, offsetY].every(Number.isSafeInteger) &&
    width >= 64 && height >= 64 && width <= 8192 && height <= 8192 &&
    strideBytes >= (offsetX + width) * pixelBytes && offsetX >= 0 && offsetY >= 0 &&
    offsetY + height <= virtualHeight;
  if (!isSound) throw new FramebufferError(path, "its geometry is invalid");
  return { width, height, strideBytes, offsetX, offsetY, format };
}

function chooseFormat(options: OpenFramebufferOptions, depth: number): PixelFormat {
  const { path, format } = options;
  const bytes = format === "auto" ? depth / 8 : bytesPerPixel(format);
  if (bytes * 8 !== depth) {
    throw new FramebufferError(path, `${format} does not fit its ${depth} bits per pixel`);
  }
  if (format !== "auto") return format;
  if (depth === 16) return "rgb565";
  if (depth === 32) return "xrgb8888";
  throw new FramebufferError(path, `${depth} bits per pixel are not supported`);
}

function readPair(options: OpenFramebufferOptions, name: string): [number, number] {
  const [first, second] = readText(options, name).split(",").map(Number);
  return [first ?? NaN, second ?? NaN];
}

function readText(options: OpenFramebufferOptions, name: string): string {
  const { path, sysfs } = options;
  const text = readOptional(`${sysfs}/${name}`);
  if (text === undefined) throw new FramebufferError(path, `${sysfs}/${name} cannot be read`);
  return text;
}

function readOptional(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return undefined;
  }
}
