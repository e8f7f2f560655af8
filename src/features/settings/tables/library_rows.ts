// [[library]]: where systems and media come from. All sources are reloaded together; the API does not
// show them.

import * as v from "valibot";
import { LIBRARY_SOURCES } from "../../library/library_settings.ts";
import type { SettingRows } from "../setting.ts";
import { folder, listOf } from "../value_types.ts";

/** Keys of [[library]]. */
export const LIBRARY_ROWS = {
  source: {
    type: v.picklist(LIBRARY_SOURCES),
    example: "folder",
    help: '"folder", "emulationstation" or "emulationstation_http"',
  },
  folder: {
    type: folder,
    default: undefined,
    example: "/roms/snes",
    help: "of a folder: its path",
  },
  extensions: {
    type: v.pipe(
      listOf(isExtension, 'expected an extension, such as ".zip"'),
      v.transform((list) => list.map((extension) => extension.toLowerCase())),
    ),
    default: [],
    example: [".sfc", ".zip"],
    help: "of a folder: what its files end with",
  },
  system: {
    type: v.string(),
    default: undefined,
    example: "SNES",
    help: "of a folder: the id of its system",
  },
  name: {
    type: v.string(),
    default: undefined,
    example: "Super Nintendo",
    help: "of a folder: what apps show as its system",
  },
  command: {
    type: v.array(v.string()),
    default: [],
    example: ["retroarch", "-L", "/cores/snes9x_libretro.so", "${path}"],
    help: "of a folder: the program and its arguments",
  },
  config_folders: {
    type: v.array(folder),
    default: [],
    help: "of EmulationStation: where es_systems.cfg lies; the usual places by default",
  },
  image_folders: {
    type: v.array(folder),
    default: [],
    help: "of EmulationStation: where pictures lie beside the folders of the systems",
  },
  exclude: {
    type: v.array(v.string()),
    default: [],
    help: "of EmulationStation: its systems that are left out",
  },
} as const satisfies SettingRows;

function isExtension(text: string): boolean {
  return /^\.[^\s/.]{1,16}(?:\.[^\s/.]{1,16})?$/.test(text);
}
