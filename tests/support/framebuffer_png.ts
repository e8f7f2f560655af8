// What a framebuffer's bytes look like on the panel: to PNG for eyes, to RGBA for decoders.

import { encode } from "fast-png";
import {
  bytesPerPixel,
  type FramebufferGeometry,
} from "../../src/features/screen/framebuffer_layout.ts";

/** The visible part as RGBA. */
export function toRgba(
  memory: Uint8Array,
  geometry: FramebufferGeometry,
): Uint8ClampedArray<ArrayBuffer> {
  const { width, height, strideBytes, offsetX, offsetY, format } = geometry;
  const rgba = new Uint8ClampedArray(width * height * 4);
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  const pixelBytes = bytesPerPixel(format);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (offsetY + y) * strideBytes + (offsetX + x) * pixelBytes;
      const [red, green, blue] = format === "rgb565"
        ? from565(view.getUint16(at, true))
        : from8888(view.getUint32(at, true), format === "xbgr8888");
      rgba.set([red, green, blue, 255], (y * width + x) * 4);
    }
  }
  return rgba;
}

/** The visible part as a PNG. */
export function toPng(memory: Uint8Array, geometry: FramebufferGeometry): Uint8Array {
  const { width, height } = geometry;
  return encode({ width, height, data: toRgba(memory, geometry), channels: 4, depth: 8 });
}

/** RGBA turned back, so that a picture for a turned panel is upright. */
export function turnBack(
  rgba: Uint8ClampedArray,
  size: { width: number; height: number },
  rotation: 0 | 90 | 180 | 270,
): { data: Uint8ClampedArray<ArrayBuffer>; width: number; height: number } {
  const isSide = rotation % 180 !== 0;
  const width = isSide ? size.height : size.width;
  const height = isSide ? size.width : size.height;
  const data = new Uint8ClampedArray(rgba.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [panelX, panelY] = rotation === 0
        ? [x, y]
        : rotation === 90
        ? [size.width - 1 - y, x]
        : rotation === 180
        ? [size.width - 1 - x, size.height - 1 - y]
        : [y, size.height - 1 - x];
      const from = (panelY * size.width + panelX) * 4;
      data.set(rgba.subarray(from, from + 4), (y * width + x) * 4);
    }
  }
  return { data, width, height };
}

function from565(value: number): [number, number, number] {
  const [red, green, blue] = [value >> 11, (value >> 5) & 0x3f, value & 0x1f];
  return [(red << 3) | (red >> 2), (green << 2) | (green >> 4), (blue << 3) | (blue >> 2)];
}

function from8888(value: number, isSwapped: boolean): [number, number, number] {
  const [high, middle, low] = [(value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff];
  return isSwapped ? [low, middle, high] : [high, middle, low];
}
