// Which displays there are, and what the owner may say about them.

import type { PixelFormat, Rotation } from "./framebuffer_layout.ts";

/**
 * A kind of display; "auto" is the framebuffer where there is one, else a terminal if there is one, and
 * beside it the frontends that are installed.
 */
export type DisplayKind =
  | "auto"
  | "framebuffer"
  | "terminal"
  | "command"
  | "file"
  | "emulationstation"
  | "retroarch"
  | "none";

/** All kinds. */
export const DISPLAY_KINDS: readonly DisplayKind[] = [
  "auto",
  "framebuffer",
  "terminal",
  "command",
  "file",
  "emulationstation",
  "retroarch",
  "none",
];

/** Where PINs are shown. */
export interface DisplaySettings {
  /** The displays, all at once. */
  readonly kind: readonly DisplayKind[];
  /** The framebuffer's device file. */
  readonly framebuffer: string;
  /** Its folder in sysfs. */
  readonly sysfs: string;
  /** The console on the panel, whose cursor is hidden; empty: it is left alone. */
  readonly console: string;
  /** How its pixels lie; "auto" goes by the depth. */
  readonly pixelFormat: PixelFormat | "auto";
  /** By how many degrees the panel is turned clockwise. */
  readonly rotate: Rotation;
  /** The program of the kind "command" and its arguments. */
  readonly command: readonly string[];
  /** The picture of the kind "file". */
  readonly file: string;
}
