// From the command line to a Config: the file that --config names, or the defaults.

import { type Config, type ConfigEnvironment, ConfigError, parseConfig } from "../config.ts";
import { CommandError } from "./command.ts";

/** The configuration in `file`, or the defaults without one; CommandError where it is unusable. */
export function loadConfig(file: string | undefined): Config {
  return createConfigReader(file)();
}

/** Reads the same configuration again and again; the environment is looked at once. */
export function createConfigReader(file: string | undefined): () => Config {
  const env: ConfigEnvironment = {
    HOME: Deno.env.get("HOME"),
    XDG_STATE_HOME: Deno.env.get("XDG_STATE_HOME"),
    isRoot: Deno.uid() === 0,
  };
  return () => {
    const text = file === undefined ? "" : readFile(file);
    try {
      return parseConfig(text, { file: file ?? "config.toml", env });
    } catch (error) {
      if (error instanceof ConfigError) throw new CommandError(error.message, { cause: error });
      throw error;
    }
  };
}

/** The base URL under which the device reaches its own service. */
export function localBaseUrl(config: Config): string {
  return baseUrlOf("127.0.0.1", config.service.listen.port);
}

/** An HTTP base URL for an IP address and a port. */
export function baseUrlOf(hostname: string, port: number): string {
  return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

function readFile(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound ? "no such file" : String(error);
    throw new CommandError(`Cannot read ${file}: ${reason}`, { cause: error });
  }
}
