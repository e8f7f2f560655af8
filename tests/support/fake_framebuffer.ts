// A panel in memory, with all the oddities of real ones.

import { equalBytes } from "../../src/base/bytes.ts";
import type { FramebufferDevice } from "../../src/features/screen/framebuffer_display.ts";
import {
  bytesPerPixel,
  type FramebufferGeometry,
  type PixelFormat,
  visibleRows,
} from "../../src/features/screen/framebuffer_layout.ts";

/** What a panel is like. */
export interface PanelOptions {
  /** Visible width. */
  width: number;
  /** Visible height. */
  height: number;
  /** Pixel format. */
  format: PixelFormat;
  /** Bytes behind each row that belong to nothing. */
  padding?: number;
  /** Where the visible part begins. */
  offset?: { x: number; y: number };
}

/** A panel whose memory is looked at by tests. */
export class FakeFramebuffer implements FramebufferDevice {
  /** How the memory lies. */
  readonly geometry: FramebufferGeometry;
  /** The memory. */
  readonly memory: Uint8Array<ArrayBuffer>;
  /** What can be seen: the memory as far as the kernel brought it to the panel. */
  readonly glass: Uint8Array<ArrayBuffer>;
  /** How many bytes were written since the last look. */
  writtenBytes = 0;
  /** Whether every access throws. */
  isGone = false;
  /** Whether it was closed. */
  isClosed = false;

  /** A panel full of a pattern, so that what is restored can be told from what is not. */
  constructor(options: PanelOptions) {
    const { width, height, format, padding = 0, offset = { x: 0, y: 0 } } = options;
    const strideBytes = (width + offset.x) * bytesPerPixel(format) + padding;
    this.geometry = { width, height, strideBytes, offsetX: offset.x, offsetY: offset.y, format };
    this.memory = new Uint8Array(strideBytes * (height + offset.y));
    this.glass = new Uint8Array(this.memory.length);
    this.scribble(1);
  }

  /** Fills the memory with a pattern, as a game would. */
  scribble(seed: number): void {
    for (let i = 0; i < this.memory.length; i++) this.memory[i] = (i * 31 + seed * 7) & 0xff;
    this.glass.set(this.memory);
  }

  /** Reads. */
  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    this.#check();
    return this.memory.slice(offset, offset + length);
  }

  /** Writes. */
  write(offset: number, bytes: Uint8Array): void {
    this.#check();
    this.memory.set(bytes, offset);
    this.writtenBytes += bytes.length;
    this.#bringToGlass(offset, offset + bytes.length);
  }

  /** Whether every visible pixel on the glass is the one in memory. */
  get isAllSeen(): boolean {
    return visibleRows(this.geometry).every(({ offset, length }) =>
      equalBytes(
        this.glass.subarray(offset, offset + length),
        this.memory.subarray(offset, offset + length),
      )
    );
  }

  // As the kernel's emulation does: whole rows for a write that touches several, and within one row
  // from its place to its place modulo the row, which is nothing where it ends with the row.
  #bringToGlass(from: number, to: number): void {
    const { strideBytes } = this.geometry;
    const [top, bottom] = [Math.floor(from / strideBytes), Math.ceil(to / strideBytes)];
    const isOneRow = bottom - top === 1;
    const left = isOneRow ? from % strideBytes : 0;
    const right = isOneRow ? to % strideBytes : strideBytes;
    for (let row = top; row < bottom; row++) {
      const at = row * strideBytes;
      if (right > left) this.glass.set(this.memory.subarray(at + left, at + right), at + left);
    }
  }

  /** Notes the close. */
  close(): void {
    this.isClosed = true;
  }

  #check(): void {
    if (this.isGone) throw new Error("no such device");
  }
}
