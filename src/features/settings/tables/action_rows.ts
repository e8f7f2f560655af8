// [[action]]: what texts start. All actions are reloaded together; the API does not show them.

import * as v from "valibot";
import type { SettingRows } from "../setting.ts";
import { folder, isTable, listOf } from "../value_types.ts";

/** Keys of [[action]]. */
export const ACTION_ROWS = {
  name: { type: v.string(), example: "video", help: "unique" },
  match: {
    type: v.string(),
    example: "video:(?P<file>[a-z0-9/ ]+)",
    help: "RE2, anchored at both ends",
  },
  command: {
    type: v.array(v.string()),
    example: ["mpv", "--fs", "--", "/media/${file}.mp4"],
    help: "the program and its arguments",
  },
  cwd: { type: folder, default: undefined, example: "/media", help: "the folder it runs in" },
  env: {
    type: v.pipe(v.custom<object>(isTable, "expected a table"), v.record(v.string(), v.string())),
    default: {},
    example: { DISPLAY: ":0" },
    help: "variables of its own",
  },
  pass_env: {
    type: listOf(
      isPassedVariable,
      "expected a variable's name that does not begin with LATCHKEY_",
    ),
    default: [],
    example: ["ROM_PATH"],
    help: "those of the service that it inherits",
  },
  exclusive: {
    type: v.boolean(),
    default: true,
    help: "replaces the exclusive action that runs",
  },
  allow_options: {
    type: v.boolean(),
    default: false,
    help: 'a text may fill an argument that begins with "-"',
  },
  system: {
    type: v.string(),
    default: undefined,
    example: "Video",
    help: "what apps show as the system",
  },
  title: {
    type: v.string(),
    default: undefined,
    example: "${file}",
    help: "what apps show as the title",
  },
} as const satisfies SettingRows;

// What begins with LATCHKEY_ is the service's own, a passphrase among it.
function isPassedVariable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !name.startsWith("LATCHKEY_");
}
