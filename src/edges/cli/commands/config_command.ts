// `latchkey config`: the configuration in force, and where each value comes from.

import { listConfig } from "../../config/config_listing.ts";
import { type Command, EXIT_CODES, parseArguments, UsageError } from "../command.ts";
import { openConfiguration } from "../configuration.ts";

/** The command. */
export const configCommand: Command = {
  name: "config",
  summary: "Show every setting and where it comes from",
  usage: `Usage: latchkey config [--config FILE]

Shows the settings as the service takes them: the file's, over them those that were changed
while it ran (settings.toml in the data folder), and the defaults for the rest. Passwords
are not shown.`,
  options: ["config"],
  // deno-lint-ignore require-await -- all commands are asynchronous
  async run(args, context): Promise<number> {
    const { options, positionals } = parseArguments(args, configCommand);
    if (positionals.length > 0) throw new UsageError("config takes no arguments");
    const configuration = openConfiguration(options["config"]);
    const { file } = configuration;
    context.write(listConfig(configuration.read(), {
      file: file === undefined ? undefined : { file, text: configuration.readText() },
      overlay: configuration.readOverlay(),
    }));
    return EXIT_CODES.done;
  },
};
