// The configuration: what may be in the TOML file, the defaults without one, and error messages
// that name file, line and key. Pure; reading the file is the command line's business.

import { parse, TomlError } from "smol-toml";
import * as v from "valibot";
import { describeActionProblems } from "../../features/actions/action_table.ts";
import type { ActionSettings } from "../../features/actions/action_settings.ts";
import type { LogFormat, LogLevel } from "../../base/log.ts";
import { lineOfKey } from "../../base/toml_lines.ts";
import type { ButtonSettings } from "../../features/screen/button_settings.ts";
import type { DiscoverySettings } from "../../features/discovery/discovery_settings.ts";
import type { DisplaySettings } from "../../features/screen/display_settings.ts";
import type { ModelSettings } from "../../features/models/model_settings.ts";
import { DEFAULT_SESSIONS_PER_CLIENT } from "../../features/session/live_connections.ts";
import type { Settings } from "../../features/settings/live_settings.ts";
import { FileSchema, type FileTables, isTable, OverlaySchema } from "./file_schema.ts";
import { describeIssue, describeUnknownKeys, type Problem, type SchemaShape } from "./problems.ts";

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
  /** What texts start, in the order in which they are tried. */
  readonly actions: readonly ActionSettings[];
  /** How much a peer may take. */
  readonly limits: {
    /** How many live sessions a client may have, and how many WebSockets an API key. */
    readonly sessionsPerClient: number;
    /** Connections without a session per address; IPv6 counts per /64. */
    readonly connectionsPerAddress: number;
    /** Connections without a session in all. */
    readonly unknownConnections: number;
    /** Connections with a session or an accepted key in all. */
    readonly knownConnections: number;
    /** Of these, those of one API key for its answers and event streams. */
    readonly connectionsPerKey: number;
  };
  /** The announcement in the local network. */
  readonly discovery: DiscoverySettings;
  /** The model gateway. */
  readonly models: ModelSettings;
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
  /**
   * Settings that were changed while the service ran; they win over the file's.
   * @default none
   */
  overlay?: ConfigText | undefined;
}

/** A text and the name of its file. */
export interface ConfigText {
  /** The file's name for messages. */
  readonly file: string;
  /** What it says, in TOML. */
  readonly text: string;
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

/** The port of an Ollama server on the same device. */
export const DEFAULT_UPSTREAM = "http://127.0.0.1:11434";

/** The part of a configuration that can be reloaded. */
export function settingsOf(config: Config): Settings {
  const { service, security, discovery, models, log } = config;
  const { enabled, instanceName } = discovery;
  return {
    encryption: service.encryption,
    ...security,
    discovery: { enabled, instanceName },
    models: {
      allow: models.allow,
      maxConcurrent: models.maxConcurrent,
      queue: models.queue,
      perKeyPerMinute: models.perKeyPerMinute,
      perKeyTokensPerDay: models.perKeyTokensPerDay,
    },
    logLevel: log.level,
  };
}

/**
 * The configuration in a TOML text, with the settings that were changed since; throws ConfigError
 * with every problem it has.
 */
export function parseConfig(toml: string, options: ParseConfigOptions): Config {
  const { file, env, overlay } = options;
  const tables = readTables(FileSchema, { file, text: toml });
  if (overlay === undefined) return configOf(tables, env);
  return configOf(mergeTables(tables, readTables(OverlaySchema, overlay)), env);
}

/** The tables in an overlay's text; throws ConfigError. */
export function parseOverlay(overlay: ConfigText): v.InferOutput<typeof OverlaySchema> {
  return readTables(OverlaySchema, overlay);
}

function readTables<Schema extends typeof FileSchema | typeof OverlaySchema>(
  schema: Schema,
  { file, text }: ConfigText,
): v.InferOutput<Schema> {
  const tables = parseToml(text, file);
  const result = v.safeParse(schema, tables);
  const problems = [
    ...(result.issues ?? []).map(describeIssue),
    ...describeUnknownKeys(tables, schema as SchemaShape),
    ...(result.success ? describeMissing(result.output) : []),
  ]
    .map(({ path, text: problem }) => ({ line: lineOfKey(text, path) ?? 1, problem }))
    .sort((a, b) => a.line - b.line)
    .map(({ line, problem }) => `Cannot read ${file}: line ${line}: ${problem}`);
  if (!result.success || problems.length > 0) throw new ConfigError(problems.join("\n"));
  return result.output;
}

// Key by key: a table of the overlay leaves the other keys of the file's table as they are.
function mergeTables(tables: FileTables, overlay: Readonly<Record<string, unknown>>): FileTables {
  const merged: Record<string, unknown> = { ...tables };
  for (const [name, table] of Object.entries(overlay)) {
    if (isTable(table)) merged[name] = { ...merged[name] as object | undefined, ...table };
  }
  return merged as FileTables;
}

function configOf(tables: FileTables, env: ConfigEnvironment): Config {
  const { service = {}, security = {}, limits = {}, discovery = {} } = tables;
  const { display = {}, buttons = {}, log = {} } = tables;
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
    limits: limitsOf(limits),
    actions: (tables.action ?? []).map(actionOf),
    discovery: {
      enabled: discovery.enabled ?? true,
      instanceName: discovery.instance_name,
      service: discovery.service ?? "_zaparoo._tcp",
    },
    models: modelsOf(tables.models ?? {}),
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

type TableOf<Name extends keyof FileTables> = NonNullable<FileTables[Name]>;

function actionOf(action: TableOf<"action">[number]): ActionSettings {
  const { name, match, command, cwd, env, exclusive, system, title } = action;
  return {
    name,
    match,
    command,
    cwd,
    env: env ?? {},
    passEnv: action.pass_env ?? [],
    exclusive: exclusive ?? true,
    allowOptions: action.allow_options ?? false,
    system,
    title,
  };
}

function limitsOf(limits: TableOf<"limits">): Config["limits"] {
  return {
    sessionsPerClient: limits.sessions_per_client ?? DEFAULT_SESSIONS_PER_CLIENT,
    connectionsPerAddress: limits.connections_per_address ?? 8,
    unknownConnections: limits.unknown_connections ?? 64,
    knownConnections: limits.known_connections ?? 128,
    connectionsPerKey: limits.connections_per_key ?? 32,
  };
}

// Nothing is written as nothing: an empty text, or a limit of 0.
function modelsOf(models: TableOf<"models">): ModelSettings {
  return {
    enabled: models.enabled ?? false,
    upstream: (models.upstream ?? DEFAULT_UPSTREAM).replace(/\/+$/, ""),
    allow: models.allow ?? [],
    errorStyle: models.error_style ?? "sanitized",
    maxBodyMib: models.max_body_mib ?? 32,
    timeoutS: models.timeout_s ?? 120,
    maxConcurrent: models.max_concurrent ?? 4,
    queue: models.queue ?? 16,
    perKeyPerMinute: models.per_key_per_minute || undefined,
    perKeyTokensPerDay: models.per_key_tokens_per_day || undefined,
    store: models.store || undefined,
    limits: models.limits || undefined,
  };
}

function displayOf(display: TableOf<"display">): DisplaySettings {
  const { framebuffer = "/dev/fb0" } = display;
  return {
    kinds: kindsOf(display),
    framebuffer,
    sysfs: display.sysfs ?? `/sys/class/graphics/${framebuffer.split("/").at(-1)}`,
    console: display.console ?? "/dev/tty0",
    pixelFormat: display.pixel_format ?? "auto",
    rotate: display.rotate ?? 0,
    command: display.command ?? [],
    file: display.file ?? "/run/latchkey/pin.png",
  };
}

function kindsOf(display: TableOf<"display">): DisplaySettings["kinds"] {
  return typeof display.kind === "string" ? [display.kind] : display.kind ?? ["auto"];
}

// What one key makes necessary of another.
function describeMissing({ display = {}, action = [] }: FileTables): Problem[] {
  const problems = describeActionProblems(action.map(actionOf))
    .map(({ index, key, text }) => ({
      path: ["action", index, key],
      text: `action.${index}.${key}: ${text}`,
    }));
  const isUseless = kindsOf(display).includes("command") && (display.command ?? []).length === 0;
  if (!isUseless) return problems;
  const text = 'display.kind: "command" wants a program as display.command';
  return [...problems, { path: ["display", "kind"], text }];
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
