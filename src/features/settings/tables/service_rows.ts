// [service], [security], [limits], [discovery] and [log]: the service, who may come in, how much
// they may take, and how the device is found.

import * as v from "valibot";
import { parseAddressRange } from "../../../base/address_range.ts";
import { LOG_LEVELS } from "../../../base/log.ts";
import { isOriginText } from "../../../base/origin_text.ts";
import { formatSocketAddress } from "../../../base/socket_address.ts";
import { isRunPattern } from "../../actions/run_patterns.ts";
import { MAX_HISTORY_ENTRIES } from "../../library/run_history.ts";
import {
  DEFAULT_SESSIONS_PER_CLIENT,
  MAX_SESSIONS_PER_CLIENT,
} from "../../session/live_connections.ts";
import { ConfigError } from "../config_error.ts";
import type { ConfigEnvironment, SettingRows } from "../setting.ts";
import { folder, listOf, socketAddress, textOf, wholeNumber } from "../value_types.ts";

/** The port by default. */
export const DEFAULT_PORT = 7497;

/** The longest device name, in characters. */
export const MAX_DEVICE_NAME_CHARACTERS = 64;

/** The longest name of an announced service, in bytes of UTF-8 (RFC 6763, section 4.1.1). */
export const MAX_INSTANCE_NAME_BYTES = 63;

/** The most connections of a kind that the guard may be told to hold. */
export const MAX_CONNECTIONS = 4096;

/** The longest time that a connection may be told to wait, in seconds. */
export const MAX_CONNECTION_WAIT_S = 60;

const connections = wholeNumber({ min: 1, max: MAX_CONNECTIONS });

/** Keys of [service]. */
export const SERVICE_ROWS = {
  listen: {
    type: socketAddress,
    default: undefined,
    // By whichever protocol the system has.
    absent: { hostname: undefined, port: DEFAULT_PORT },
    example: `[::]:${DEFAULT_PORT}`,
    format: ({ hostname = "::", port }: { hostname: string | undefined; port: number }) =>
      formatSocketAddress({ hostname, port }),
    help: 'Where to listen: an IP address with a port, IPv6 in brackets. "[::]:7497" is every ' +
      'interface ("0.0.0.0:7497" where IPv6 is off), a specific address that one alone, and ' +
      '"127.0.0.1:7497" lets only the device itself in. Loopback always listens.',
  },
  data_dir: {
    type: folder,
    default: ({ env }) => defaultDataDir(env),
    example: "/var/lib/latchkey",
    help: "The folder for paired clients and everything else that must survive a restart. " +
      "Default: $XDG_STATE_HOME/latchkey, else /var/lib/latchkey for root, else " +
      "~/.local/state/latchkey. A new folder gets mode 0700; an existing one that others can read " +
      "must be empty but for its files.",
  },
  encryption: {
    type: v.boolean(),
    default: false,
    reloadable: true,
    apiName: "encryption",
    isPublic: true,
    localOnly: true,
    help: "Whether other hosts must pair and encrypt. Without it they may talk in plaintext, as " +
      "members. Turn it on unless the network is yours alone.",
  },
  device_name: {
    type: textOf(
      (name) => name.length >= 1 && name.length <= MAX_DEVICE_NAME_CHARACTERS,
      `expected 1 to ${MAX_DEVICE_NAME_CHARACTERS} characters`,
    ),
    default: undefined,
    example: "living room",
    help: "What people call this device. Default: the host name.",
  },
  keep_history: {
    type: v.boolean(),
    default: true,
    reloadable: true,
    apiName: "keepHistory",
    help:
      `Whether the last ${MAX_HISTORY_ENTRIES} texts that were run are kept, with who ran them: ` +
      "phones show them as their history. Turned off, those that are kept are forgotten.",
  },
} as const satisfies SettingRows;

/** The longest host name, in characters (RFC 1035). */
export const MAX_HOST_NAME_CHARACTERS = 253;

const HOST_NAME =
  /^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Keys of [security]. */
export const SECURITY_ROWS = {
  allowed_ips: {
    type: listOf(
      (rule) => parseAddressRange(rule) !== undefined,
      'expected an address or a range, such as "192.168.1.20" or "192.168.1.0/24"',
    ),
    default: [],
    reloadable: true,
    apiName: "allowedIps",
    help: "Addresses and ranges from which POST /api, event streams and the model gateway may be " +
      "used. Empty: from nowhere but the device itself.",
  },
  metrics_allow: {
    type: listOf(
      (rule) => parseAddressRange(rule) !== undefined,
      'expected an address or a range, such as "192.168.1.20" or "192.168.1.0/24"',
    ),
    default: [],
    reloadable: true,
    apiName: "metricsAllow",
    help: "Addresses and ranges from which GET /metrics may be read, for a Prometheus elsewhere. " +
      "Empty: from nowhere but the device itself.",
  },
  host_names: {
    type: listOf(isHostName, 'expected a host name, such as "models.example"'),
    default: [],
    reloadable: true,
    apiName: "hostNames",
    help:
      "More names under which the device answers, such as one that a router or a proxy has for " +
      "it. Whoever controls such a name can reach the device from a page.",
  },
  trusted_proxies: {
    type: listOf(
      (rule) => parseAddressRange(rule) !== undefined,
      'expected an address or a range, such as "192.168.1.20" or "192.168.1.0/24"',
    ),
    default: [],
    help:
      "Addresses and ranges of proxies whose X-Forwarded-For tells the client's address. They " +
      "must replace or extend what clients send of it. Nobody is local from there: give a proxy on " +
      "this device an address of its own, such as 127.0.0.2, for 127.0.0.1 is its programs'.",
  },
  allowed_origins: {
    type: listOf(isOriginText, 'expected an origin, such as "https://app.example"'),
    default: [],
    reloadable: true,
    apiName: "allowedOrigins",
    help: "Web origins that may talk to the device, beyond the published apps and the device's " +
      "own pages.",
  },
  allow_run: {
    type: listOf(isRunPattern, "expected a pattern in RE2's syntax"),
    default: [],
    reloadable: true,
    apiName: "allowRun",
    help: "Texts that other hosts may run with GET /run/TEXT: RE2 patterns that must match the " +
      "whole text.",
  },
} as const satisfies SettingRows;

/** Keys of [limits]. */
export const LIMIT_ROWS = {
  sessions_per_client: {
    type: wholeNumber({ min: 1, max: MAX_SESSIONS_PER_CLIENT }),
    default: DEFAULT_SESSIONS_PER_CLIENT,
    help:
      "How many live sessions a paired client may have, and how many WebSockets an API key, 1 " +
      `to ${MAX_SESSIONS_PER_CLIENT}; one more closes the oldest.`,
  },
  connections_per_address: {
    type: connections,
    default: 8,
    reloadable: true,
    help: "How many connections without a session another host may have at once (IPv6: per /64). " +
      "More wait while these are on their way in; where peers hold them and say nothing, whoever " +
      "holds most loses one. Each takes three file descriptors, as a WebSocket one.",
  },
  unknown_connections: {
    type: connections,
    default: 64,
    reloadable: true,
    help: "How many connections without a session all other hosts may have at once. A quarter is " +
      "kept for addresses from which a client paired or opened a session lately, an eighth for " +
      "pairing.",
  },
  known_connections: {
    type: connections,
    default: 320,
    reloadable: true,
    help: "How many connections with a session or an accepted key there may be at once.",
  },
  connections_per_key: {
    type: connections,
    default: 256,
    reloadable: true,
    help: "How many of the known ones a single API key may hold with answers and event streams; " +
      "keep it below known_connections, so that no key locks sessions out. More wait.",
  },
  waiting_connections: {
    type: wholeNumber({ min: 0, max: MAX_CONNECTIONS }),
    default: 256,
    reloadable: true,
    help: "How many connections may wait for a place, and beside them how many with an accepted " +
      "key; at most a quarter of the file descriptors.",
  },
  connection_wait_s: {
    type: wholeNumber({ min: 1, max: MAX_CONNECTION_WAIT_S }),
    default: 10,
    reloadable: true,
    help: "How long a connection waits for a place, in seconds.",
  },
} as const satisfies SettingRows;

/** Keys of [discovery]. */
export const DISCOVERY_ROWS = {
  enabled: {
    type: v.boolean(),
    default: true,
    reloadable: true,
    isPublic: true,
    help:
      "Whether the device announces itself in the local network (mDNS), so that apps find it: " +
      "by the name and the port alone, over IPv4 and IPv6.",
  },
  instance_name: {
    type: textOf(isInstanceName, `expected 1 to ${MAX_INSTANCE_NAME_BYTES} bytes of UTF-8`),
    default: undefined,
    example: "living room",
    reloadable: true,
    help: "The name under which apps list it. Default: the host name.",
  },
  service: {
    type: textOf(isServiceType, 'expected a service type, such as "_zaparoo._tcp"'),
    default: "_zaparoo._tcp",
    help: "The service type under which apps look for it.",
  },
} as const satisfies SettingRows;

/** Keys of [log]. */
export const LOG_ROWS = {
  level: {
    type: v.picklist(LOG_LEVELS),
    default: "info",
    reloadable: true,
    apiName: "logLevel",
    help: "The quietest level that is written: debug, info, warn or error.",
  },
  format: {
    type: v.picklist(["text", "json"]),
    default: "text",
    help: "text for people, json for programs.",
  },
} as const satisfies SettingRows;

function defaultDataDir(env: ConfigEnvironment): string {
  // A relative path there is invalid by its specification and to be ignored.
  if (env.XDG_STATE_HOME?.startsWith("/")) return `${env.XDG_STATE_HOME}/latchkey`;
  if (env.isRoot) return "/var/lib/latchkey";
  if (env.HOME) return `${env.HOME}/.local/state/latchkey`;
  throw new ConfigError("Cannot choose a data folder: set data_dir in [service], or HOME");
}

function isServiceType(text: string): boolean {
  return /^_(?!-)[a-z0-9-]{1,15}(?<!-)\._(tcp|udp)$/.test(text);
}

function isInstanceName(text: string): boolean {
  const bytes = new TextEncoder().encode(text).length;
  return bytes >= 1 && bytes <= MAX_INSTANCE_NAME_BYTES;
}

// A name as it stands in a Host header, in small letters and without a port.
function isHostName(text: string): boolean {
  return text.length <= MAX_HOST_NAME_CHARACTERS && HOST_NAME.test(text);
}
