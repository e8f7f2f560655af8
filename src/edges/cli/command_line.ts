// argv → command: help, version, suggestions, and which exit code an error means.

import { closestWord } from "../../base/closest_word.ts";
import {
  type Command,
  type CommandContext,
  CommandError,
  EXIT_CODES,
  UsageError,
} from "./command.ts";

/** What {@linkcode runCommandLine} needs. */
export interface CommandLine {
  /** All commands, in the order in which help lists them. */
  readonly commands: readonly Command[];
  /** This program's version. */
  readonly version: string;
  /** The outside of the commands. */
  readonly context: CommandContext;
}

/** Runs the command that the arguments name; the exit code. Unexpected errors are passed on. */
export async function runCommandLine(
  args: readonly string[],
  { commands, version, context }: CommandLine,
): Promise<number> {
  const [first, ...rest] = args;
  const asksForHelp = first === "help" || isAsked(args, "--help", "-h");
  const name = first === "help" ? rest.find((argument) => !argument.startsWith("-")) : first;
  const command = commands.find((known) => known.name === name);
  const isPlain = name === undefined || name.startsWith("-");
  if (first === "version" || isAsked(args, "--version") || (isPlain && isAsked(args, "-v"))) {
    context.write(`latchkey ${version}\n`);
    return EXIT_CODES.done;
  }
  if (asksForHelp && (command !== undefined || isPlain)) {
    context.write(`${command?.usage ?? overview(commands)}\n`);
    return EXIT_CODES.done;
  }
  if (command === undefined) {
    context.writeError(`${explainUnknown(name, commands)}\n`);
    return EXIT_CODES.usage;
  }
  try {
    return await command.run(rest, context);
  } catch (error) {
    if (error instanceof UsageError) {
      context.writeError(`${error.message}\n\n${command.usage}\n`);
      return EXIT_CODES.usage;
    }
    if (error instanceof CommandError) {
      context.writeError(`${error.message}\n`);
      return EXIT_CODES.failed;
    }
    throw error;
  }
}

// What stands behind "--" is no option of ours.
function isAsked(args: readonly string[], ...names: readonly string[]): boolean {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  return args.slice(0, end).some((argument) => names.includes(argument));
}

function explainUnknown(name: string | undefined, commands: readonly Command[]): string {
  if (name === undefined) return `Expected a command\n\n${overview(commands)}`;
  const meant = closestWord(name, [...commands.map((known) => known.name), "help", "version"]);
  if (meant === undefined) return `Unknown command: ${name}\n\n${overview(commands)}`;
  return `Unknown command: ${name} (did you mean "${meant}"?)\n\nUsage: latchkey COMMAND [OPTIONS]\n` +
    "latchkey help lists all commands";
}

/** The text of `latchkey help`, without a line end. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    "Latchkey lets phones, desktops and local apps talk to this device safely.",
    "",
    "Usage: latchkey COMMAND [OPTIONS]",
    "",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "latchkey help COMMAND, or --help (-h) behind it, tells more; --version (-v) the version.",
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage.",
  ].join("\n");
}
