// config.example.toml out of the table of settings: every key as a comment, with its help and its
// default, so that the file as it is changes nothing.

import type { Setting, SettingRows, TomlValue } from "../../features/settings/setting.ts";
import { SETTINGS } from "../../features/settings/settings_table.ts";
import { ACTION_ROWS } from "../../features/settings/tables/action_rows.ts";
import { LIBRARY_ROWS } from "../../features/settings/tables/library_rows.ts";

const WIDTH = 100;

const HEADER =
  "Latchkey: every setting with its default. Uncomment what you change, and start with" +
  "\n   latchkey serve --config config.toml\n" +
  "What can be reloaded takes effect with SIGHUP or `latchkey settings reload`, without " +
  "dropping sessions; all else at the next start, and the log says so.";

const ACTIONS =
  "What texts start on this device (`latchkey run TEXT`, a tag, a link, an app). The " +
  "first action whose pattern matches the whole text is started, without a shell. $1 and ${name} " +
  "stand for groups of the pattern, $0 for the whole text, and fill within one argument. A filled " +
  'argument may not begin with "-" unless "--" stands before it or allow_options is true. In a ' +
  'script ("sh", "-c") the text must be an argument of its own, and the script\'s own "$1" is ' +
  'written "$$1". Of the service\'s variables a program inherits PATH, HOME, USER, LANG, LC_*, TZ, ' +
  "XDG_*, DISPLAY, WAYLAND_DISPLAY, SDL_*, PULSE_*, PIPEWIRE_* and DBUS_SESSION_BUS_ADDRESS, and " +
  "what pass_env names. Can be reloaded, the first action excepted: without any, the service gives " +
  "up the right to start programs.";

const LIBRARIES =
  "Where systems and their media come from, so that the phone app can search, browse and launch them " +
  '(docs/library.md has an example for each firmware). "folder" is one folder of files and the program ' +
  "that plays them: ${path} in an argument stands for the file, ${name} for its name without the " +
  'extension, and no shell is involved. "emulationstation" reads es_systems.cfg and gamelist.xml of ' +
  'the frontend on this device; "emulationstation_http" asks it (Batocera\'s family, port 1234 of ' +
  "127.0.0.1) and launches through it. Can be reloaded; the first source needs a restart, and so does " +
  "the first that starts programs, because a service without any gives up the right to start them.";

/** The text of config.example.toml. */
export function formatExample(): string {
  const tables = Object.entries<SettingRows>(SETTINGS).flatMap(([name, rows]) => [
    [`[${name}]`, ...Object.entries(rows).map(formatRow)].join("\n\n").replace("\n\n", "\n"),
    ...(name === "security"
      ? [
        formatRows(ACTION_ROWS, { table: "action", help: ACTIONS }),
        formatRows(LIBRARY_ROWS, { table: "library", help: LIBRARIES }),
      ]
      : []),
  ]);
  return [...HEADER.split("\n").map(comment), "", tables.join("\n\n")].join("\n") + "\n";
}

function formatRow([key, row]: [string, Setting]): string {
  const help = row.reloadable === true ? `${row.help} Can be reloaded.` : row.help;
  return `${comment(help)}\n# ${key} = ${formatValue(exampleOf(row))}`;
}

function formatRows(of: SettingRows, { table, help }: { table: string; help: string }): string {
  const rows = Object.entries<Setting>(of).map(([key, row]) => ({
    setting: `#   ${key} = ${formatValue(exampleOf(row))}`,
    help: row.help,
  }));
  const width = Math.max(...rows.map(({ setting }) => setting.length));
  const lines = rows.map((row) => `${row.setting.padEnd(width)}  # ${row.help}`);
  return [comment(help), `#   [[${table}]]`, ...lines].join("\n");
}

function exampleOf(row: Setting): TomlValue {
  const value = row.example ?? row.default;
  if (value !== undefined && typeof value !== "function") return value;
  throw new TypeError(`No example: ${row.help}`);
}

function formatValue(value: TomlValue): string {
  if (typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) return `[${value.map(formatValue).join(", ")}]`;
  const members = Object.entries(value).map(([key, member]) => `${key} = ${formatValue(member)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

function isList(value: TomlValue): value is readonly TomlValue[] {
  return Array.isArray(value);
}

// Breaks at spaces. A line that begins with a space is code and stays whole.
function comment(text: string): string {
  if (text.startsWith(" ")) return `#${text}`;
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > WIDTH) lines.push(`# ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join("\n");
}
