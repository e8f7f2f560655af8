// From a text to the program it starts: the first action whose pattern matches the whole text, with
// the places of its arguments filled. Nothing is split, expanded or given to a shell.

import { RE2JS } from "re2js";
import { AppError } from "../../base/app_error.ts";
import type { ActionSettings } from "./action_settings.ts";
import { fillTemplate, groupsOf, parseTemplate } from "./placeholders.ts";
import { isScriptAfter } from "./program_script.ts";

/** The most actions that a device has. */
export const MAX_ACTIONS = 256;

/** The longest name of an action, in characters. */
export const MAX_ACTION_NAME_CHARACTERS = 64;

/** The longest pattern of an action, in characters. */
export const MAX_MATCH_CHARACTERS = 1024;

/** What clients are told about what runs. */
export interface Media {
  /** The id of the system. */
  readonly systemId: string;
  /** Its name for people. */
  readonly systemName: string;
  /** The title. */
  readonly mediaName: string;
  /** The path of its file; of an action, the text that was run. */
  readonly mediaPath: string;
  /** What launched it: the action's name, or the kind of launch. */
  readonly launcherId: string;
  /** The text that launches it again. */
  readonly zapScript: string;
}

/** An action with a text filled in. */
export interface PreparedAction {
  readonly action: ActionSettings;
  /** The program and its arguments. */
  readonly argv: readonly string[];
  /** What clients are told. */
  readonly media: Media;
}

/** Finds the action of a text; undefined where none matches, bad_request where it may not fill. */
export type ActionTable = (text: string) => PreparedAction | undefined;

/** One thing that is wrong with an action. */
export interface ActionProblem {
  /** Which action, from 0. */
  readonly index: number;
  /** The key of its table. */
  readonly key: string;
  /** What to say about it. */
  readonly text: string;
}

/** The table of some actions; throws where a pattern does not compile. */
export function compileActions(actions: readonly ActionSettings[]): ActionTable {
  const compiled = actions.map((action) => ({ action, pattern: RE2JS.compile(action.match) }));
  return (text) => {
    for (const { action, pattern } of compiled) {
      const matcher = pattern.matcher(text);
      if (!matcher.matches()) continue;
      // A group that took no part is nothing.
      return prepare(action, text, (group) => matcher.group(group) ?? "");
    }
    return undefined;
  };
}

function prepare(
  action: ActionSettings,
  text: string,
  valueOf: (group: number | string) => string,
): PreparedAction {
  const { command, system = action.name, title, allowOptions } = action;
  const argv = command.map((template) => fillTemplate(template, valueOf));
  const dashes = command.indexOf("--");
  const isOption = (argument: string, at: number): boolean =>
    argument.startsWith("-") && beginsWithGroup(command[at] ?? "") &&
    (dashes === -1 || at < dashes);
  if (!allowOptions && argv.some(isOption)) {
    throw new AppError("bad_request", "The text would become an option of the program");
  }
  const systemId = fillTemplate(system, valueOf);
  const mediaName = title === undefined ? text : fillTemplate(title, valueOf);
  const media = {
    systemId,
    systemName: systemId,
    mediaName,
    mediaPath: text,
    launcherId: action.name,
    zapScript: text,
  };
  return { action, argv, media };
}

function beginsWithGroup(template: string): boolean {
  return parseTemplate(template)[0]?.kind === "group";
}

/** Everything that is wrong with some actions; nothing where all can be used. */
export function describeActionProblems(actions: readonly ActionSettings[]): ActionProblem[] {
  const tooMany = actions.length <= MAX_ACTIONS
    ? []
    : [{ index: MAX_ACTIONS, key: "name", text: `expected at most ${MAX_ACTIONS} actions` }];
  return [
    ...tooMany,
    ...actions.flatMap((action, index) =>
      [
        ...describeName(action, actions.slice(0, index)),
        ...describeMatch(action),
        ...describeCommand(action),
      ].map((problem) => ({ index, ...problem }))
    ),
  ];
}

type OwnProblem = Omit<ActionProblem, "index">;

function describeName(action: ActionSettings, earlier: readonly ActionSettings[]): OwnProblem[] {
  const { name } = action;
  if (!/^[\w.-]+$/.test(name) || name.length > MAX_ACTION_NAME_CHARACTERS) {
    const text = `expected 1 to ${MAX_ACTION_NAME_CHARACTERS} letters, digits, "_", "-" or "."`;
    return [{ key: "name", text }];
  }
  if (!earlier.some((other) => other.name === name)) return [];
  return [{ key: "name", text: "another action has this name" }];
}

function describeMatch({ match, command, title = "", system = "" }: ActionSettings): OwnProblem[] {
  if (match === "" || match.length > MAX_MATCH_CHARACTERS) {
    return [{ key: "match", text: `expected 1 to ${MAX_MATCH_CHARACTERS} characters` }];
  }
  const groups = groupsOfPattern(match);
  if (groups === undefined) return [{ key: "match", text: "expected a pattern in RE2's syntax" }];
  const uses: [string, readonly string[]][] = [
    ["command", command],
    ["title", [title]],
    ["system", [system]],
  ];
  return uses.flatMap(([key, templates]) =>
    templates.flatMap(groupsOf)
      .filter((group) => !groups.includes(group))
      .map((group) => ({ key, text: `the pattern has no group ${JSON.stringify(group)}` }))
  );
}

function groupsOfPattern(match: string): (number | string)[] | undefined {
  try {
    const pattern = RE2JS.compile(match);
    const numbers = Array.from({ length: pattern.groupCount() + 1 }, (_, number) => number);
    return [...numbers, ...Object.keys(pattern.namedGroups())];
  } catch {
    return undefined;
  }
}

function describeCommand({ command, env }: ActionSettings): OwnProblem[] {
  const [program] = command;
  if (program === undefined || program === "") {
    return [{ key: "command", text: "expected a program and its arguments" }];
  }
  if (parseTemplate(program).some(({ kind }) => kind === "group")) {
    return [{ key: "command", text: "the program itself cannot come from the text" }];
  }
  if (hasScriptOfText(command)) {
    const text = "the text would become part of a script: give it as an argument of its own, and " +
      'write "$$1" where the script wants its own "$1"';
    return [{ key: "command", text }];
  }
  const values = [...command, ...Object.entries(env).flat()];
  if (values.some((value) => value.includes("\0"))) {
    return [{ key: "command", text: "expected no NUL" }];
  }
  if (Object.keys(env).some((name) => name === "" || name.includes("="))) {
    return [{ key: "env", text: 'expected names without "="' }];
  }
  return [];
}

// A script in an argument is the one way by which a filled text could be run as code.
function hasScriptOfText(command: readonly string[]): boolean {
  return command.some((argument, at) =>
    groupsOf(argument).length > 0 && isScriptAfter(command.slice(0, at))
  );
}
