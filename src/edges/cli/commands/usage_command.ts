// `latchkey usage`: what keys have used of the model gateway.

import { asJsonObject, type JsonObject } from "../../../base/json.ts";
import { type Command, EXIT_CODES, parseArguments, UsageError } from "../command.ts";
import { loadConfig, localBaseUrl } from "../configuration.ts";
import { callService } from "../service_call.ts";
import { formatTable } from "../table.ts";

export const usageCommand: Command = {
  name: "usage",
  summary: "Show what API keys have used of the model gateway",
  usage: `Usage: latchkey usage [--key ID] [--days N] [--json] [--config FILE]

Requests, tokens, errors and seconds by day of UTC and key: today and the six days before, or
N days in all. --json writes {"sinceDay", "usage": [...]} as the service answers it.`,
  options: ["key", "days", "config"],
  flags: ["json"],
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, usageCommand);
    if (positionals.length > 0) throw new UsageError("usage takes no arguments");
    const { key: keyId, days } = options;
    if (days !== undefined && !/^[1-9]\d{0,2}$/.test(days)) {
      throw new UsageError("--days: expected a number of days");
    }
    const params = {
      ...(keyId === undefined ? {} : { keyId }),
      ...(days === undefined ? {} : { days: Number(days) }),
    };
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    const result = await callService(baseUrl, { method: "usage", params });
    context.write(flags["json"] ? `${JSON.stringify(result)}\n` : formatUsage(result));
    return EXIT_CODES.done;
  },
};

const NUMBERS = ["requests", "promptTokens", "outputTokens", "errors", "durationMs"] as const;

function formatUsage(result: unknown): string {
  const entries = asJsonObject(result)?.["usage"];
  if (!Array.isArray(entries) || entries.length === 0) return "No usage recorded.\n";
  const rows = entries.map((entry: unknown) => asJsonObject(entry) ?? {});
  const total: JsonObject = Object.fromEntries(
    NUMBERS.map((name) => [name, rows.reduce((sum, row) => sum + Number(row[name]), 0)]),
  );
  return formatTable([
    ["DAY", "KEY", "REQUESTS", "PROMPT", "OUTPUT", "ERRORS", "SECONDS"],
    ...rows.map((row) => [String(row["day"]), String(row["keyId"]), ...numbersOf(row)]),
    ["total", "", ...numbersOf(total)],
  ]);
}

function numbersOf(row: JsonObject): string[] {
  const { requests, promptTokens, outputTokens, errors, durationMs } = row;
  return [
    ...[requests, promptTokens, outputTokens, errors].map(String),
    (Number(durationMs) / 1000).toFixed(1),
  ];
}
