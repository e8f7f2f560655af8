// Configurations for tests that need a whole one.

import { type Config, parseConfig } from "../../src/edges/config/config.ts";

/** The configuration of a text, with the changed settings of another. */
export function configOf(toml = "", overlay = ""): Config {
  return parseConfig(toml, {
    file: "config.toml",
    env: { HOME: "/home/ann", isRoot: false },
    overlay: { file: "settings.toml", text: overlay },
  });
}
