// `latchkey actions`: what can be run, what runs, and what it wrote.

import { asJsonObject, type JsonObject } from "../../../base/json.ts";
import { safeText } from "../../../features/screen/safe_text.ts";
import { type Command, EXIT_CODES, parseArguments, UsageError } from "../command.ts";
import { loadConfig, localBaseUrl } from "../configuration.ts";
import { callService } from "../service_call.ts";
import { formatTable, formatTime } from "../table.ts";

export const actionsCommand: Command = {
  name: "actions",
  summary: "List actions, or show what one wrote",
  usage: `Usage: latchkey actions [list] [--json] [--config FILE]
       latchkey actions output NAME [--config FILE]

Lists the [[action]] tables of the configuration with their state. output shows the last
64 KiB that the last run of an action wrote, its errors included. --json writes {"actions": [...]}
as the service answers it.`,
  verbs: ["list", "output"],
  options: ["config"],
  flags: ["json"],
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, actionsCommand);
    const [verb = "list", name, ...rest] = positionals;
    if (rest.length > 0) throw new UsageError("Too many arguments");
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    if (verb === "list" && name === undefined) {
      const listed = await callService(baseUrl, { method: "actions" });
      context.write(flags["json"] ? `${JSON.stringify(listed)}\n` : formatActions(listed));
    } else if (verb === "output" && name !== undefined) {
      const result = await callService(baseUrl, { method: "actions.output", params: { name } });
      context.write(shownOutput(String(asJsonObject(result)?.["output"] ?? "")));
    } else {
      throw new UsageError("Expected list or output NAME");
    }
    return EXIT_CODES.done;
  },
};

// A program's output may hold what drives a terminal; its lines and tabs stay.
function shownOutput(output: string): string {
  const lines = output.split("\n").map((line) =>
    line.split("\t").map((part) => safeText(part, Infinity)).join("\t")
  );
  const text = lines.join("\n");
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function formatActions(result: unknown): string {
  const actions = asJsonObject(result)?.["actions"];
  if (!Array.isArray(actions) || actions.length === 0) return "There are no actions.\n";
  const rows = actions.map((entry: unknown) => {
    const action: JsonObject = asJsonObject(entry) ?? {};
    return [
      String(action["name"]),
      String(action["state"]),
      formatTime(action["startedAt"]),
      formatTime(action["endedAt"]),
      String(action["exitCode"] ?? action["signal"] ?? "-"),
      safeText(String(action["match"])),
    ];
  });
  return formatTable([["NAME", "STATE", "STARTED", "ENDED", "EXIT", "MATCH"], ...rows]);
}
