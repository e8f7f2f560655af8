// `latchkey clients`: who is paired, and removing one.

import { asJsonObject, type JsonObject } from "../../../base/json.ts";
import { safeText } from "../../../features/screen/safe_text.ts";
import {
  type Command,
  type CommandContext,
  EXIT_CODES,
  parseArguments,
  UsageError,
} from "../command.ts";
import { loadConfig, localBaseUrl } from "../configuration.ts";
import { callService } from "../service_call.ts";
import { formatTable, formatTime } from "../table.ts";

/** The command. */
export const clientsCommand: Command = {
  name: "clients",
  summary: "List the paired clients, or remove one",
  usage: `Usage: latchkey clients [list] [--config FILE]
       latchkey clients delete ID [--yes] [--config FILE]

Lists the paired clients: id, role, when paired, when last seen, name.
Deleting one cuts its live connections at once; it must pair again. Deleting the last admin
asks first; --yes answers it.`,
  async run(args, context): Promise<number> {
    const isSure = args.includes("--yes");
    const { options, positionals } = parseArguments(args.filter((arg) => arg !== "--yes"), [
      "config",
    ]);
    const [action = "list", clientId, ...rest] = positionals;
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    if (action === "list" && clientId === undefined) {
      context.write(formatClients(await listClients(baseUrl)));
      return EXIT_CODES.done;
    }
    if (action === "delete" && clientId !== undefined && rest.length === 0) {
      return await deleteClient({ baseUrl, clientId, isSure }, context);
    }
    throw new UsageError("Expected list, or delete with one ID");
  },
};

async function deleteClient(
  request: { baseUrl: string; clientId: string; isSure: boolean },
  context: CommandContext,
): Promise<number> {
  const { baseUrl, clientId, isSure } = request;
  const admins = (await listClients(baseUrl)).filter(({ role }) => role === "admin");
  const isLastAdmin = admins.length === 1 && admins[0]?.["clientId"] === clientId;
  if (isLastAdmin && !isSure) {
    const isConfirmed = context.confirm(
      "This is the last admin: afterwards no paired client can manage the others. Delete it?",
    );
    if (!isConfirmed) {
      context.write("Nothing was deleted.\n");
      return EXIT_CODES.failed;
    }
  }
  await callService(baseUrl, { method: "clients.delete", params: { clientId } });
  context.write("Deleted.\n");
  return EXIT_CODES.done;
}

async function listClients(baseUrl: string): Promise<JsonObject[]> {
  const clients = asJsonObject(await callService(baseUrl, { method: "clients" }))?.["clients"];
  return Array.isArray(clients) ? clients.map((client) => asJsonObject(client) ?? {}) : [];
}

function formatClients(clients: readonly JsonObject[]): string {
  if (clients.length === 0) return "No client is paired. Pair one with: latchkey pair\n";
  const rows = clients.map((client) => [
    String(client["clientId"]),
    String(client["role"]),
    formatTime(client["createdAt"]),
    formatTime(client["lastSeenAt"]),
    safeText(String(client["clientName"])),
  ]);
  return formatTable([["ID", "ROLE", "PAIRED", "LAST SEEN", "NAME"], ...rows]);
}
