// `latchkey run`: starts the action that matches a text, as a tag or a link would.

import { type Command, EXIT_CODES, parseArguments, UsageError } from "../command.ts";
import { loadConfig, localBaseUrl } from "../configuration.ts";
import { callService } from "../service_call.ts";

export const runCommand: Command = {
  name: "run",
  summary: "Start the action that matches a text",
  usage: `Usage: latchkey run TEXT [--config FILE]

Starts the first [[action]] of the configuration whose pattern matches the whole text. A
text that begins with "-" follows "--":  latchkey run -- -text`,
  options: ["config"],
  async run(args, context): Promise<number> {
    const { options, positionals } = parseArguments(args, runCommand);
    const [text, ...rest] = positionals;
    if (text === undefined || rest.length > 0) throw new UsageError("Expected one text");
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    await callService(baseUrl, { method: "run", params: { text } });
    context.write("Started.\n");
    return EXIT_CODES.done;
  },
};
