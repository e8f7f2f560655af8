// The blinking cursor of the text console, which the kernel draws over whatever is on the panel.
// Opened once at the start, as the panel is. Cosmetics: a console that cannot be used changes nothing.

import type { ConsoleCursor } from "../../features/screen/framebuffer_display.ts";
import { builtinModule } from "./builtin_module.ts";

const HIDE = "\u001b[?25l";
const SHOW = "\u001b[?25h";

// What the kernel was told about cursors: "0" where it draws none.
const CURSOR_DEFAULT = "/sys/module/vt/parameters/global_cursor_default";

/** The cursor of the console at `tty`, such as "/dev/tty0"; undefined where there is none to hide. */
export function openConsoleCursor(
  tty: string,
  cursorDefault = CURSOR_DEFAULT,
): ConsoleCursor | undefined {
  if (drawsNoCursor(cursorDefault)) return undefined;
  const { closeSync, constants, openSync, writeSync } = builtinModule("fs");
  let console: number;
  try {
    // It must not become this process's own terminal (its Ctrl+C would end the service), and one
    // whose output is stopped must not stop the service.
    const flags = constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK;
    console = openSync(tty, flags);
  } catch {
    return undefined;
  }
  const send = (text: string): void => {
    try {
      writeSync(console, text);
    } catch {
      // The PIN is there all the same.
    }
  };
  return { hide: () => send(HIDE), show: () => send(SHOW), close: () => closeSync(console) };
}

function drawsNoCursor(path: string): boolean {
  try {
    return Deno.readTextFileSync(path).trim() === "0";
  } catch {
    return false;
  }
}
