// `latchkey clients`: who is paired, and removing one.

import { asJsonObject } from "../base/json.ts";
import { safeText } from "../display/safe_text.ts";
import { type Command, EXIT_CODES, parseArguments, UsageError } from "./command.ts";
import { loadConfig, localBaseUrl } from "./configuration.ts";
import { callService } from "./service_call.ts";

/** The command. */
export const clientsCommand: Command = {
  name: "clients",
  summary: "List the paired clients, or remove one",
  usage: `Usage: latchkey clients [list] [--config FILE]
       latchkey clients delete ID [--config FILE]

Lists the paired clients: id, role, when paired, when last seen, name.
Deleting one cuts its live connections at once; it must pair again.`,
  async run(args, context): Promise<number> {
    const { options, positionals } = parseArguments(args, ["config"]);
    const [action = "list", clientId, ...rest] = positionals;
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    if (action === "list" && clientId === undefined) {
      context.write(formatClients(await callService(baseUrl, { method: "clients" })));
      return EXIT_CODES.done;
    }
    if (action === "delete" && clientId !== undefined && rest.length === 0) {
      await callService(baseUrl, { method: "clients.delete", params: { clientId } });
      context.write("Deleted.\n");
      return EXIT_CODES.done;
    }
    throw new UsageError("Expected list, or delete with one ID");
  },
};

function formatClients(result: unknown): string {
  const clients = asJsonObject(result)?.["clients"];
  if (!Array.isArray(clients) || clients.length === 0) {
    return "No client is paired. Pair one with: latchkey pair\n";
  }
  const rows = clients.map((entry: unknown) => {
    const client = asJsonObject(entry) ?? {};
    return [
      String(client["clientId"]),
      String(client["role"]),
      formatTime(client["createdAt"]),
      formatTime(client["lastSeenAt"]),
      safeText(String(client["clientName"])),
    ];
  });
  return formatTable([["ID", "ROLE", "PAIRED", "LAST SEEN", "NAME"], ...rows]);
}

function formatTime(seconds: unknown): string {
  if (typeof seconds !== "number") return "?";
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd() + "\n")
    .join("");
}
