// Completion scripts for shells, made from the table of commands: a new command or option needs no
// edit here.

import type { Command } from "./command.ts";

/** Shells that scripts can be made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** A shell that scripts can be made for. */
export type Shell = (typeof SHELLS)[number];

type CommandWords = Pick<Command, "name" | "summary" | "verbs" | "options" | "flags">;

/** Commands that the table does not hold. */
const OTHER_COMMANDS: readonly CommandWords[] = [
  { name: "help", summary: "Show how a command is used", options: [] },
  { name: "version", summary: "Print the version", options: [] },
];

/** Options whose value is a path. */
const PATH_OPTIONS = ["config", "passphrase-file"];

/** The script for a shell. */
export function completionScript(shell: Shell, commands: readonly CommandWords[]): string {
  switch (shell) {
    case "bash":
      return bashScript(commands);
    case "zsh":
      return zshScript(commands);
    case "fish":
      return fishScript(commands);
  }
}

// What follows the command's name at once.
function verbsOf({ name, verbs = [] }: CommandWords, commands: readonly CommandWords[]): string {
  return (name === "help" ? commands.map((command) => command.name) : verbs).join(" ");
}

function optionsOf({ options, flags = [] }: CommandWords): string[] {
  return [...options, ...flags, "help"].map((name) => `--${name}`);
}

const pathOptions = (): string => PATH_OPTIONS.map((name) => `--${name}`).join(" | ");

function bashScript(commands: readonly CommandWords[]): string {
  const all = [...OTHER_COMMANDS, ...commands];
  return [
    "_latchkey() {",
    "  local word=${COMP_WORDS[COMP_CWORD]} words=",
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    words="${all.map(({ name }) => name).join(" ")}"`,
    "  else",
    '    case "${COMP_WORDS[COMP_CWORD-1]}" in',
    `      ${pathOptions()})`,
    '        COMPREPLY=($(compgen -f -- "$word"))',
    "        return",
    "        ;;",
    "    esac",
    '    case "${COMP_WORDS[1]}" in',
    ...all.map((command) => {
      const verbs = verbsOf(command, commands);
      const first = verbs === "" ? "" : `$([ "$COMP_CWORD" -eq 2 ] && echo "${verbs}") `;
      return `      ${command.name}) words="${first}${optionsOf(command).join(" ")}" ;;`;
    }),
    "    esac",
    "  fi",
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    "}",
    "complete -F _latchkey latchkey",
    "",
  ].join("\n");
}

function zshScript(commands: readonly CommandWords[]): string {
  const all = [...OTHER_COMMANDS, ...commands];
  return [
    "#compdef latchkey",
    "_latchkey() {",
    "  if (( CURRENT == 2 )); then",
    "    local -a commands=(",
    ...all.map(({ name, summary }) => `      ${quote(`${name}:${summary}`)}`),
    "    )",
    "    _describe command commands",
    "    return",
    "  fi",
    "  case $words[CURRENT-1] in",
    `    ${pathOptions()}) _files; return ;;`,
    "  esac",
    "  case $words[2] in",
    ...all.map((command) => {
      const verbs = verbsOf(command, commands);
      const first = verbs === "" ? "" : `(( CURRENT == 3 )) && compadd -- ${verbs}; `;
      return `    ${command.name}) ${first}compadd -- ${optionsOf(command).join(" ")} ;;`;
    }),
    "  esac",
    "}",
    // A file of $fpath is the function's body the first time; it may be sourced as well.
    "if [[ $funcstack[1] == _latchkey ]]; then _latchkey; else compdef _latchkey latchkey; fi",
    "",
  ].join("\n");
}

function fishScript(commands: readonly CommandWords[]): string {
  const complete = (when: string, what: string): string =>
    `complete -c latchkey -n '${when}' ${what}`;
  const all = [...OTHER_COMMANDS, ...commands];
  return [
    "function __latchkey_within",
    "    set -l words (commandline -opc)",
    '    test (count $words) -ge 2; and test "$words[2]" = $argv[1]',
    "end",
    "function __latchkey_after",
    "    test (count (commandline -opc)) -eq $argv[1]",
    "end",
    "complete -c latchkey -f",
    ...all.map(({ name, summary }) =>
      complete("__latchkey_after 1", `-a ${name} -d ${quote(summary)}`)
    ),
    ...all.flatMap((command) => {
      const within = `__latchkey_within ${command.name}`;
      const { options, flags = [] } = command;
      const verbs = verbsOf(command, commands);
      return [
        ...(verbs === "" ? [] : [complete(`${within}; and __latchkey_after 2`, `-a '${verbs}'`)]),
        ...options.map((name) =>
          complete(within, `-l ${name} -r${PATH_OPTIONS.includes(name) ? "F" : ""}`)
        ),
        ...[...flags, "help"].map((name) => complete(within, `-l ${name}`)),
      ];
    }),
    "",
  ].join("\n");
}

// The same for zsh and fish where the text has no backslash.
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
