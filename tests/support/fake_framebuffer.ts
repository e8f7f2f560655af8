// A panel in memory, with all the oddities of real ones.

import type { FramebufferDevice } from "../../src/display/framebuffer.ts";
import {
  bytesPerPixel,
  type FramebufferGeometry,
  type PixelFormat,
} from "../../src/display/framebuffer_layout.ts";

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
    this.scribble(1);
  }

  /** Fills the memory with a pattern, as a game would. */
  scribble(seed: number): void {
    for (let i = 0; i < this.memory.length; i++) this.memory[i] = (i * 31 + seed * 7) & 0xff;
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
  }

  /** Notes the close. */
  close(): void {
    this.isClosed = true;
  }

  #check(): void {
    if (this.isGone) throw new Error("no such device");
  }
}
