// The doctor's look at the displays: each configured one is opened as far as that shows and changes
// nothing.

import { dirname } from "node:path";
import { asError } from "../../base/app_error.ts";
import type { DisplayFacts } from "../../features/doctor/doctor_facts.ts";
import type { FramebufferDevice } from "../../features/screen/framebuffer_display.ts";
import type { PixelFormat } from "../../features/screen/framebuffer_layout.ts";
import type { DisplayKind, DisplaySettings } from "../../features/screen/display_settings.ts";
import type { Identity } from "../../features/doctor/proc_files.ts";
import { isWritableFolder, lookAtProgram, statIfThere } from "./file_look.ts";

type DisplayLook = DisplayFacts["displays"][number];

/** Options of {@linkcode lookAtDisplays}. */
export interface DisplayLookOptions {
  /** Whether the running service has a terminal. */
  hasTerminal: boolean;
  /** The folders in which programs are looked for. */
  searchPath: string;
  /** Who opens them. */
  identity: Identity;
  /** Opens a panel; throws where it is missing or odd. */
  openFramebuffer: OpenFramebuffer;
  /** Frontends that "auto" shows PINs in. */
  frontends: FrontendLook;
}

/** What the doctor knows of programs that own the screen. */
export interface FrontendLook {
  /** Those that are installed where firmwares have them. */
  installed: () => readonly FrontendKind[];
  /** Whether one runs, is the program that it is taken for, and shows lines. */
  answers: (kind: FrontendKind) => Promise<boolean>;
}

/** A display that is a line of such a program. */
export type FrontendKind = "emulationstation" | "retroarch";

/** Opens a panel by its device file and its folder in sysfs. */
export type OpenFramebuffer = (
  options: { path: string; sysfs: string; format: PixelFormat | "auto" },
) => FramebufferDevice;

/** What every configured display is like. */
export async function lookAtDisplays(
  settings: DisplaySettings,
  options: DisplayLookOptions,
): Promise<DisplayFacts> {
  const lookers: Readonly<
    Record<DisplayKind, () => string | undefined | Promise<string | undefined>>
  > = {
    framebuffer: () => lookAtPanel(settings, options),
    terminal: () => "terminal",
    command: () => lookAtCommand(settings, options),
    file: () => lookAtFile(settings.file, options),
    emulationstation: () => lookAtFrontend("emulationstation", options),
    retroarch: () => lookAtFrontend("retroarch", options),
    auto: async () => {
      const { installed, answers } = options.frontends;
      const shown = [await lookAtAuto(settings, options)];
      for (const kind of installed()) if (await answers(kind)) shown.push(`a line in ${kind}`);
      return shown.filter((text) => text !== undefined).join(" and ") || undefined;
    },
    none: () => Promise.resolve(undefined),
  };
  const displays = await Promise.all(settings.kind.map(async (kind): Promise<DisplayLook> => {
    try {
      return { kind, shows: await lookers[kind](), problem: undefined };
    } catch (error) {
      return { kind, shows: undefined, problem: asError(error).message };
    }
  }));
  return { displays };
}

async function lookAtAuto(
  settings: DisplaySettings,
  options: DisplayLookOptions,
): Promise<string | undefined> {
  if (await statIfThere(settings.framebuffer) !== undefined) return lookAtPanel(settings, options);
  return options.hasTerminal ? "terminal" : undefined;
}

async function lookAtFrontend(
  kind: FrontendKind,
  { frontends }: DisplayLookOptions,
): Promise<string> {
  if (await frontends.answers(kind)) return `a line in ${kind}`;
  throw new Error(`no ${kind} answers that shows lines`);
}

function lookAtPanel(
  settings: DisplaySettings,
  { openFramebuffer }: DisplayLookOptions,
): string {
  const { framebuffer: path, sysfs, pixelFormat: format } = settings;
  const device = openFramebuffer({ path, sysfs, format });
  device.close();
  const { width, height, format: found } = device.geometry;
  return `framebuffer ${width}x${height} ${found}`;
}

async function lookAtCommand(
  { command: [program = ""] }: DisplaySettings,
  { searchPath, identity }: DisplayLookOptions,
): Promise<string> {
  const state = await lookAtProgram(program, { cwd: Deno.cwd(), searchPath, identity });
  if (state === "executable") return `command ${program}`;
  throw new Error(`${program} ${state === "missing" ? "is not there" : "is not executable"}`);
}

async function lookAtFile(path: string, { identity }: DisplayLookOptions): Promise<string> {
  const folder = dirname(path);
  if (!await isWritableFolder(folder, identity)) {
    throw new Error(`${folder} is no folder to write into`);
  }
  if ((await statIfThere(path))?.isDirectory) throw new Error(`${path} is a folder`);
  return `file ${path}`;
}
