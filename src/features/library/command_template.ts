// The command of a system, as EmulationStation's es_systems.cfg has it, without the shell that it was
// written for: `;` and `&&` separate steps, quotes and backslashes group, placeholders fill inside
// their argument, and all else that a shell would act on is refused with its reason. A file's name
// is therefore never more than a part of one argument.

import { AppError } from "../../base/app_error.ts";
import { isScriptAfter } from "../actions/program_script.ts";
import { fileStem } from "./file_title.ts";
import type { CommandArgument, CommandPart, CommandStep } from "./media.ts";
import { type ShellWord, splitShellSteps, TemplateRefusal } from "./shell_words.ts";

/** What of a system fills its command. */
export interface SystemValues {
  /** %SYSTEM%: the source's name of the system. */
  readonly system: string;
  /** %SYSTEMNAME%: the name that people read. */
  readonly systemName: string;
  /** %EMULATOR%; empty where none is known. */
  readonly emulator: string;
  /** %CORE%; empty where none is known. */
  readonly core: string;
  /** %GOVERNOR%; empty where none is known. */
  readonly governor: string;
}

/** What a template comes to. */
export type ParsedTemplate =
  | { readonly kind: "command"; readonly steps: readonly CommandStep[] }
  /** It needs what only EmulationStation knows: %CONTROLLERSCONFIG%. */
  | { readonly kind: "emulationstation_http" }
  /** It needs a shell, or makes no sense; the reason is one sentence without a full stop. */
  | { readonly kind: "refused"; readonly reason: string };

/** What stands for %GAMEINFOXML%: the game's entry of the gamelist, which nobody here writes. */
export const NO_GAME_INFO = "/dev/null";

/** A place in an argument of a command that the owner wrote as a list. */
export const FOLDER_PLACES = /\$\{(path|name)\}/;

const PLACEHOLDER = /%([A-Z][A-Z0-9_]*)%/g;
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*\+?=/;

/** Words that a shell acts on itself where a program is meant to stand. */
const SHELL_COMMANDS: ReadonlySet<string> = new Set(
  ("! . : [[ alias bg break case cd command continue coproc declare do done elif else esac eval exec " +
    "exit export fg fi for function getopts hash if in jobs let local read readonly return select " +
    "set shift source then time trap type typeset ulimit umask unalias unset until wait while { }")
    .split(" "),
);

/** Reads the template of a system; never throws. */
export function parseCommandTemplate(template: string, values: SystemValues): ParsedTemplate {
  // Its place is of no matter: it becomes many words that nobody else can know.
  if (template.includes("%CONTROLLERSCONFIG%")) return { kind: "emulationstation_http" };
  try {
    const steps = splitShellSteps(template).map(({ words, needsSuccess }) => ({
      argv: argumentsOf(words, values),
      needsSuccess,
    }));
    return { kind: "command", steps };
  } catch (error) {
    if (!(error instanceof TemplateRefusal)) throw error;
    return { kind: "refused", reason: error.message };
  }
}

/** The command of one program that the owner wrote as a list, with `${path}` and `${name}`. */
export function parseCommandList(command: readonly string[]): CommandStep {
  const argv = command.map((argument) =>
    partsBetween(argument, new RegExp(FOLDER_PLACES, "g"), (place) => [{
      kind: place === "path" ? "path" : "base_name",
    }])
  );
  return { argv, needsSuccess: false };
}

/**
 * The argv that a step comes to for a file. AppError "forbidden" where the file's name would stand at
 * the beginning of an argument as an option of the program.
 */
export function fillCommand(step: CommandStep, media: { readonly path: string }): string[] {
  let mayHaveOptions = true;
  return step.argv.map((argument) => {
    const text = argument.map((part) => textOf(part, media.path)).join("");
    if (mayHaveOptions && argument[0]?.kind === "base_name" && text.startsWith("-")) {
      throw new AppError("forbidden", "The file's name would be an option of the program");
    }
    if (text === "--") mayHaveOptions = false;
    return text;
  });
}

function argumentsOf(words: readonly ShellWord[], values: SystemValues): CommandArgument[] {
  const [program] = words;
  if (program?.isPlain === true) {
    if (SHELL_COMMANDS.has(program.text)) {
      throw new TemplateRefusal(`${program.text} is a command of the shell`);
    }
    if (ASSIGNMENT.test(program.text)) {
      throw new TemplateRefusal(`${program.text} sets a variable of the shell`);
    }
  }
  const argv = words.flatMap((word, index): CommandArgument[] => {
    const argument = partsBetween(word.text, PLACEHOLDER, (name) => [partOf(name, values)]);
    if (index === 0 && argument.some(({ kind }) => kind !== "literal")) {
      throw new TemplateRefusal("the file stands where a program is meant to stand");
    }
    // As in a shell, where nothing fills a word without quotes, there is no word.
    return argument.length === 0 && !word.isQuoted ? [] : [argument];
  });
  if (argv[0] === undefined || argv[0].length === 0) {
    throw new TemplateRefusal("a step has no program");
  }
  if (hasScriptOfFile({ argv })) {
    throw new TemplateRefusal("the file's name would become part of a script");
  }
  return argv;
}

/**
 * Whether the file's path or name would stand in an argument that the program takes for a script, as
 * `sh -c` does: then a file could be called like a command.
 */
export function hasScriptOfFile({ argv }: Pick<CommandStep, "argv">): boolean {
  const words = argv.map((argument) =>
    argument.map((part) => part.kind === "literal" ? part.text : "x").join("")
  );
  return argv.some((argument, at) =>
    argument.some(({ kind }) => kind !== "literal") && isScriptAfter(words.slice(0, at))
  );
}

function partOf(name: string, values: SystemValues): CommandPart {
  switch (name) {
    case "ROM":
    case "ROM_RAW":
      return { kind: "path" };
    case "BASENAME":
      return { kind: "base_name" };
    case "SYSTEM":
      return literal(values.system);
    case "SYSTEMNAME":
      return literal(values.systemName);
    case "EMULATOR":
      return literal(values.emulator);
    case "CORE":
      return literal(values.core);
    case "GOVERNOR":
      return literal(values.governor);
    case "GAMEINFOXML":
      return literal(NO_GAME_INFO);
    default:
      throw new TemplateRefusal(`the placeholder %${name}% is not known`);
  }
}

// Neighbouring literals become one, and empty ones none.
function partsBetween(
  text: string,
  place: RegExp,
  partsOf: (name: string) => CommandPart[],
): CommandPart[] {
  const parts: CommandPart[] = [];
  let end = 0;
  for (const match of text.matchAll(place)) {
    parts.push(literal(text.slice(end, match.index)), ...partsOf(match[1] ?? ""));
    end = match.index + match[0].length;
  }
  parts.push(literal(text.slice(end)));
  return joinLiterals(parts);
}

function joinLiterals(parts: readonly CommandPart[]): CommandPart[] {
  const joined: CommandPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.kind !== "literal") joined.push(part);
    else if (last?.kind === "literal") {
      joined[joined.length - 1] = literal(last.text + part.text);
    } else if (part.text !== "") joined.push(part);
  }
  return joined;
}

function literal(text: string): CommandPart {
  return { kind: "literal", text };
}

function textOf(part: CommandPart, path: string): string {
  if (part.kind === "literal") return part.text;
  return part.kind === "path" ? path : fileStem(path);
}
