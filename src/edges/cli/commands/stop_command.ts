// `latchkey stop`: ends what runs.

import { asJsonObject } from "../../../base/json.ts";
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
    const isNeeded = name !== undefined || await isAnythingRunning(baseUrl);
    await callService(baseUrl, { method: "stop", params });
    context.write(isNeeded ? "Stopped.\n" : "Nothing was running.\n");
    return EXIT_CODES.done;
  },
};

async function isAnythingRunning(baseUrl: string): Promise<boolean> {
  if (await callService(baseUrl, { method: "media.active" }) !== null) return true;
  const actions = asJsonObject(await callService(baseUrl, { method: "actions" }))?.["actions"];
  return Array.isArray(actions) &&
    actions.some((action) =>
      ["running", "stopping"].includes(String(asJsonObject(action)?.["state"]))
    );
}
