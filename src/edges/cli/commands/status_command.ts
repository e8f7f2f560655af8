// `latchkey status`: whether the service runs, how it is reached, who is there, what plays.

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
import { counted } from "../counted.ts";
import { callService } from "../service_call.ts";

const LAST_ENTRIES = 3;

export const statusCommand: Command = {
  name: "status",
  summary: "Show whether the service runs, how it is reached and who is connected",
  usage: `Usage: latchkey status [--json] [--config FILE]

Shows the addresses to type, how many clients are paired and connected, what plays, whether other
hosts must encrypt, and the last entries of the audit log. Exits with 1 where no service runs.
--json writes {"version", "state", "addresses", "encryption", "clients", "connections", "sessions",
"playing", "audit": [...]}.`,
  options: ["config"],
  flags: ["json"],
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, statusCommand);
    if (positionals.length > 0) throw new UsageError("status takes no arguments");
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    const status = asJsonObject(await callService(baseUrl, { method: "status" })) ?? {};
    const listed = asJsonObject(await callService(baseUrl, { method: "audit" }))?.["entries"];
    const audit = (Array.isArray(listed) ? listed : [])
      .slice(-LAST_ENTRIES).map((entry: unknown) => asJsonObject(entry) ?? {});
    context.write(
      flags["json"]
        ? `${JSON.stringify({ ...status, audit })}\n`
        : describe({ status, audit, baseUrl }, context),
    );
    return EXIT_CODES.done;
  },
};

interface Answers {
  readonly status: JsonObject;
  readonly audit: readonly JsonObject[];
  readonly baseUrl: string;
}

function describe({ status, audit, baseUrl }: Answers, { paint }: CommandContext): string {
  const { version, state, addresses, encryption, clients, connections, sessions, playing } = status;
  const urls = Array.isArray(addresses) ? addresses.map(String) : [];
  const rows: [name: string, value: string][] = [
    [
      "service",
      `${paint(state === "ready" ? "good" : "warning", String(state))}, ${String(version)}`,
    ],
    ["address", urls[0] ?? `${baseUrl} (this device alone)`],
    ...urls.slice(1).map((url): [string, string] => ["", url]),
    [
      "encryption",
      encryption === true
        ? paint("good", "required from other hosts")
        : paint("warning", "optional: other hosts may talk in plaintext"),
    ],
    ["paired", counted(Number(clients), "client")],
    ["connected", `${Number(connections)}, ${Number(sessions)} encrypted`],
    ["playing", typeof playing === "string" ? safeText(playing) : "nothing"],
  ];
  const entries = audit.map((entry) =>
    `  ${safeText(`${String(entry["at"])}  ${String(entry["event"])}`, Infinity)}\n`
  );
  return [
    ...rows.map(([name, value]) => `${name.padEnd(12)}${value}\n`),
    ...(entries.length === 0 ? [] : ["\nLast audit entries\n", ...entries]),
  ].join("");
}
