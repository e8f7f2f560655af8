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
type Look = Pick<DisplayLook, "shows" | "isHidden">;

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
  /** The program that has the screen to itself, beside which no framebuffer is seen. */
  findScreenOwner: () => Promise<string | undefined>;
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
  const lookers: Readonly<Record<DisplayKind, () => Look | Promise<Look>>> = {
    framebuffer: () => lookAtPanel(settings, options),
    terminal: () => ({ shows: "terminal" }),
    command: async () => ({ shows: await lookAtCommand(settings, options) }),
    file: async () => ({ shows: await lookAtFile(settings.file, options) }),
    emulationstation: async () => ({ shows: await lookAtFrontend("emulationstation", options) }),
    retroarch: async () => ({ shows: await lookAtFrontend("retroarch", options) }),
    auto: async () => {
      const { installed, answers } = options.frontends;
      const shown = [await lookAtAuto(settings, options)];
      for (const kind of installed()) {
        if (await answers(kind)) shown.push({ shows: `a line in ${kind}` });
      }
      const [first, ...others] = shown.filter(({ shows }) => shows !== undefined);
      if (first === undefined || others.length === 0) return first ?? { shows: undefined };
      return { shows: [first, ...others].map(({ shows }) => shows).join(" and ") };
    },
    none: () => ({ shows: undefined }),
  };
  const displays = await Promise.all(settings.kind.map(async (kind): Promise<DisplayLook> => {
    try {
      return { kind, problem: undefined, ...await lookers[kind]() };
    } catch (error) {
      return { kind, shows: undefined, problem: asError(error).message };
    }
  }));
  return { displays };
}

async function lookAtAuto(
  settings: DisplaySettings,
  options: DisplayLookOptions,
): Promise<Look> {
  if (await statIfThere(settings.framebuffer) !== undefined) {
    return await lookAtPanel(settings, options);
  }
  return { shows: options.hasTerminal ? "terminal" : undefined };
}

async function lookAtFrontend(
  kind: FrontendKind,
  { frontends }: DisplayLookOptions,
): Promise<string> {
  if (await frontends.answers(kind)) return `a line in ${kind}`;
  throw new Error(`no ${kind} answers that shows lines`);
}

async function lookAtPanel(
  settings: DisplaySettings,
  { openFramebuffer, findScreenOwner }: DisplayLookOptions,
): Promise<Look> {
  const { framebuffer: path, sysfs, pixelFormat: format } = settings;
  const device = openFramebuffer({ path, sysfs, format });
  device.close();
  const { width, height, format: found } = device.geometry;
  const panel = `framebuffer ${width}x${height} ${found}`;
  // A file elsewhere is no panel that another program could have.
  const owner = path.startsWith("/dev/") ? await findScreenOwner() : undefined;
  if (owner === undefined) return { shows: panel };
  return { shows: `${panel} (not seen while ${owner} has the screen)`, isHidden: true };
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
