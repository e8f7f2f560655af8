// `latchkey usage`: what keys have used of the model gateway.

import { asJsonObject, type JsonObject } from "../../../base/json.ts";
import { type Command, EXIT_CODES, parseArguments, UsageError } from "../command.ts";
import { loadConfig, localBaseUrl } from "../configuration.ts";
import { callService } from "../service_call.ts";
import { formatTable } from "../table.ts";

export const usageCommand: Command = {
  name: "usage",
  summary: "Show what API keys have used of the model gateway",
  usage: `Usage: latchkey usage [--key ID] [--days N] [--by LIST] [--json] [--config FILE]

Requests, tokens, errors and seconds by day of UTC and key: today and the six days before, or
N days in all. --by adds up by other things: day, key and model, in this or another order, such
as "model" or "key,model". --json writes {"sinceDay", "usage": [...]} as the service answers it.`,
  options: ["key", "days", "by", "config"],
  flags: ["json"],
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, usageCommand);
    if (positionals.length > 0) throw new UsageError("usage takes no arguments");
    const { key: keyId, days } = options;
    if (days !== undefined && !/^[1-9]\d{0,2}$/.test(days)) {
      throw new UsageError("--days: expected a number of days");
    }
    const by = (options["by"] ?? DEFAULT_BY).split(",");
    if (!by.every((name) => Object.hasOwn(COLUMNS, name)) || new Set(by).size < by.length) {
      throw new UsageError(
        '--by: expected day, key and model, or some of them, such as "key,model"',
      );
    }
    const params = {
      ...(keyId === undefined ? {} : { keyId }),
      ...(days === undefined ? {} : { days: Number(days) }),
      ...(options["by"] === undefined ? {} : { by }),
    };
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    const result = await callService(baseUrl, { method: "usage", params });
    context.write(flags["json"] ? `${JSON.stringify(result)}\n` : formatUsage(result, by));
    return EXIT_CODES.done;
  },
};

const DEFAULT_BY = "day,key";

// The member of an entry for each thing that usage is added up by.
const COLUMNS: Readonly<Record<string, string>> = { day: "day", key: "keyId", model: "model" };

const NUMBERS = ["requests", "promptTokens", "outputTokens", "errors", "durationMs"] as const;

function formatUsage(result: unknown, by: readonly string[]): string {
  const entries = asJsonObject(result)?.["usage"];
  if (!Array.isArray(entries) || entries.length === 0) return "No usage recorded.\n";
  const rows = entries.map((entry: unknown) => asJsonObject(entry) ?? {});
  const total: JsonObject = Object.fromEntries(
    NUMBERS.map((name) => [name, rows.reduce((sum, row) => sum + Number(row[name]), 0)]),
  );
  return formatTable([
    [...by.map((name) => name.toUpperCase()), "REQUESTS", "PROMPT", "OUTPUT", "ERRORS", "SECONDS"],
    ...rows.map((row) => [...by.map((name) => nameOf(row, name)), ...numbersOf(row)]),
    ["total", ...by.slice(1).map(() => ""), ...numbersOf(total)],
  ]);
}

// Requests that name no model have one all the same.
function nameOf(row: JsonObject, name: string): string {
  return String(row[COLUMNS[name] ?? ""] || "-");
}

function numbersOf(row: JsonObject): string[] {
  const { requests, promptTokens, outputTokens, errors, durationMs } = row;
  return [
    ...[requests, promptTokens, outputTokens, errors].map(String),
    (Number(durationMs) / 1000).toFixed(1),
  ];
}
