// `latchkey clients`: who is paired, and removing one.

import { asJsonObject, type JsonObject } from "../../../base/json.ts";
import { isRole, ROLES } from "../../../features/access/client.ts";
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

export const clientsCommand: Command = {
  name: "clients",
  summary: "List the paired clients; rename, remove, or change what one may do",
  usage: `Usage: latchkey clients [list] [--json] [--config FILE]
       latchkey clients rename ID NAME [--config FILE]
       latchkey clients role ID admin|member [--config FILE]
       latchkey clients delete ID [--yes] [--config FILE]

Lists the paired clients: id, role, when paired, when last seen, name. --json writes
{"clients": [...]} as the service answers it. Another role closes the live connections of a client.
Deleting one cuts its live connections at once; it must pair again. Deleting the last admin
asks first; --yes answers it.`,
  verbs: ["list", "delete", "rename", "role"],
  options: ["config"],
  flags: ["json", "yes"],
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, clientsCommand);
    const [action = "list", clientId, value, ...rest] = positionals;
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    if (rest.length > 0) throw new UsageError("Too many arguments");
    if (action === "list" && clientId === undefined) {
      const clients = await listClients(baseUrl);
      context.write(flags["json"] ? `${JSON.stringify({ clients })}\n` : formatClients(clients));
      return EXIT_CODES.done;
    }
    if (action === "delete" && clientId !== undefined && value === undefined) {
      return await deleteClient({ baseUrl, clientId, isSure: flags["yes"] === true }, context);
    }
    const change = value === undefined ? undefined : changeOf(action, value);
    if (change === undefined || clientId === undefined) {
      throw new UsageError("Expected list, rename ID NAME, role ID ROLE, or delete ID");
    }
    await callService(baseUrl, { method: "clients.update", params: { clientId, ...change } });
    context.write("Changed.\n");
    return EXIT_CODES.done;
  },
};

function changeOf(action: string, value: string): JsonObject | undefined {
  if (action === "rename") return { clientName: value };
  if (action !== "role") return undefined;
  if (!isRole(value)) throw new UsageError(`role: expected ${ROLES.join(" or ")}`);
  return { role: value };
}

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
