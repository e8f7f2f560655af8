// From the command line to a Config: the file that --config names, or the defaults, and over both
// what was changed while the service ran.

import { isInRange, parseAddressRange } from "../../base/address_range.ts";
import {
  type Config,
  type ConfigEnvironment,
  ConfigError,
  type ConfigText,
  parseConfig,
  type ParseConfigOptions,
} from "../config/config.ts";
import { describeFormerKeys } from "../config/former_keys.ts";
import type { ConfigReader, ConfigSource } from "../config/config_source.ts";
import { SETTINGS_FILE } from "../../features/settings/settings_file.ts";
import { CommandError } from "./command.ts";
import { whyNot } from "./owner_files.ts";

/** A configuration in files; the environment is looked at once. */
export interface ConfigurationFiles extends ConfigSource, ConfigReader {
  /** The owner's file, undefined without one. */
  readonly file: string | undefined;
  /** What the owner's file says; empty without one. CommandError where it cannot be read. */
  readText(): string;
}

// Where the service always listens for its own device, and from where a connection to it comes.
const LOOPBACK_ADDRESSES = ["127.0.0.1", "::1"] as const;

/** The variable that names the configuration where no option does. */
export const CONFIG_VARIABLE = "LATCHKEY_CONFIG";

/** The file that an option names, else the one that the environment names, if any. */
export function configFileOf(option: string | undefined): string | undefined {
  return option ?? (Deno.env.get(CONFIG_VARIABLE) || undefined);
}

/** The configuration that `option` or the environment names, or the defaults without one. */
export function openConfiguration(option: string | undefined): ConfigurationFiles {
  const file = configFileOf(option);
  const env = environment();
  const readText = (): string => file === undefined ? "" : readFile(file);
  const parseWith = (overlay: ConfigText | undefined): Config =>
    parse(readText(), { file: file ?? "config.toml", env, overlay });
  const readWithout = (): Config => parseWith(undefined);
  const overlayFile = (): string => `${readWithout().service.dataDir}/${SETTINGS_FILE}`;
  function readOverlay(): ConfigText {
    const path = overlayFile();
    return { file: path, text: readIfThere(path) };
  }
  return {
    file,
    readText,
    readOverlay,
    readWithout,
    readWarnings: () => describeFormerKeys({ file: file ?? "config.toml", text: readText() }),
    read: () => parseWith(readOverlay()),
    readWith: (text) => parseWith({ file: overlayFile(), text }),
  };
}

/**
 * The configuration as a command needs it that only talks to the service: without the
 * changed settings, which lie in a folder that others may not read. CommandError where it is
 * unusable.
 */
export function loadConfig(option: string | undefined): Config {
  return openConfiguration(option).readWithout();
}

/** The configuration in a text that is not a file of this device yet; CommandError likewise. */
export function openConfigText(text: string): ConfigReader {
  const parseWith = (overlay: ConfigText | undefined): Config =>
    parse(text, { file: "config.toml", env: environment(), overlay });
  return {
    readWithout: () => parseWith(undefined),
    readWith: (overlay) => parseWith({ file: SETTINGS_FILE, text: overlay }),
  };
}

/**
 * The base URL under which the device reaches its own service, as the device: from an address that is
 * no trusted proxy's. CommandError where no such address is left.
 */
export function localBaseUrl({ service, security }: Config): string {
  const proxies = security.trustedProxies.flatMap((rule) => parseAddressRange(rule) ?? []);
  const own = LOOPBACK_ADDRESSES.find((address) =>
    !proxies.some((range) => isInRange(address, range))
  );
  if (own === undefined) {
    throw new CommandError(
      "Cannot reach the service as this device: trusted_proxies in [security] has both 127.0.0.1 " +
        "and ::1. Give the proxy an address of its own, such as 127.0.0.2",
    );
  }
  return baseUrlOf(own, service.listen.port);
}

/** An HTTP base URL for an IP address and a port. */
export function baseUrlOf(hostname: string, port: number): string {
  return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

function environment(): ConfigEnvironment {
  return {
    HOME: Deno.env.get("HOME"),
    XDG_STATE_HOME: Deno.env.get("XDG_STATE_HOME"),
    isRoot: Deno.uid() === 0,
  };
}

function parse(text: string, options: ParseConfigOptions): Config {
  try {
    return parseConfig(text, options);
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(error.message, { cause: error });
    throw error;
  }
}

function readIfThere(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw unreadable(file, error);
  }
}

function readFile(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): CommandError {
  return new CommandError(`Cannot read ${file}: ${whyNot(error)}`, { cause: error });
}
