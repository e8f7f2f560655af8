// `latchkey call`: any method of the running service, for scripts and for looking around.

import { type Command, EXIT_CODES, parseArguments, UsageError } from "../command.ts";
import { loadConfig, localBaseUrl } from "../configuration.ts";
import { callService } from "../service_call.ts";

export const callCommand: Command = {
  name: "call",
  summary: "Call a method of the running service and print its result",
  usage: `Usage: latchkey call METHOD [PARAMS] [--config FILE]

Calls METHOD with PARAMS, a JSON object, and prints the result as JSON.

  latchkey call version
  latchkey call clients.delete '{"clientId":"…"}'`,
  options: ["config"],
  async run(args, context): Promise<number> {
    const { options, positionals } = parseArguments(args, callCommand);
    const [method, paramsText, ...rest] = positionals;
    if (method === undefined || rest.length > 0) {
      throw new UsageError("Expected a METHOD and at most one PARAMS");
    }
    const params = paramsText === undefined ? undefined : parseParams(paramsText);
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    const result = await callService(baseUrl, { method, params });
    context.write(`${JSON.stringify(result, null, 2)}\n`);
    return EXIT_CODES.done;
  },
};

function parseParams(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError("PARAMS: expected JSON");
  }
}
