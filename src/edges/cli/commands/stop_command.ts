// `latchkey stop`: ends what runs.

import { type Command, EXIT_CODES, parseArguments, UsageError } from "../command.ts";
import { loadConfig, localBaseUrl } from "../configuration.ts";
import { callService } from "../service_call.ts";

export const stopCommand: Command = {
  name: "stop",
  summary: "End the action that runs",
  usage: `Usage: latchkey stop [NAME] [--config FILE]

Ends the action NAME; without a name the exclusive action that runs, or where there is none
all that run. Waits until every process of it is gone, at most a little over 5 seconds.`,
  options: ["config"],
  async run(args, context): Promise<number> {
    const { options, positionals } = parseArguments(args, stopCommand);
    const [name, ...rest] = positionals;
    if (rest.length > 0) throw new UsageError("Expected at most one name");
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    const params = name === undefined ? {} : { name };
    await callService(baseUrl, { method: "stop", params });
    context.write("Stopped.\n");
    return EXIT_CODES.done;
  },
};
