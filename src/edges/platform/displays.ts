// The displays that the configuration names, over the real devices.

import { asError } from "../../base/app_error.ts";
import {
  createCommandDisplay,
  DISPLAY_COMMAND_LIMIT_MS,
} from "../../features/screen/command_display.ts";
import type { DisplayKind, DisplaySettings } from "../../features/screen/display_settings.ts";
import { fanOut, type NamedDisplay } from "../../features/screen/fan_out.ts";
import { createNoticeDisplay, type NoticeBoard } from "../../features/screen/notice_display.ts";
import type { PinDisplay } from "../../features/screen/pin_display.ts";
import { createTerminalDisplay } from "../../features/screen/terminal_display.ts";
import type { NoticeBoardOptions } from "./notice_boards.ts";
import type { PanelOptions } from "./panel_displays.ts";
import { openPortOwners, type PortOwners } from "./port_owner.ts";
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
    emulationstation: async () => notices((await loadBoards()).openEmulationStationBoard),
    retroarch: async () => notices((await loadBoards()).openRetroArchBoard),
  };
  let owners: PortOwners | undefined;
  function notices(open: (options: NoticeBoardOptions) => NoticeBoard): PinDisplay {
    owners ??= openPortOwners();
    return createNoticeDisplay({ board: open({ owners, clock }), clock });
  }
  for (const kind of settings.kind) {
    if (kind === "none") continue;
    if (kind !== "auto") {
      await add(kind, openers[kind]);
      continue;
    }
    const before = displays.length;
    const hasPanel = exists(settings.framebuffer) &&
      await add("framebuffer", openers.framebuffer);
    if (!hasPanel && isTerminal) await add("terminal", openers.terminal);
    for (const frontend of installedFrontends()) await add(frontend, openers[frontend]);
    if (displays.length === before) {
      log.info("No display for PINs here: they are shown by `latchkey pair`");
    }
  }
  const all = fanOut({ displays, log });
  return {
    ...all,
    close: () => {
      all.close();
      void owners?.close();
    },
  };
}

// Where firmwares have them. A frontend that owns the screen hides the framebuffer.
const FRONTENDS: Readonly<Record<"emulationstation" | "retroarch", readonly string[]>> = {
  emulationstation: ["/usr/share/batocera", "/usr/bin/emulationstation"],
  retroarch: ["/usr/bin/retroarch", "/usr/local/bin/retroarch", "/opt/retroarch/bin/retroarch"],
};

/** The frontends that "auto" shows PINs in, beside the panel. */
export function installedFrontends(): ("emulationstation" | "retroarch")[] {
  return (["emulationstation", "retroarch"] as const)
    .filter((name) => FRONTENDS[name].some(exists));
}

type Opener = () => PinDisplay | Promise<PinDisplay>;

function loadPanels(): Promise<typeof import("./panel_displays.ts")> {
  return import("./panel_displays.ts");
}

function loadBoards(): Promise<typeof import("./notice_boards.ts")> {
  return import("./notice_boards.ts");
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
