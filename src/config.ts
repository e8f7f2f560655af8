// The configuration: what may be in the TOML file, the defaults without one, and error messages
// that name file, line and key. Pure; reading the file is the command line's business.

import { parse, TomlError } from "smol-toml";
import * as v from "valibot";
import { isRunPattern } from "./actions/run_patterns.ts";
import type { ButtonSettings } from "./buttons/button_settings.ts";
import { BUTTON_CODES } from "./buttons/input_event.ts";
import { DISPLAY_KINDS, type DisplaySettings } from "./display/display_settings.ts";
import { closestWord } from "./base/closest_word.ts";
import { isAddressRule } from "./base/ip_address.ts";
import { LOG_LEVELS, type LogFormat, type LogLevel } from "./base/log.ts";
import { isOriginText } from "./base/origin_text.ts";
import { parseSocketAddress, type SocketAddress } from "./base/socket_address.ts";
import { type KeyPath, lineOfKey } from "./base/toml_lines.ts";

import { PIXEL_FORMATS, ROTATIONS } from "./display/framebuffer_layout.ts";

import type { Settings } from "./settings/live_settings.ts";

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
  readonly display: DisplaySettings;
  /** Which buttons do what. */
  readonly buttons: ButtonSettings;
  /** The log. */
  readonly log: {
    /** The quietest level that is written. */
    readonly level: LogLevel;
    /** The look of a line. */
    readonly format: LogFormat;
  };
}

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

/** The part of a configuration that can be reloaded. */
export function settingsOf(config: Config): Settings {
  const { service, security, log } = config;
  return { encryption: service.encryption, ...security, logLevel: log.level };
}

function listOf(
  isEntry: (text: string) => boolean,
  expectation: string,
): v.GenericSchema<string[], string[]> {
  return v.array(v.pipe(v.string(), v.check(isEntry, expectation)));
}

// Lists and dates are objects to a schema, and would pass for tables that set nothing.
function table<Entries extends v.ObjectEntries>(
  entries: Entries,
): v.GenericSchema<unknown, v.InferOutput<v.ObjectSchema<Entries, undefined>>> {
  return v.pipe(v.custom<object>(isTable, "expected a table"), v.object(entries));
}

function isTable(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
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

const FileSchema = v.object({
  service: v.optional(table({
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
  security: v.optional(table({
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
  display: v.optional(table({
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
  buttons: v.optional(table({
    folder: v.optional(v.pipe(v.string(), v.nonEmpty("expected a folder"))),
    pair: v.optional(listOf(isButton, 'expected a button, such as "BTN_START"')),
    hold_ms: v.optional(holdTime()),
    revoke_all: v.optional(listOf(isButton, 'expected a button, such as "BTN_START"')),
    revoke_hold_ms: v.optional(holdTime()),
  })),
  log: v.optional(table({
    level: v.optional(v.picklist(LOG_LEVELS)),
    format: v.optional(v.picklist(["text", "json"])),
  })),
});

/** The configuration in a TOML text; throws ConfigError with every problem it has. */
export function parseConfig(toml: string, options: ParseConfigOptions): Config {
  const { file, env } = options;
  const tables = parseToml(toml, file);
  const result = v.safeParse(FileSchema, tables);
  const problems = [
    ...(result.issues ?? []).map(describeIssue),
    ...describeUnknownKeys(tables),
    ...(result.success ? describeMissing(result.output.display ?? {}) : []),
  ]
    .map(({ path, text }) => ({ line: lineOfKey(toml, path) ?? 1, text }))
    .sort((a, b) => a.line - b.line)
    .map(({ line, text }) => `Cannot read ${file}: line ${line}: ${text}`);
  if (!result.success || problems.length > 0) throw new ConfigError(problems.join("\n"));
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
    display: displayOf(display),
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

type DisplayTable = NonNullable<v.InferOutput<typeof FileSchema>["display"]>;

function displayOf(display: DisplayTable): DisplaySettings {
  const { framebuffer = "/dev/fb0" } = display;
  return {
    kinds: kindsOf(display),
    framebuffer,
    sysfs: display.sysfs ?? `/sys/class/graphics/${framebuffer.split("/").at(-1)}`,
    pixelFormat: display.pixel_format ?? "auto",
    rotate: display.rotate ?? 0,
    command: display.command ?? [],
    file: display.file ?? "/run/latchkey/pin.png",
  };
}

function kindsOf(display: DisplayTable): DisplaySettings["kinds"] {
  return typeof display.kind === "string" ? [display.kind] : display.kind ?? ["auto"];
}

// What one key makes necessary of another.
function describeMissing(display: DisplayTable): Problem[] {
  const isUseless = kindsOf(display).includes("command") && (display.command ?? []).length === 0;
  if (!isUseless) return [];
  const text = 'display.kind: "command" wants a program as display.command';
  return [{ path: ["display", "kind"], text }];
}

function defaultDataDir(env: ConfigEnvironment): string {
  // A relative path there is invalid by its specification and to be ignored.
  if (env.XDG_STATE_HOME?.startsWith("/")) return `${env.XDG_STATE_HOME}/latchkey`;
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

interface Problem {
  readonly path: KeyPath;
  readonly text: string;
}

const TYPES: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  string: "a text in quotes",
};

// Rules of ours come with their own words, types with a schema's.
function describeIssue(issue: v.BaseIssue<unknown>): Problem {
  const path = issue.path?.map(({ key }) => key as string | number) ?? [];
  const isOurs = issue.kind === "validation" || issue.type === "custom";
  const type = TYPES[issue.type] ?? issue.expected?.replace(/^\((.*)\)$/, "$1");
  return { path, text: `${path.join(".")}: ${isOurs ? issue.message : `expected ${type}`}` };
}

// The schema itself would tell of one per table only.
function describeUnknownKeys(value: unknown, path: KeyPath = []): Problem[] {
  const known = knownKeys(path);
  if (known.length === 0 || !isTable(value)) return [];
  return Object.entries(value).flatMap(([key, entry]) => {
    if (known.includes(key)) return describeUnknownKeys(entry, [...path, key]);
    const where = path.length === 0 ? "" : ` in [${path.join(".")}]`;
    const guess = closestWord(key, known);
    const hint = guess === undefined ? "" : ` (did you mean "${guess}"?)`;
    return [{ path: [...path, key], text: `unknown key ${JSON.stringify(key)}${where}${hint}` }];
  });
}

function knownKeys(path: KeyPath): string[] {
  let entries: Record<string, unknown> = FileSchema.entries;
  for (const key of path) {
    // As table() builds them: optional, and the keys behind the check that it is one.
    const entry = entries[key] as
      | { wrapped?: { pipe?: readonly { entries?: Record<string, unknown> }[] } }
      | undefined;
    entries = entry?.wrapped?.pipe?.[1]?.entries ?? {};
  }
  return Object.keys(entries);
}
