// `latchkey audit`: what happened to the device's security.

import { asJsonObject } from "../../../base/json.ts";
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

const FOLLOW_MS = 1000;

export const auditCommand: Command = {
  name: "audit",
  summary: "Show, follow or verify the audit log",
  usage: `Usage: latchkey audit [--refusals] [--follow] [--json] [--config FILE]
       latchkey audit --verify [--anchor N:HASH] [--config FILE]

Shows the newest entries: number, time, event, facts. --refusals shows
what was refused, which is kept apart. --follow goes on until Ctrl+C.
--verify checks that every kept entry follows from the one before, and that the newest are there:
by the anchor in the data folder, or the one given, of a backup or the service's log. Exit code 1
if not. --json writes an entry a line, as JSON.`,
  options: ["anchor", "config"],
  flags: ["follow", "json", "refusals", "verify"],
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, auditCommand);
    if (positionals.length > 0) throw new UsageError("audit takes no arguments");
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    if (flags["verify"]) {
      return await verify(baseUrl, { context, anchor: options["anchor"] });
    }
    const { refusals = false, json = false } = flags;
    let lastId = await show(baseUrl, { context, refusals, json });
    while (flags["follow"]) {
      await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
      lastId = await show(baseUrl, { context, refusals, json, afterId: lastId });
    }
    return EXIT_CODES.done;
  },
};

async function verify(
  baseUrl: string,
  { context, anchor }: { context: CommandContext; anchor: string | undefined },
): Promise<number> {
  const params = anchor === undefined ? {} : { anchor };
  const answer = await callService(baseUrl, { method: "audit.verify", params });
  const { entries, brokenAt, refusalBrokenAt, cutAt } = asJsonObject(answer) ?? {};
  if (cutAt !== null) {
    context.write(`Not intact: entry ${Number(cutAt)} is missing or differs from the anchor\n`);
    return EXIT_CODES.failed;
  }
  if (refusalBrokenAt !== null) {
    context.write(
      `Not intact: refusal ${Number(refusalBrokenAt)} was changed, or one before it removed\n`,
    );
    return EXIT_CODES.failed;
  }
  if (brokenAt === null) {
    context.write(`Verified: ${Number(entries)} entries, hash chain intact\n`);
    return EXIT_CODES.done;
  }
  context.write(`Not intact: entry ${Number(brokenAt)} was changed, or one before it removed\n`);
  return EXIT_CODES.failed;
}

// Returns the number of the last entry shown.
async function show(
  baseUrl: string,
  options: { context: CommandContext; refusals: boolean; json: boolean; afterId?: number },
): Promise<number> {
  const { context, refusals, json, afterId } = options;
  const params = afterId === undefined ? { refusals } : { refusals, afterId };
  const result = asJsonObject(await callService(baseUrl, { method: "audit", params }));
  const entries = Array.isArray(result?.["entries"]) ? result["entries"] : [];
  let lastId = afterId ?? 0;
  for (const entry of entries.map((value: unknown) => asJsonObject(value) ?? {})) {
    const facts = Object.entries(asJsonObject(entry["details"]) ?? {})
      .map(([name, value]) => `${name}=${String(value)}`);
    const columns = [
      String(entry["id"]).padStart(6),
      String(entry["at"]),
      String(entry["event"]).padEnd(17),
      ...facts,
    ];
    const line = json ? JSON.stringify(entry) : safeText(columns.join("  "), Infinity).trimEnd();
    context.write(`${line}\n`);
    lastId = Number(entry["id"]);
  }
  return lastId;
}
