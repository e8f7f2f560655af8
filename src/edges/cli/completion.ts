// Completion scripts for shells, made from the table of commands: a new command or option needs no
// edit here.

import type { Command } from "./command.ts";

/** Shells that scripts can be made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** A shell that scripts can be made for. */
export type Shell = (typeof SHELLS)[number];

type CommandWords = Pick<Command, "name" | "summary" | "verbs" | "options" | "flags">;

/** The script for a shell. */
export function completionScript(shell: Shell, commands: readonly CommandWords[]): string {
  switch (shell) {
    case "bash":
      return bashScript(commands);
    case "zsh":
      return `#compdef latchkey\nautoload -U +X bashcompinit && bashcompinit\n${
        bashScript(commands)
      }`;
    case "fish":
      return fishScript(commands);
  }
}

function optionsOf({ options, flags = [] }: CommandWords): string[] {
  return [...options, ...flags, "help"].map((name) => `--${name}`);
}

function bashScript(commands: readonly CommandWords[]): string {
  const names = ["help", "version", ...commands.map(({ name }) => name)].join(" ");
  return [
    "_latchkey() {",
    "  local word=${COMP_WORDS[COMP_CWORD]} words=",
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    words="${names}"`,
    "  else",
    '    case "${COMP_WORDS[COMP_CWORD-1]}" in',
    "      --config | --passphrase-file)",
    '        COMPREPLY=($(compgen -f -- "$word"))',
    "        return",
    "        ;;",
    "    esac",
    '    case "${COMP_WORDS[1]}" in',
    ...commands.map((command) => {
      const verbs = `$([ "$COMP_CWORD" -eq 2 ] && echo "${(command.verbs ?? []).join(" ")}")`;
      const first = command.verbs === undefined ? "" : `${verbs} `;
      return `      ${command.name}) words="${first}${optionsOf(command).join(" ")}" ;;`;
    }),
    `      help) words="${commands.map(({ name }) => name).join(" ")}" ;;`,
    "    esac",
    "  fi",
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    "}",
    "complete -F _latchkey latchkey",
    "",
  ].join("\n");
}

function fishScript(commands: readonly CommandWords[]): string {
  const complete = (when: string, what: string): string =>
    `complete -c latchkey -n '${when}' ${what}`;
  const atStart = "__fish_use_subcommand";
  return [
    "complete -c latchkey -f",
    ...commands.map(({ name, summary }) => complete(atStart, `-a ${name} -d ${quote(summary)}`)),
    ...commands.flatMap((command) => {
      const within = `__fish_seen_subcommand_from ${command.name}`;
      const { verbs = [], options, flags = [] } = command;
      return [
        ...(verbs.length === 0 ? [] : [complete(within, `-a ${quote(verbs.join(" "))}`)]),
        ...options.map((name) => complete(within, `-l ${name} -r`)),
        ...[...flags, "help"].map((name) => complete(within, `-l ${name}`)),
      ];
    }),
    "",
  ].join("\n");
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
