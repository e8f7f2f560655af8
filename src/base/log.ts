// Structured log lines. A line is a level, a fixed English message and named fields; it never
// carries a PIN, a key, a token, a confirm or free text of a peer. Where the lines go is the
// caller's business: `write` receives one finished line without its line end.

import { escapeUnsafe } from "./unsafe_text.ts";

/** How loud a line is. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** All levels, quietest first to appear, loudest last. */
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** How lines look: for people or for programs. */
export type LogFormat = "text" | "json";

/** What a field may hold; an Error is written with its stack and causes. */
export type LogValue = string | number | boolean | null | undefined | Error | readonly string[];

/** Named values beside the message. */
export type LogFields = Readonly<Record<string, LogValue>>;

/** Where parts write what they did. */
export interface Logger {
  /** Details for whoever looks for a fault. */
  debug(message: string, fields?: LogFields): void;
  /** What the owner may like to read later. */
  info(message: string, fields?: LogFields): void;
  /** What the owner should look at. */
  warn(message: string, fields?: LogFields): void;
  /** What failed. */
  error(message: string, fields?: LogFields): void;
}

/** Options of {@linkcode createLogger}. */
export interface LoggerOptions {
  /** The quietest level that is written; asked per line, so that it can change. */
  level: () => LogLevel;
  /** The look of a line. */
  format: LogFormat;
  /** The wall clock, in milliseconds. */
  wallMs: () => number;
  /** Takes one line without its line end. */
  write: (line: string) => void;
}

/** A logger that writes lines of the given format from the given level on. */
export function createLogger(options: LoggerOptions): Logger {
  const { level, format, wallMs, write } = options;
  function emit(lineLevel: LogLevel, message: string, fields: LogFields): void {
    if (LOG_LEVELS.indexOf(lineLevel) < LOG_LEVELS.indexOf(level())) return;
    const time = new Date(wallMs()).toISOString();
    const line = format === "json"
      ? formatJson(time, lineLevel, message, fields)
      : formatText(time, lineLevel, message, fields);
    // What could end a line early, drive a terminal or turn text around, wherever it came from.
    write(escapeUnsafe(line));
  }
  return {
    debug: (message, fields = {}) => emit("debug", message, fields),
    info: (message, fields = {}) => emit("info", message, fields),
    warn: (message, fields = {}) => emit("warn", message, fields),
    error: (message, fields = {}) => emit("error", message, fields),
  };
}

/** A logger that writes nothing. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

const MAX_CAUSES = 8;

function formatJson(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const plain = Object.entries(fields).map(([name, value]) => [
    name,
    value instanceof Error ? describeError(value) : value,
  ]);
  return JSON.stringify({ ...Object.fromEntries(plain), time, level, message });
}

function formatText(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const shown = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${showValue(value)}`);
  return [time, level.toUpperCase().padEnd(5), message, ...shown].join(" ");
}

function showValue(value: LogValue): string {
  if (value instanceof Error) return JSON.stringify(describeError(value));
  if (typeof value === "string" && /^[\w.:/@+[\]-]+$/.test(value)) return value;
  return JSON.stringify(value ?? null);
}

// Where descriptors are short, whatever the runtime needs for a stack may be short, too.
const EXHAUSTION_CODES: readonly unknown[] = ["EMFILE", "ENFILE"];

function describeError(error: Error, causes = 0): string {
  const { code } = error as { code?: unknown };
  const stack = EXHAUSTION_CODES.includes(code) ? undefined : error.stack;
  const own = stack ?? `${error.name}: ${error.message}`;
  if (!(error.cause instanceof Error) || causes === MAX_CAUSES) return own;
  return `${own}\nCaused by: ${describeError(error.cause, causes + 1)}`;
}
