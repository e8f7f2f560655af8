// Options on a command line: `--name value`, `--name=value` and flags, in any order among the rest;
// what stands behind `--` is no option. Our own, because the platform's costs 15 ms at every start.

import { closestWord } from "../../base/closest_word.ts";

/** What was given. */
export interface ParsedOptions {
  /** By name: the value of an option, true for a flag; the last one counts. */
  readonly values: Readonly<Record<string, string | true>>;
  /** Everything that is no option. */
  readonly positionals: readonly string[];
}

/** Parses arguments. Throws RangeError, with a message for people, where they cannot be understood. */
export function parseOptions(
  args: readonly string[],
  known: { options: readonly string[]; flags: readonly string[] },
): ParsedOptions {
  const { options, flags } = known;
  const values: Record<string, string | true> = {};
  const positionals: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? "";
    if (argument === "--") {
      positionals.push(...args.slice(at + 1));
      break;
    }
    // A dash alone stands for standard input or output.
    if (!argument.startsWith("-") || argument === "-") {
      positionals.push(argument);
      continue;
    }
    const [, name = "", value] = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    if (flags.includes(name)) {
      if (value !== undefined) throw new RangeError(`Option --${name} takes no value`);
      values[name] = true;
    } else if (options.includes(name)) {
      if (value === undefined) at += 1;
      values[name] = value ?? followingValue(name, args[at]);
    } else {
      throw new RangeError(explainUnknown(argument, name, [...options, ...flags]));
    }
  }
  return { values, positionals };
}

// A forgotten value must not swallow the option behind it.
function followingValue(name: string, next: string | undefined): string {
  if (next === undefined) throw new RangeError(`Option --${name} needs a value`);
  if (next.startsWith("-") && next !== "-") {
    throw new RangeError(`Option --${name} needs a value: write --${name}=${next} if that is it`);
  }
  return next;
}

function explainUnknown(argument: string, name: string, names: readonly string[]): string {
  const meant = closestWord(name, names);
  const hint = meant === undefined ? "" : ` (did you mean "--${meant}"?)`;
  return `Unknown option: ${argument.split("=")[0]}${hint}`;
}
