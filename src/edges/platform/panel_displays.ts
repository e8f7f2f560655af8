// The displays that draw: letters, symbols and codes are half of the program's size, so displays.ts
// loads this module where one of them is wanted.

import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { cancelHints } from "../../features/screen/cancel_hint.ts";
import type { DisplaySettings } from "../../features/screen/display_settings.ts";
import { createFramebufferDisplay } from "../../features/screen/framebuffer_display.ts";
import { createPictureFileDisplay } from "../../features/screen/picture_file_display.ts";
import type { PinDisplay } from "../../features/screen/pin_display.ts";
import { openConsoleCursor } from "./console_cursor.ts";
import { openFramebuffer } from "./framebuffer_device.ts";
import { privateFiles } from "./private_files.ts";

/** What displays that draw are handed. */
export interface PanelOptions {
  /** The buttons that cancel pairing, by name; empty where none do. */
  cancelButtons: readonly string[];
  clock: Clock;
  log: Logger;
}

/** The panel; throws where it cannot be used. */
export function openPanel(settings: DisplaySettings, options: PanelOptions): PinDisplay {
  const { framebuffer: path, sysfs, pixelFormat: format, rotate: rotation } = settings;
  const { cancelButtons, clock, log } = options;
  return createFramebufferDisplay({
    device: openFramebuffer({ path, sysfs, format }),
    cursor: settings.console === "" ? undefined : openConsoleCursor(settings.console),
    rotation,
    hints: cancelHints(cancelButtons),
    clock,
    onFailure: (error) => {
      log.error("Framebuffer failed, the PIN is still shown by `latchkey pair`", { error });
    },
  });
}

/** The picture in a file. */
export function openPictureFile(
  settings: DisplaySettings,
  options: PanelOptions,
): PinDisplay {
  return createPictureFileDisplay({
    path: settings.file,
    files: privateFiles,
    hints: cancelHints(options.cancelButtons),
  });
}
