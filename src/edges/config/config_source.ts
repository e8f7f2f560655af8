// Where a running service's configuration comes from, so that it can be read again and changed.

import type { Config, ConfigText } from "./config.ts";

/** A configuration that is read anew at every call; throws where it is unusable. */
export interface ConfigReader {
  /** The configuration without changed settings. */
  readWithout(): Config;
  /** The configuration as it would be with this text of changed settings. */
  readWith(overlay: string): Config;
}

/** The owner's file and the settings that were changed since, read anew at every call. */
export interface ConfigSource {
  /** The changed settings and the file they are kept in; throws where they cannot be read. */
  readOverlay(): ConfigText;
  /** What the owner's file says in words of former versions, a line each; throws likewise. */
  readWarnings(): readonly string[];
  /** The configuration with the changed settings; throws where it is unusable. */
  read(): Config;
  /** The configuration as it would be with this text of changed settings; throws likewise. */
  readWith(overlay: string): Config;
}
