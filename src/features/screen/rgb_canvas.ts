// A picture of 24-bit colours that everything is drawn on, right side up. Where its pixels go on a
// panel is framebuffer_layout.ts.

/** A colour as 0xRRGGBB. */
export type Color = number;

/** A rectangle in pixels. */
export interface Rect {
  /** Left edge. */
  readonly x: number;
  /** Top edge. */
  readonly y: number;
  /** Width, 0 or more. */
  readonly width: number;
  /** Height, 0 or more. */
  readonly height: number;
}

/** A picture in memory. */
export class RgbCanvas {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** The pixels, row by row. */
  readonly pixels: Uint32Array;

  /** A picture of one colour. */
  constructor(size: { width: number; height: number }, color: Color) {
    this.width = size.width;
    this.height = size.height;
    this.pixels = new Uint32Array(size.width * size.height).fill(color);
  }

  /** Fills a rectangle; what lies outside is left out. */
  fill(rect: Rect, color: Color): void {
    const left = Math.max(0, rect.x);
    const right = Math.min(this.width, rect.x + rect.width);
    const bottom = Math.min(this.height, rect.y + rect.height);
    if (left >= right) return;
    for (let y = Math.max(0, rect.y); y < bottom; y++) {
      this.pixels.fill(color, y * this.width + left, y * this.width + right);
    }
  }

  /** Mixes a colour over a pixel; `coverage` 0 leaves it, 255 replaces it. */
  blend(x: number, y: number, paint: { color: Color; coverage: number }): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const { color, coverage } = paint;
    const at = y * this.width + x;
    if (coverage >= 255) {
      this.pixels[at] = color;
      return;
    }
    const under = this.pixels[at] ?? 0;
    this.pixels[at] = mix(under, color, { shift: 16, coverage }) |
      mix(under, color, { shift: 8, coverage }) | mix(under, color, { shift: 0, coverage });
  }
}

function mix(under: Color, over: Color, part: { shift: number; coverage: number }): number {
  const { shift, coverage } = part;
  const from = (under >> shift) & 0xff;
  const to = (over >> shift) & 0xff;
  return (from + Math.round(((to - from) * coverage) / 255)) << shift;
}
