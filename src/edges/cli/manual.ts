// The manual page latchkey(1), made from the table of commands: what `--help` tells, in roff.

import type { Command } from "./command.ts";

/** What a manual page is of. */
export interface ManualOptions {
  /** This program's version. */
  version: string;
  /** The day of its release, such as "2026-01-31". */
  date: string;
}

/** The page in roff's man macros. */
export function manualPage(
  commands: readonly Pick<Command, "name" | "summary" | "usage">[],
  { version, date }: ManualOptions,
): string {
  return [
    `.TH LATCHKEY 1 "${date}" "Latchkey ${version}" "User Commands"`,
    ".SH NAME",
    "latchkey \\- let phones, desktops and local apps talk to this device safely",
    ".SH SYNOPSIS",
    ".B latchkey",
    ".I COMMAND",
    "[OPTIONS]",
    ".SH DESCRIPTION",
    "The device shows a 6\\-digit PIN, a phone proves that it knows it, and from then on every frame",
    "between the two is encrypted. The service is",
    '.BR "latchkey serve" ;',
    "the other commands talk to it.",
    ".SH COMMANDS",
    ...commands.flatMap(({ name, summary, usage }) => [
      `.SS "latchkey ${name}"`,
      `${escapeRoff(summary)}.`,
      ".PP",
      ".nf",
      ...usage.split("\n").map(escapeRoff),
      ".fi",
    ]),
    ".SH EXIT STATUS",
    "0 done, 1 refused or failed, 2 wrong usage.",
    ".SH ENVIRONMENT",
    ".TP",
    ".B LATCHKEY_CONFIG",
    "The configuration where \\-\\-config names none.",
    ".TP",
    ".B LATCHKEY_PASSPHRASE",
    "The passphrase of a backup where no file names one.",
    ".TP",
    ".B NO_COLOR",
    "Writes no colours to the terminal.",
    ".SH FILES",
    ".TP",
    ".I /etc/latchkey/config.toml",
    "The configuration; /usr/share/doc/latchkey/config.example.toml has every setting.",
    "",
  ].join("\n");
}

// A line that begins with a dot or a quote would be a macro; a hyphen in an option is a minus.
function escapeRoff(line: string): string {
  const escaped = line.replaceAll("\\", "\\e").replaceAll("-", "\\-");
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
