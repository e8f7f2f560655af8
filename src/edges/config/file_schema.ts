// What may stand in the TOML file, table by table. Which values it leads to is config.ts's business.

import * as v from "valibot";
import { isRunPattern } from "../../features/actions/run_patterns.ts";
import { parseAddressRange } from "../../base/address_range.ts";
import { LOG_LEVELS } from "../../base/log.ts";
import { isOriginText } from "../../base/origin_text.ts";
import { parseSocketAddress, type SocketAddress } from "../../base/socket_address.ts";
import { ERROR_STYLES } from "../../features/models/client_errors.ts";
import { BUTTON_CODES } from "../../features/screen/input_event.ts";
import { DISPLAY_KINDS } from "../../features/screen/display_settings.ts";
import { PIXEL_FORMATS, ROTATIONS } from "../../features/screen/framebuffer_layout.ts";
import { MAX_SESSIONS_PER_CLIENT } from "../../features/session/live_connections.ts";

/** The shortest time that a chord must be held, in milliseconds. */
export const MIN_HOLD_MS = 500;

/** The longest time that a chord must be held, in milliseconds. */
export const MAX_HOLD_MS = 20_000;

/** The longest device name, in characters. */
export const MAX_DEVICE_NAME_CHARACTERS = 64;

/** The longest name of an announced service, in bytes of UTF-8 (RFC 6763, section 4.1.1). */
export const MAX_INSTANCE_NAME_BYTES = 63;

/** The most requests that may be upstream at once, and that may wait. */
export const MAX_MODEL_REQUESTS = 1000;

/** The longest body of a request to the model gateway that may be allowed, in MiB. */
export const MAX_MODEL_BODY_MIB = 512;

/** The longest silence of an upstream, in seconds. */
export const MAX_MODEL_TIMEOUT_S = 3600;

/** The most connections of a kind that the guard may be told to hold. */
export const MAX_CONNECTIONS = 4096;

/** The highest limit of a key. */
export const MAX_KEY_LIMIT = 1_000_000_000;

/** Whether a value is a table, and neither a list nor a date. */
export function isTable(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}

// Lists and dates are objects to a schema, and would pass for tables that set nothing.
function table<Entries extends v.ObjectEntries>(
  entries: Entries,
): v.GenericSchema<unknown, v.InferOutput<v.ObjectSchema<Entries, undefined>>> {
  return v.pipe(v.custom<object>(isTable, "expected a table"), v.object(entries));
}

function listOf(
  isEntry: (text: string) => boolean,
  expectation: string,
): v.GenericSchema<string[], string[]> {
  return v.array(v.pipe(v.string(), v.check(isEntry, expectation)));
}

function textOf(
  isText: (text: string) => boolean,
  expectation: string,
): v.GenericSchema<string, string> {
  return v.pipe(v.string(), v.check(isText, expectation));
}

function wholeNumber(range: { min: number; max: number; unit?: string }): v.GenericSchema<number> {
  const { min, max, unit } = range;
  return v.pipe(
    v.number(),
    v.check(
      (value) => Number.isInteger(value) && value >= min && value <= max,
      `expected ${min} to ${max}${unit === undefined ? "" : ` ${unit}`}`,
    ),
  );
}

function isButton(name: string): boolean {
  return Object.hasOwn(BUTTON_CODES, name);
}

function isUrlOf(...schemes: readonly string[]): (text: string) => boolean {
  return (text) => schemes.includes(URL.parse(text)?.protocol.slice(0, -1) ?? "");
}

// A base URL: what follows the host would be lost, and a password belongs nowhere here.
function isUpstream(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && isUrlOf("http", "https")(text) && url.username === "" &&
    url.password === "" && url.search === "" && url.hash === "" && !text.includes("#");
}

function isServiceType(text: string): boolean {
  return /^_(?!-)[a-z0-9-]{1,15}(?<!-)\._(tcp|udp)$/.test(text);
}

function isInstanceName(text: string): boolean {
  const bytes = new TextEncoder().encode(text).length;
  return bytes >= 1 && bytes <= MAX_INSTANCE_NAME_BYTES;
}

// What begins with LATCHKEY_ is the service's own, a passphrase among it.
function isPassedVariable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !name.startsWith("LATCHKEY_");
}

const folder = textOf((text) => text !== "", "expected a folder");
const file = textOf((text) => text !== "", "expected a file");
const buttons = listOf(isButton, 'expected a button, such as "BTN_START"');
const holdTime = wholeNumber({ min: MIN_HOLD_MS, max: MAX_HOLD_MS, unit: "milliseconds" });

const ActionSchema = table({
  name: v.string(),
  match: v.string(),
  command: v.array(v.string()),
  cwd: v.optional(folder),
  env: v.optional(v.pipe(
    v.custom<object>(isTable, "expected a table"),
    v.record(v.string(), v.string()),
  )),
  pass_env: v.optional(listOf(
    isPassedVariable,
    "expected a variable's name that does not begin with LATCHKEY_",
  )),
  exclusive: v.optional(v.boolean()),
  allow_options: v.optional(v.boolean()),
  system: v.optional(v.string()),
  title: v.optional(v.string()),
});

// What of [models] may change while the gateway runs.
const LiveModelEntries = {
  allow: v.optional(listOf((name) => name !== "", "expected the name of a model")),
  max_concurrent: v.optional(wholeNumber({ min: 1, max: MAX_MODEL_REQUESTS })),
  queue: v.optional(wholeNumber({ min: 0, max: MAX_MODEL_REQUESTS })),
  per_key_per_minute: v.optional(wholeNumber({ min: 0, max: MAX_KEY_LIMIT })),
  per_key_tokens_per_day: v.optional(wholeNumber({ min: 0, max: MAX_KEY_LIMIT })),
};

const SecurityEntries = {
  allowed_ips: v.optional(listOf(
    (rule) => parseAddressRange(rule) !== undefined,
    'expected an address or a range, such as "192.168.1.20" or "192.168.1.0/24"',
  )),
  allowed_origins: v.optional(listOf(
    isOriginText,
    'expected an origin, such as "https://app.example"',
  )),
  allow_run: v.optional(listOf(isRunPattern, "expected a pattern in RE2's syntax")),
};

const instanceName = textOf(
  isInstanceName,
  `expected 1 to ${MAX_INSTANCE_NAME_BYTES} bytes of UTF-8`,
);

/** The whole file. */
export const FileSchema = v.object({
  service: v.optional(table({
    listen: v.optional(v.pipe(
      v.string(),
      v.transform(parseSocketAddress),
      v.custom<SocketAddress>(
        (address) => address !== undefined,
        'expected an IP address with a port, such as "127.0.0.1:7497" or "[::1]:7497"',
      ),
    )),
    data_dir: v.optional(folder),
    encryption: v.optional(v.boolean()),
    device_name: v.optional(textOf(
      (name) => name.length >= 1 && name.length <= MAX_DEVICE_NAME_CHARACTERS,
      `expected 1 to ${MAX_DEVICE_NAME_CHARACTERS} characters`,
    )),
  })),
  security: v.optional(table(SecurityEntries)),
  action: v.optional(v.array(ActionSchema)),
  limits: v.optional(table({
    connections_per_address: v.optional(wholeNumber({ min: 1, max: MAX_CONNECTIONS })),
    unknown_connections: v.optional(wholeNumber({ min: 1, max: MAX_CONNECTIONS })),
    known_connections: v.optional(wholeNumber({ min: 1, max: MAX_CONNECTIONS })),
    connections_per_key: v.optional(wholeNumber({ min: 1, max: MAX_CONNECTIONS })),
    sessions_per_client: v.optional(wholeNumber({ min: 1, max: MAX_SESSIONS_PER_CLIENT })),
  })),
  discovery: v.optional(table({
    enabled: v.optional(v.boolean()),
    instance_name: v.optional(instanceName),
    service: v.optional(textOf(isServiceType, 'expected a service type, such as "_zaparoo._tcp"')),
  })),
  models: v.optional(table({
    enabled: v.optional(v.boolean()),
    upstream: v.optional(textOf(isUpstream, 'expected a URL, such as "http://127.0.0.1:11434"')),
    error_style: v.optional(v.picklist(ERROR_STYLES)),
    max_body_mib: v.optional(wholeNumber({ min: 1, max: MAX_MODEL_BODY_MIB, unit: "MiB" })),
    timeout_s: v.optional(wholeNumber({ min: 1, max: MAX_MODEL_TIMEOUT_S, unit: "seconds" })),
    ...LiveModelEntries,
    store: v.optional(textOf(
      (text) => text === "" || isUrlOf("postgres", "postgresql")(text),
      "expected a postgres:// URL",
    )),
    limits: v.optional(textOf(
      (text) => text === "" || isUrlOf("redis", "rediss")(text),
      "expected a redis:// URL",
    )),
  })),
  display: v.optional(table({
    kind: v.optional(v.union([
      v.picklist(DISPLAY_KINDS),
      v.array(v.picklist(DISPLAY_KINDS)),
    ], `expected one or a list of ${DISPLAY_KINDS.join(", ")}`)),
    framebuffer: v.optional(textOf((text) => text !== "", "expected a device file")),
    sysfs: v.optional(folder),
    console: v.optional(
      textOf((text) => text === "" || text.startsWith("/"), "expected a device file"),
    ),
    pixel_format: v.optional(v.picklist(["auto", ...PIXEL_FORMATS])),
    rotate: v.optional(v.picklist(ROTATIONS)),
    command: v.optional(v.array(v.string())),
    file: v.optional(file),
  })),
  buttons: v.optional(table({
    folder: v.optional(folder),
    pair: v.optional(buttons),
    hold_ms: v.optional(holdTime),
    revoke_all: v.optional(buttons),
    revoke_hold_ms: v.optional(holdTime),
  })),
  log: v.optional(table({
    level: v.optional(v.picklist(LOG_LEVELS)),
    format: v.optional(v.picklist(["text", "json"])),
  })),
});

/** What `settings.update` may write: the keys of the file that can change while it runs. */
export const OverlaySchema = v.object({
  service: v.optional(table({ encryption: v.optional(v.boolean()) })),
  security: v.optional(table(SecurityEntries)),
  discovery: v.optional(table({
    enabled: v.optional(v.boolean()),
    instance_name: v.optional(instanceName),
  })),
  models: v.optional(table(LiveModelEntries)),
  log: v.optional(table({ level: v.optional(v.picklist(LOG_LEVELS)) })),
});

/** The tables of a file, its values checked. */
export type FileTables = v.InferOutput<typeof FileSchema>;
