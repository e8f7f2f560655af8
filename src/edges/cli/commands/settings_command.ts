// `latchkey settings`: what can be changed while the service runs.

import { asJsonObject, type JsonObject } from "../../../base/json.ts";
import { type Command, EXIT_CODES, parseArguments, UsageError } from "../command.ts";
import { loadConfig, localBaseUrl } from "../configuration.ts";
import { callService } from "../service_call.ts";
import { formatTable } from "../table.ts";

export const settingsCommand: Command = {
  name: "settings",
  summary: "Show or change what can change while the service runs",
  usage: `Usage: latchkey settings [list] [--json] [--config FILE]
       latchkey settings set NAME VALUE [--config FILE]
       latchkey settings reload [--config FILE]

Lists the settings that the running service changes without a restart, or changes one. VALUE is
JSON, or a text. What is set is kept in settings.toml of the data folder. --json writes the settings
as the service answers them. reload reads the files again, as SIGHUP does. Both name the keys of the
file that wait for a restart.

  latchkey settings set encryption true
  latchkey settings set allowedIps '["192.168.1.0/24"]'
  latchkey settings set discovery.instanceName "living room"`,
  verbs: ["list", "set", "reload"],
  options: ["config"],
  flags: ["json"],
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, settingsCommand);
    const [verb = "list", name, value, ...rest] = positionals;
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    if (verb === "list" && name === undefined) {
      const settings = asJsonObject(await callService(baseUrl, { method: "settings" })) ?? {};
      context.write(flags["json"] ? `${JSON.stringify(settings)}\n` : formatSettings(settings));
    } else if (verb === "set" && name !== undefined && value !== undefined && rest.length === 0) {
      const params = nest(name, parseValue(value));
      const result = await callService(baseUrl, { method: "settings.update", params });
      context.write(describeOutcome(result, "Unchanged: it already has this value."));
    } else if (verb === "reload" && name === undefined) {
      const result = await callService(baseUrl, { method: "settings.reload" });
      context.write(describeOutcome(result, "Nothing has changed."));
    } else {
      throw new UsageError("Expected list, set NAME VALUE, or reload");
    }
    return EXIT_CODES.done;
  },
};

function describeOutcome(result: unknown, unchanged: string): string {
  const { changed, needsRestart } = asJsonObject(result) ?? {};
  const [names, waiting] = [changed, needsRestart].map((list) => Array.isArray(list) ? list : []);
  const done = names?.length ? `Changed: ${names.join(", ")}` : unchanged;
  const rest = waiting?.length ? `Needs a restart: ${waiting.join(", ")}\n` : "";
  return `${done}\n${rest}`;
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

// "discovery.enabled" is a member of a member.
function nest(name: string, value: unknown): JsonObject {
  return name.split(".").reduceRight<unknown>(
    (inner, part) => ({ [part]: inner }),
    value,
  ) as JsonObject;
}

function formatSettings(settings: JsonObject): string {
  const rows = Object.entries(settings).flatMap(([name, value]): [string, string][] => {
    const members = asJsonObject(value);
    if (members === undefined) return [[name, JSON.stringify(value)]];
    return Object.entries(members).map(([member, inner]) => [
      `${name}.${member}`,
      JSON.stringify(inner),
    ]);
  });
  return formatTable([["NAME", "VALUE"], ...rows]);
}
