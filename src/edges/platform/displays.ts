// The displays that the configuration names, over the real devices.

import type { Clock } from "../../base/clock.ts";
import { cancelHints } from "../../features/screen/cancel_hint.ts";
import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import {
  createCommandDisplay,
  DISPLAY_COMMAND_LIMIT_MS,
} from "../../features/screen/command_display.ts";
import type { DisplayKind, DisplaySettings } from "../../features/screen/display_settings.ts";
import { fanOut, type NamedDisplay } from "../../features/screen/fan_out.ts";
import { createFramebufferDisplay } from "../../features/screen/framebuffer_display.ts";
import { createPictureFileDisplay } from "../../features/screen/picture_file_display.ts";
import type { PinDisplay } from "../../features/screen/pin_display.ts";
import { createTerminalDisplay } from "../../features/screen/terminal_display.ts";
import { openConsoleCursor } from "./console_cursor.ts";
import { openFramebuffer } from "./framebuffer_device.ts";
import { privateFiles } from "./private_files.ts";
import { createProgramStarter } from "./program.ts";
import { terminalColumns } from "./terminal_columns.ts";

/** Options of {@linkcode openDisplays}. */
export interface OpenDisplaysOptions {
  /** Writes to the terminal. */
  write: (text: string) => void;
  /** Whether somebody can see what is written, and not a journal keeps it. */
  isTerminal: boolean;
  /** The variables of the service, of which the program of a display inherits the harmless ones. */
  environment: Readonly<Record<string, string>>;
  /** The buttons that cancel pairing, by name; empty where none do. */
  cancelButtons: readonly string[];
  clock: Clock;
  log: Logger;
}

/** Opens all displays; one that cannot be opened is logged and left out. */
export function openDisplays(settings: DisplaySettings, options: OpenDisplaysOptions): PinDisplay {
  const { write, isTerminal, environment, clock, log } = options;
  const displays: NamedDisplay[] = [];
  const add = (name: string, open: () => PinDisplay): boolean => {
    try {
      displays.push({ name, display: open() });
      return true;
    } catch (error) {
      log.warn("Display skipped", { display: name, reason: asError(error).message });
      return false;
    }
  };
  const openers: Readonly<Record<Exclude<DisplayKind, "auto" | "none">, () => PinDisplay>> = {
    framebuffer: () => openPanel(settings, options),
    terminal: () =>
      createTerminalDisplay({ write, wallMs: () => clock.wallMs(), columns: terminalColumns }),
    command: () =>
      createCommandDisplay({
        argv: settings.command,
        start: createProgramStarter({ limitMs: DISPLAY_COMMAND_LIMIT_MS, environment }),
      }),
    file: () =>
      createPictureFileDisplay({
        path: settings.file,
        files: privateFiles,
        hints: cancelHints(options.cancelButtons),
      }),
  };
  for (const kind of settings.kind) {
    if (kind === "none") continue;
    if (kind !== "auto") add(kind, openers[kind]);
    else if (exists(settings.framebuffer) && add("framebuffer", openers.framebuffer)) continue;
    else if (isTerminal) add("terminal", openers.terminal);
    else log.info("No display for PINs here: they are shown by `latchkey pair`");
  }
  return fanOut({ displays, log });
}

function openPanel(settings: DisplaySettings, options: OpenDisplaysOptions): PinDisplay {
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

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
