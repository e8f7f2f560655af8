// What a command of the program is, and how it talks to the outside: exit codes, arguments,
// terminal. Each file beside this one is one command.

import { type ParsedOptions, parseOptions } from "./option_parser.ts";
import type { Style } from "./styles.ts";
import type { Config } from "../config/config.ts";
import type { ConfigReader, ConfigSource } from "../config/config_source.ts";
import type { CheckResult } from "../../features/doctor/check.ts";
import type { Logger, LogLevel } from "../../base/log.ts";
import type { DisplaySettings } from "../../features/screen/display_settings.ts";
import type { InputEvent } from "../../features/screen/input_event.ts";
import type { PinDisplay } from "../../features/screen/pin_display.ts";

/** Exit codes of every command. */
export const EXIT_CODES = {
  /** Done. */
  done: 0,
  /** Refused or failed. */
  failed: 1,
  /** Wrong usage. */
  usage: 2,
} as const;

/** A running service, as a command sees it. */
export interface RunningService {
  /** The port it listens on. */
  readonly port: number;
  /** The address that other hosts reach, if any. */
  readonly outside: string | undefined;
  /** The URLs under which other hosts reach it, the likeliest first. */
  addresses(): string[];
  /** Opens pairing, or cancels it where it is open. */
  togglePairing(): void;
  /** Reads the settings again; what changed. Throws where they cannot be used. */
  reload(): { readonly changed: readonly string[]; readonly needsRestart: readonly string[] };
  /** Stops it. */
  stop(): Promise<void>;
}

/** How a command starts a service. */
export interface StartOptions {
  /** Where to listen, where to keep data, and so on. */
  config: Config;
  /** The log; its level follows the settings. */
  log: (level: () => LogLevel) => Logger;
  /** Where PINs are shown; what the configuration names where undefined. */
  display?: PinDisplay;
  /** The terminal, for the display of that kind. */
  terminal?: { write: (text: string) => void; isTerminal: boolean };
  /** Whether the process gives up permissions that it does not need. */
  dropPermissions?: boolean;
  /** Where the configuration comes from. */
  configSource?: ConfigSource;
}

/** What the doctor goes by. */
export interface DoctorInput {
  /** The configuration; undefined where it cannot be used. */
  config: Config | undefined;
  /** The owner's file, if there is one. */
  configFile: string | undefined;
  /** What is wrong with it, one sentence each. */
  configProblems: readonly string[];
}

/** What a command is given. */
export interface CommandContext {
  /** Writes text to standard output, line ends included. */
  write: (text: string) => void;
  /** Writes text to standard error, line ends included. */
  writeError: (text: string) => void;
  /** Text in a style where standard output is a terminal that shows it; else the text itself. */
  paint: (style: Style, text: string) => string;
  /** How many columns the terminal has; undefined where standard output is none. */
  columns: () => number | undefined;
  /** Asks a question that is answered with yes or no; no where nobody can answer. */
  confirm: (question: string) => boolean;
  /** Makes a sealed backup of a data folder; what is wrong is in the error's message. */
  createBackup: (options: {
    dataDir: string;
    passphrase: string;
    configText: string | undefined;
    settingsText: string | undefined;
  }) => Promise<
    { file: Uint8Array; clients: number; keys: number; auditAnchor: string | undefined }
  >;
  /** Puts a sealed backup into a data folder; likewise. */
  restoreBackup: (options: {
    file: Uint8Array;
    passphrase: string;
    configuration: (configText: string | undefined) => ConfigReader;
  }) => Promise<{
    clients: number;
    keys: number;
    salts: number;
    stayRemoved: number;
    removed: number;
    auditAnchor: string | undefined;
    createdAtMs: number;
    settings: { kind: "same" | "taken" | "kept"; file: string; besideIt: string } | undefined;
    changedSettings: readonly string[];
    configText: string | undefined;
  }>;
  /** Checks this device; never rejects. */
  diagnose: (input: DoctorInput) => Promise<readonly CheckResult[]>;
  /** Reads the device's buttons. */
  openInputDevices: (options: {
    folder: string;
    listen: (device: string) => { take: (event: InputEvent) => void; close: () => void };
    log: Logger;
  }) => Promise<{ readonly count: number; close: () => Promise<void> }>;
  /** Shows a PIN that opens nothing, for some milliseconds. */
  showTestPin: (options: {
    settings: DisplaySettings;
    cancelButtons: readonly string[];
    forMs: number;
  }) => Promise<void>;
  /** Starts a service in this process. */
  startService: (options: StartOptions) => Promise<RunningService>;
}

/** One command. */
export interface Command {
  /** How it is called. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The text of `--help`, without a line end. */
  readonly usage: string;
  /** What its first argument may be, for completion. */
  readonly verbs?: readonly string[];
  /** Its options with a value, without dashes. */
  readonly options: readonly string[];
  /** Its options without a value, without dashes. */
  readonly flags?: readonly string[];
  /** Runs it; the result is the exit code. Throws UsageError for wrong arguments. */
  run(args: readonly string[], context: CommandContext): Promise<number>;
}

/** The arguments were wrong: exit code 2 and the usage. */
export class UsageError extends Error {
  /** An error with a message for people. */
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** The command failed in a way that its message explains fully: exit code 1. */
export class CommandError extends Error {
  /** An error with a message for people. */
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = "CommandError";
  }
}

/** Parsed arguments. */
export interface ParsedArguments {
  /** Options that were given with a value. */
  readonly options: Readonly<Record<string, string | undefined>>;
  /** Options without a value: whether they were given. */
  readonly flags: Readonly<Record<string, boolean | undefined>>;
  /** Everything that is no option. */
  readonly positionals: readonly string[];
}

/** Parses the arguments that a command takes. Throws UsageError for options that it has not. */
export function parseArguments(
  args: readonly string[],
  { options, flags = [] }: Pick<Command, "options" | "flags">,
): ParsedArguments {
  const { values, positionals } = parse(args, { options, flags });
  const given = Object.entries(values);
  return {
    options: Object.fromEntries(
      given.filter((one): one is [string, string] => typeof one[1] === "string"),
    ),
    flags: Object.fromEntries(given.filter((one): one is [string, true] => one[1] === true)),
    positionals,
  };
}

function parse(...given: Parameters<typeof parseOptions>): ParsedOptions {
  try {
    return parseOptions(...given);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}
