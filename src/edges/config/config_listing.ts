// The configuration in force as a text, each value with the place it comes from. Passwords in URLs
// are not shown.

import { parse, stringify, type TomlPrimitive } from "smol-toml";
import { formatSocketAddress } from "../../base/socket_address.ts";
import type { Config, ConfigText } from "./config.ts";
import { isTable } from "./file_schema.ts";

/** Options of {@linkcode listConfig}. */
export interface ConfigListingOptions {
  /** The owner's file, if there is one. */
  file: ConfigText | undefined;
  /** The changed settings. */
  overlay: ConfigText;
}

/** The name of a value's place where neither file has it. */
export const DEFAULT_PLACE = "default";

const SECRET = "***";

/** Every key of a configuration as `[table]` and `key = value  # place`; valid TOML. */
export function listConfig(config: Config, options: ConfigListingOptions): string {
  const { file, overlay } = options;
  const places = [overlay, ...(file === undefined ? [] : [file])]
    .map(({ file: name, text }) => ({ name, tables: parse(text) }));
  const tables = tablesOf(config).map(([table, keys]) => {
    const rows = Object.entries(keys)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ({
        setting: stringify({ [key]: value }).trim(),
        place: places.find(({ tables }) => hasKey(tables[table], key))?.name ?? DEFAULT_PLACE,
      }));
    const width = Math.max(...rows.map(({ setting }) => setting.length));
    const lines = rows.map(({ setting, place }) => `${setting.padEnd(width)}  # ${place}`);
    return [`[${table}]`, ...lines].join("\n");
  });
  const actions = config.actions.map((action) => stringify({ action: [actionTable(action)] }));
  return [...tables, ...actions.map((text) => text.trim())].join("\n\n") + "\n";
}

function hasKey(table: unknown, key: string): boolean {
  return isTable(table) && Object.hasOwn(table, key);
}

/** Values by key. */
export type Keys = Readonly<Record<string, TomlPrimitive | undefined>>;

/** Every key with its value, by table. Passwords in URLs are not shown unless `show` is another. */
export function tablesOf(
  config: Config,
  show: (url: string) => string = withoutPassword,
): [string, Keys][] {
  const { service, security, limits, discovery, models, display, buttons, log } = config;
  const { hostname = "::", port } = service.listen;
  return [
    ["service", {
      listen: formatSocketAddress({ hostname, port }),
      data_dir: service.dataDir,
      encryption: service.encryption,
      device_name: service.deviceName,
    }],
    ["security", {
      allowed_ips: [...security.allowedIps],
      allowed_origins: [...security.allowedOrigins],
      allow_run: [...security.allowRun],
    }],
    ["limits", {
      sessions_per_client: limits.sessionsPerClient,
      connections_per_address: limits.connectionsPerAddress,
      unknown_connections: limits.unknownConnections,
      known_connections: limits.knownConnections,
      connections_per_key: limits.connectionsPerKey,
    }],
    ["discovery", {
      enabled: discovery.enabled,
      instance_name: discovery.instanceName,
      service: discovery.service,
    }],
    ["models", {
      enabled: models.enabled,
      upstream: models.upstream,
      allow: [...models.allow],
      error_style: models.errorStyle,
      max_body_mib: models.maxBodyMib,
      timeout_s: models.timeoutS,
      max_concurrent: models.maxConcurrent,
      queue: models.queue,
      per_key_per_minute: models.perKeyPerMinute ?? 0,
      per_key_tokens_per_day: models.perKeyTokensPerDay ?? 0,
      store: show(models.store ?? ""),
      limits: show(models.limits ?? ""),
    }],
    ["display", {
      kind: [...display.kinds],
      framebuffer: display.framebuffer,
      sysfs: display.sysfs,
      console: display.console,
      pixel_format: display.pixelFormat,
      rotate: display.rotate,
      command: [...display.command],
      file: display.file,
    }],
    ["buttons", {
      folder: buttons.folder,
      pair: [...buttons.pair],
      hold_ms: buttons.holdMs,
      revoke_all: [...buttons.revokeAll],
      revoke_hold_ms: buttons.revokeHoldMs,
    }],
    ["log", { level: log.level, format: log.format }],
  ];
}

function actionTable(action: Config["actions"][number]): Record<string, unknown> {
  const { name, match, command, cwd, env, passEnv, exclusive, allowOptions, system, title } =
    action;
  const keys = {
    name,
    match,
    command,
    cwd,
    env: Object.keys(env).length > 0 ? env : undefined,
    pass_env: passEnv.length > 0 ? [...passEnv] : undefined,
    exclusive,
    allow_options: allowOptions,
    system,
    title,
  };
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));
}

function withoutPassword(text: string): string {
  const url = URL.parse(text);
  if (url === null) return text;
  if (url.password !== "") url.password = SECRET;
  // Clients of both servers also take secrets as parameters.
  if (url.search !== "") url.search = `?${SECRET}`;
  return url.href;
}
