// The displays that the configuration names, over the real devices.

import { asError } from "../../base/app_error.ts";
import {
  createCommandDisplay,
  DISPLAY_COMMAND_LIMIT_MS,
} from "../../features/screen/command_display.ts";
import type { DisplayKind, DisplaySettings } from "../../features/screen/display_settings.ts";
import { fanOut, type NamedDisplay } from "../../features/screen/fan_out.ts";
import type { PinDisplay } from "../../features/screen/pin_display.ts";
import { createTerminalDisplay } from "../../features/screen/terminal_display.ts";
import type { PanelOptions } from "./panel_displays.ts";
import { createProgramStarter } from "./program.ts";
import { terminalColumns } from "./terminal_columns.ts";

/** Options of {@linkcode openDisplays}. */
export interface OpenDisplaysOptions extends PanelOptions {
  /** Writes to the terminal. */
  write: (text: string) => void;
  /** Whether somebody can see what is written, and not a journal keeps it. */
  isTerminal: boolean;
  /** The variables of the service, of which the program of a display inherits the harmless ones. */
  environment: Readonly<Record<string, string>>;
}

/** Opens all displays; one that cannot be opened is logged and left out. */
export async function openDisplays(
  settings: DisplaySettings,
  options: OpenDisplaysOptions,
): Promise<PinDisplay> {
  const { write, isTerminal, environment, clock, log } = options;
  const displays: NamedDisplay[] = [];
  const add = async (name: string, open: Opener): Promise<boolean> => {
    try {
      displays.push({ name, display: await open() });
      return true;
    } catch (error) {
      log.warn("Display skipped", { display: name, reason: asError(error).message });
      return false;
    }
  };
  const openers: Readonly<Record<Exclude<DisplayKind, "auto" | "none">, Opener>> = {
    framebuffer: async () => (await loadPanels()).openPanel(settings, options),
    terminal: () =>
      createTerminalDisplay({ write, wallMs: () => clock.wallMs(), columns: terminalColumns }),
    command: () =>
      createCommandDisplay({
        argv: settings.command,
        start: createProgramStarter({ limitMs: DISPLAY_COMMAND_LIMIT_MS, environment }),
      }),
    file: async () => (await loadPanels()).openPictureFile(settings, options),
  };
  for (const kind of settings.kind) {
    if (kind === "none") continue;
    if (kind !== "auto") await add(kind, openers[kind]);
    else if (exists(settings.framebuffer) && await add("framebuffer", openers.framebuffer)) {
      continue;
    } else if (isTerminal) await add("terminal", openers.terminal);
    else log.info("No display for PINs here: they are shown by `latchkey pair`");
  }
  return fanOut({ displays, log });
}

type Opener = () => PinDisplay | Promise<PinDisplay>;

function loadPanels(): Promise<typeof import("./panel_displays.ts")> {
  return import("./panel_displays.ts");
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
