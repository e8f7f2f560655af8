// From a picture to the bytes of a framebuffer: pixel format, rotation, stride, and a visible part
// that may begin anywhere in a larger virtual screen. Pure.

import type { Color, Rect, RgbCanvas } from "./rgb_canvas.ts";

/** How a pixel lies in memory, little endian. */
export type PixelFormat = "rgb565" | "xrgb8888" | "xbgr8888" | "argb8888";

/** All pixel formats. */
export const PIXEL_FORMATS: readonly PixelFormat[] = [
  "rgb565",
  "xrgb8888",
  "xbgr8888",
  "argb8888",
];

/** By how many degrees the panel is turned clockwise. */
export type Rotation = 0 | 90 | 180 | 270;

/** All rotations. */
export const ROTATIONS: readonly Rotation[] = [0, 90, 180, 270];

/** A framebuffer's memory. */
export interface FramebufferGeometry {
  /** Visible width in pixels. */
  readonly width: number;
  /** Visible height in pixels. */
  readonly height: number;
  /** Bytes from one row to the next. */
  readonly strideBytes: number;
  /** Where the visible part begins in the virtual screen, in pixels. */
  readonly offsetX: number;
  /** Where the visible part begins in the virtual screen, in rows. */
  readonly offsetY: number;
  /** How a pixel lies in memory. */
  readonly format: PixelFormat;
}

/** Bytes for one place in memory. */
export interface FramebufferWrite {
  /** Where, from the start of the framebuffer. */
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Bytes per pixel of a format. */
export function bytesPerPixel(format: PixelFormat): number {
  return format === "rgb565" ? 2 : 4;
}

/** The size of the picture for a turned panel. */
export function pictureSize(
  geometry: FramebufferGeometry,
  rotation: Rotation,
): { width: number; height: number } {
  const { width, height } = geometry;
  return rotation % 180 === 0 ? { width, height } : { width: height, height: width };
}

/** Where the visible rows lie: one place per row, without the bytes between them. */
export function visibleRows(geometry: FramebufferGeometry): { offset: number; length: number }[] {
  const { width, height, strideBytes, offsetX, offsetY, format } = geometry;
  const pixelBytes = bytesPerPixel(format);
  return Array.from({ length: height }, (_, y) => ({
    offset: (offsetY + y) * strideBytes + offsetX * pixelBytes,
    length: width * pixelBytes,
  }));
}

/**
 * The places that hold the whole visible picture, fit to be read, and written back in one call each.
 */
export function visiblePlaces(geometry: FramebufferGeometry): { offset: number; length: number }[] {
  const { width, height } = geometry;
  return writablePlaces(geometry, { x: 0, y: 0, width, height });
}

/**
 * The writes that bring a part of the picture onto the panel, each to be made in one call: one for
 * all rows where they follow each other without a gap, else one per row.
 */
export function encodeRect(
  canvas: RgbCanvas,
  rect: Rect,
  target: { geometry: FramebufferGeometry; rotation: Rotation },
): FramebufferWrite[] {
  const { geometry, rotation } = target;
  const panel = widen(geometry, turnRect(rect, canvas, rotation));
  const pixelBytes = bytesPerPixel(geometry.format);
  const pixels = new Uint8Array(panel.width * panel.height * pixelBytes);
  const view = new DataView(pixels.buffer);
  let at = 0;
  for (let y = panel.y; y < panel.y + panel.height; y++) {
    for (let x = panel.x; x < panel.x + panel.width; x++) {
      const color = canvas.pixels[sourceIndex(canvas, { x, y }, rotation)] ?? 0;
      if (pixelBytes === 2) view.setUint16(at, pack565(color), true);
      else view.setUint32(at, pack8888(color, geometry.format), true);
      at += pixelBytes;
    }
  }
  let taken = 0;
  return writablePlaces(geometry, panel).map(({ offset, length }) => {
    taken += length;
    return { offset, bytes: pixels.subarray(taken - length, taken) };
  });
}

// The kernel's emulation of framebuffers works out from each write what to bring to the glass, and
// a write within one row that ends with the row becomes an empty rectangle: it changes the memory and
// never the picture. So rows without gaps go out together; a row that ends where its memory ends but
// begins elsewhere goes out in two, so that all but its last pixel is seen.
function writablePlaces(
  geometry: FramebufferGeometry,
  rect: Rect,
): { offset: number; length: number }[] {
  const { strideBytes, offsetX, offsetY, format } = geometry;
  const pixelBytes = bytesPerPixel(format);
  const length = rect.width * pixelBytes;
  const first = (offsetY + rect.y) * strideBytes + (offsetX + rect.x) * pixelBytes;
  if (length === strideBytes) return [{ offset: first, length: length * rect.height }];
  const endsRow = (first + length) % strideBytes === 0;
  return Array.from({ length: rect.height }, (_, y) => first + y * strideBytes).flatMap((offset) =>
    endsRow
      ? [
        { offset, length: length - pixelBytes },
        { offset: offset + length - pixelBytes, length: pixelBytes },
      ]
      : [{ offset, length }]
  );
}

// A part that ends with its rows, or is one whole row, grows until it can be seen.
function widen(geometry: FramebufferGeometry, rect: Rect): Rect {
  const { width, height, strideBytes, format } = geometry;
  const rowIsAllPicture = width * bytesPerPixel(format) === strideBytes;
  if (!rowIsAllPicture || rect.x + rect.width < width) return rect;
  const rows = Math.min(2, height);
  if (rect.height >= rows) return { ...rect, x: 0, width };
  return { x: 0, y: Math.min(rect.y, height - rows), width, height: rows };
}

// A rectangle of the picture as it lies on the panel.
function turnRect(rect: Rect, canvas: RgbCanvas, rotation: Rotation): Rect {
  const { x, y, width, height } = rect;
  switch (rotation) {
    case 0:
      return rect;
    case 90:
      return { x: canvas.height - y - height, y: x, width: height, height: width };
    case 180:
      return { x: canvas.width - x - width, y: canvas.height - y - height, width, height };
    case 270:
      return { x: y, y: canvas.width - x - width, width: height, height: width };
  }
}

// The pixel of the picture that lies at a place of the panel.
function sourceIndex(
  canvas: RgbCanvas,
  place: { x: number; y: number },
  rotation: Rotation,
): number {
  const { x, y } = place;
  const { width, height } = canvas;
  switch (rotation) {
    case 0:
      return y * width + x;
    case 90:
      return (height - 1 - x) * width + y;
    case 180:
      return (height - 1 - y) * width + (width - 1 - x);
    case 270:
      return x * width + (width - 1 - y);
  }
}

function pack565(color: Color): number {
  return ((color >> 8) & 0xf800) | ((color >> 5) & 0x07e0) | ((color >> 3) & 0x001f);
}

function pack8888(color: Color, format: PixelFormat): number {
  const swapped = ((color & 0xff) << 16) | (color & 0xff00) | (color >> 16);
  const value = format === "xbgr8888" ? swapped : color;
  return (format === "argb8888" ? 0xff000000 | value : value) >>> 0;
}
