// The configuration: what may be in the TOML file, the defaults without one, and error messages
// that name file, line and key. Pure; reading the file is the command line's business.

import { parse, TomlError } from "smol-toml";
import * as v from "valibot";
import { isRunPattern } from "./actions/run_patterns.ts";
import { BUTTON_CODES } from "./buttons/input_event.ts";
import { closestWord } from "./base/closest_word.ts";
import { isAddressRule } from "./base/ip_address.ts";
import { LOG_LEVELS, type LogFormat, type LogLevel } from "./base/log.ts";
import { isOriginText } from "./base/origin_text.ts";
import { parseSocketAddress, type SocketAddress } from "./base/socket_address.ts";
import { type KeyPath, lineOfKey } from "./base/toml_lines.ts";

import {
  PIXEL_FORMATS,
  type PixelFormat,
  type Rotation,
  ROTATIONS,
} from "./display/framebuffer_layout.ts";

/** The whole configuration, all defaults filled in. */
export interface Config {
  /** The service itself. */
  readonly service: {
    /** Where to listen; every interface where there is no host name. */
    readonly listen: { readonly hostname: string | undefined; readonly port: number };
    /** The folder for all state. */
    readonly dataDir: string;
    /** Whether remote WebSocket peers must encrypt. */
    readonly encryption: boolean;
    /** What people call the device; the host name where undefined. */
    readonly deviceName: string | undefined;
  };
  /** What remote peers may do; all of it can be reloaded. */
  readonly security: {
    /** Addresses and CIDR ranges that POST, SSE and the model gateway are open to. */
    readonly allowedIps: readonly string[];
    /** Web origins beyond the built-in ones. */
    readonly allowedOrigins: readonly string[];
    /** Patterns of texts that remote peers may run over REST. */
    readonly allowRun: readonly string[];
  };
  /** Where PINs are shown. */
  readonly display: DisplayConfig;
  /** Which buttons do what. */
  readonly buttons: ButtonsConfig;
  /** The log. */
  readonly log: {
    /** The quietest level that is written. */
    readonly level: LogLevel;
    /** The look of a line. */
    readonly format: LogFormat;
  };
}

/** Where PINs are shown. */
export interface DisplayConfig {
  /** The displays, all at once. */
  readonly kinds: readonly (typeof DISPLAY_KINDS)[number][];
  /** The framebuffer's device file. */
  readonly framebuffer: string;
  /** Its folder in sysfs. */
  readonly sysfs: string;
  /** How its pixels lie; "auto" goes by the depth. */
  readonly pixelFormat: PixelFormat | "auto";
  /** By how many degrees the panel is turned clockwise. */
  readonly rotate: Rotation;
  /** The program of the kind "command". */
  readonly command: readonly string[];
  /** The picture of the kind "file". */
  readonly file: string | undefined;
}

/** Which buttons do what; a chord without buttons is off. */
export interface ButtonsConfig {
  /** The folder of the input devices. */
  readonly folder: string;
  /** The names of the buttons that open pairing and cancel it. */
  readonly pair: readonly string[];
  /** How long they must be held, in milliseconds. */
  readonly holdMs: number;
  /** The names of the buttons that delete every client. */
  readonly revokeAll: readonly string[];
  /** How long they must be held, in milliseconds. */
  readonly revokeHoldMs: number;
}

/** The kinds of display. */
export const DISPLAY_KINDS = [
  "auto",
  "framebuffer",
  "terminal",
  "command",
  "file",
  "none",
] as const;

/** What the defaults depend on. */
export interface ConfigEnvironment {
  /** The user's home folder. */
  readonly HOME?: string | undefined;
  /** Where the user keeps state, if set. */
  readonly XDG_STATE_HOME?: string | undefined;
  /** Whether the process runs as root. */
  readonly isRoot: boolean;
}

/** Options of {@linkcode parseConfig}. */
export interface ParseConfigOptions {
  /** The file's name for messages. */
  file: string;
  /** What the defaults depend on. */
  env: ConfigEnvironment;
}

/** A configuration that cannot be used; the message has one line per problem. */
export class ConfigError extends Error {
  /** An error with all problems. */
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = "ConfigError";
  }
}

/** The port by default. */
export const DEFAULT_PORT = 7497;

/** The shortest time that a chord must be held, in milliseconds. */
export const MIN_HOLD_MS = 500;

/** The longest time that a chord must be held, in milliseconds. */
export const MAX_HOLD_MS = 20_000;

/** The longest device name, in characters. */
export const MAX_DEVICE_NAME_CHARACTERS = 64;

function listOf(
  isEntry: (text: string) => boolean,
  expectation: string,
): v.GenericSchema<string[], string[]> {
  return v.array(v.pipe(v.string(), v.check(isEntry, expectation)));
}

function isButton(name: string): boolean {
  return Object.hasOwn(BUTTON_CODES, name);
}

function holdTime(): v.GenericSchema<number, number> {
  return v.pipe(
    v.number(),
    v.check(
      (ms) => Number.isInteger(ms) && ms >= MIN_HOLD_MS && ms <= MAX_HOLD_MS,
      `expected ${MIN_HOLD_MS} to ${MAX_HOLD_MS} milliseconds`,
    ),
  );
}

const FileSchema = v.strictObject({
  service: v.optional(v.strictObject({
    listen: v.optional(v.pipe(
      v.string(),
      v.transform(parseSocketAddress),
      v.custom<SocketAddress>(
        (address) => address !== undefined,
        'expected an IP address with a port, such as "127.0.0.1:7497" or "[::1]:7497"',
      ),
    )),
    data_dir: v.optional(v.pipe(v.string(), v.nonEmpty("expected a folder"))),
    encryption: v.optional(v.boolean()),
    device_name: v.optional(v.pipe(
      v.string(),
      v.check(
        (name) => name.length >= 1 && name.length <= MAX_DEVICE_NAME_CHARACTERS,
        `expected 1 to ${MAX_DEVICE_NAME_CHARACTERS} characters`,
      ),
    )),
  })),
  security: v.optional(v.strictObject({
    allowed_ips: v.optional(listOf(
      isAddressRule,
      'expected an address or a range, such as "192.168.1.20" or "192.168.1.0/24"',
    )),
    allowed_origins: v.optional(listOf(
      isOriginText,
      'expected an origin, such as "https://app.example"',
    )),
    allow_run: v.optional(listOf(isRunPattern, "expected a pattern in RE2's syntax")),
  })),
  display: v.optional(v.strictObject({
    kind: v.optional(v.union([
      v.picklist(DISPLAY_KINDS),
      v.array(v.picklist(DISPLAY_KINDS)),
    ], `expected one or a list of ${DISPLAY_KINDS.join(", ")}`)),
    framebuffer: v.optional(v.pipe(v.string(), v.nonEmpty("expected a device file"))),
    sysfs: v.optional(v.pipe(v.string(), v.nonEmpty("expected a folder"))),
    pixel_format: v.optional(v.picklist(["auto", ...PIXEL_FORMATS])),
    rotate: v.optional(v.picklist(ROTATIONS)),
    command: v.optional(v.array(v.string())),
    file: v.optional(v.pipe(v.string(), v.nonEmpty("expected a file"))),
  })),
  buttons: v.optional(v.strictObject({
    folder: v.optional(v.pipe(v.string(), v.nonEmpty("expected a folder"))),
    pair: v.optional(listOf(isButton, 'expected a button, such as "BTN_START"')),
    hold_ms: v.optional(holdTime()),
    revoke_all: v.optional(listOf(isButton, 'expected a button, such as "BTN_START"')),
    revoke_hold_ms: v.optional(holdTime()),
  })),
  log: v.optional(v.strictObject({
    level: v.optional(v.picklist(LOG_LEVELS)),
    format: v.optional(v.picklist(["text", "json"])),
  })),
});

/** The configuration in a TOML text; throws ConfigError with every problem it has. */
export function parseConfig(toml: string, options: ParseConfigOptions): Config {
  const { file, env } = options;
  const result = v.safeParse(FileSchema, parseToml(toml, file));
  if (!result.success) {
    const problems = result.issues.map((issue) => describeIssue(issue, toml));
    throw new ConfigError(problems.map((problem) => `Cannot read ${file}: ${problem}`).join("\n"));
  }
  const { service = {}, security = {}, display = {}, buttons = {}, log = {} } = result.output;
  return {
    service: {
      listen: service.listen ?? { hostname: undefined, port: DEFAULT_PORT },
      dataDir: service.data_dir ?? defaultDataDir(env),
      encryption: service.encryption ?? false,
      deviceName: service.device_name,
    },
    security: {
      allowedIps: security.allowed_ips ?? [],
      allowedOrigins: security.allowed_origins ?? [],
      allowRun: security.allow_run ?? [],
    },
    display: displayOf(display, file),
    buttons: {
      folder: buttons.folder ?? "/dev/input",
      pair: buttons.pair ?? [],
      holdMs: buttons.hold_ms ?? 2000,
      revokeAll: buttons.revoke_all ?? [],
      revokeHoldMs: buttons.revoke_hold_ms ?? 5000,
    },
    log: { level: log.level ?? "info", format: log.format ?? "text" },
  };
}

function displayOf(
  display: NonNullable<v.InferOutput<typeof FileSchema>["display"]>,
  file: string,
): DisplayConfig {
  const kinds = typeof display.kind === "string" ? [display.kind] : display.kind ?? ["auto"];
  const { framebuffer = "/dev/fb0", command = [] } = display;
  if (kinds.includes("command") && command.length === 0) {
    throw new ConfigError(`Cannot read ${file}: display.command: expected a program for "command"`);
  }
  if (kinds.includes("file") && display.file === undefined) {
    throw new ConfigError(`Cannot read ${file}: display.file: expected a path for "file"`);
  }
  return {
    kinds,
    framebuffer,
    sysfs: display.sysfs ?? `/sys/class/graphics/${framebuffer.split("/").at(-1)}`,
    pixelFormat: display.pixel_format ?? "auto",
    rotate: display.rotate ?? 0,
    command,
    file: display.file,
  };
}

function defaultDataDir(env: ConfigEnvironment): string {
  if (env.XDG_STATE_HOME) return `${env.XDG_STATE_HOME}/latchkey`;
  if (env.isRoot) return "/var/lib/latchkey";
  if (env.HOME) return `${env.HOME}/.local/state/latchkey`;
  throw new ConfigError("Cannot choose a data folder: set data_dir in [service], or HOME");
}

function parseToml(toml: string, file: string): unknown {
  try {
    return parse(toml);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "");
    throw new ConfigError(`Cannot read ${file}: line ${error.line}: ${reason}`, { cause: error });
  }
}

function describeIssue(issue: v.BaseIssue<unknown>, toml: string): string {
  const path: KeyPath = issue.path?.map(({ key }) => key as string | number) ?? [];
  const line = lineOfKey(toml, path);
  const place = line === undefined ? "" : `line ${line}: `;
  if (issue.expected === "never") return `${place}${describeUnknownKey(path)}`;
  const expectation = issue.expected === null ? issue.message : `expected ${issue.expected}`;
  return `${place}${path.join(".")}: ${expectation}`;
}

function describeUnknownKey(path: KeyPath): string {
  const name = String(path.at(-1));
  const table = path.slice(0, -1).join(".");
  const where = table === "" ? "" : ` in [${table}]`;
  const guess = closestWord(name, knownKeys(path.slice(0, -1)));
  const hint = guess === undefined ? "" : ` (did you mean "${guess}"?)`;
  return `unknown key "${name}"${where}${hint}`;
}

function knownKeys(table: KeyPath): string[] {
  let entries: Record<string, unknown> = FileSchema.entries;
  for (const key of table) {
    const entry = entries[key] as { wrapped?: { entries?: Record<string, unknown> } } | undefined;
    entries = entry?.wrapped?.entries ?? {};
  }
  return Object.keys(entries);
}
