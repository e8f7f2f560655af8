// `latchkey config`: the configuration in force, and where each value comes from.

import { listConfig, listConfigJson } from "../../config/config_listing.ts";
import { type Command, EXIT_CODES, parseArguments, UsageError } from "../command.ts";
import { openConfiguration } from "../configuration.ts";

export const configCommand: Command = {
  name: "config",
  summary: "Show every setting and where it comes from",
  usage: `Usage: latchkey config [--json] [--config FILE]

Shows the settings as the service takes them: the file's, over them those that were changed
while it ran (settings.toml in the data folder), and the defaults for the rest. Passwords
are not shown. --json writes {"settings": [{"table", "key", "value", "from"}], "actions": [...]}.`,
  options: ["config"],
  flags: ["json"],
  // deno-lint-ignore require-await -- all commands are asynchronous
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, configCommand);
    if (positionals.length > 0) throw new UsageError("config takes no arguments");
    const configuration = openConfiguration(options["config"]);
    const { file } = configuration;
    const config = configuration.read();
    const files = {
      file: file === undefined ? undefined : { file, text: configuration.readText() },
      overlay: configuration.readOverlay(),
    };
    context.write(
      flags["json"] ? `${listConfigJson(config, files)}\n` : listConfig(config, files),
    );
    return EXIT_CODES.done;
  },
};
