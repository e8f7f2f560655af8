// `latchkey library`: what the library has, what a text finds in it, and scanning it again.

import { asJsonObject, type JsonObject } from "../../../base/json.ts";
import {
  type Command,
  type CommandContext,
  EXIT_CODES,
  parseArguments,
  UsageError,
} from "../command.ts";
import { loadConfig, localBaseUrl } from "../configuration.ts";
import { progressLine } from "../progress_bar.ts";
import { callService } from "../service_call.ts";
import { formatTable } from "../table.ts";

const DEFAULT_LIMIT = 50;
const LOOK_MS = 200;

export const libraryCommand: Command = {
  name: "library",
  summary: "List the systems of the library, search it, or scan it again",
  usage: `Usage: latchkey library [list] [--json] [--config FILE]
       latchkey library scan [SYSTEM…] [--json] [--config FILE]
       latchkey library search TEXT [--system ID] [--limit N] [--json] [--config FILE]

Lists the systems of the [[library]] tables with their number of games. scan looks through all
systems, or those that are named, and shows how far it is; Ctrl+C ends the showing, not the scan.
search lists the first N games (by default ${DEFAULT_LIMIT}) whose names have words that begin like the text's.
--json writes {"systems": [...]}, {"results": [...]}, or how far a scan is as an object a line.`,
  verbs: ["list", "scan", "search"],
  options: ["system", "limit", "config"],
  flags: ["json"],
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, libraryCommand);
    const [verb = "list", ...words] = positionals;
    const { system, limit = String(DEFAULT_LIMIT) } = options;
    if (verb !== "search" && (system ?? options["limit"]) !== undefined) {
      throw new UsageError("--system and --limit: expected search TEXT");
    }
    if (!/^[1-9]\d{0,4}$/.test(limit)) throw new UsageError("--limit: expected a number of games");
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    const output = { isJson: flags["json"] === true, context };
    if (verb === "list" && words.length === 0) {
      await listSystems(baseUrl, output);
    } else if (verb === "scan") {
      await scan({ baseUrl, systems: words }, output);
    } else if (verb === "search" && words.length > 0) {
      await search({ baseUrl, text: words.join(" "), system, limit: Number(limit) }, output);
    } else {
      throw new UsageError("Expected list, scan, or search TEXT");
    }
    return EXIT_CODES.done;
  },
};

interface Output {
  readonly isJson: boolean;
  readonly context: CommandContext;
}

async function listSystems(baseUrl: string, { isJson, context }: Output): Promise<void> {
  const result = await callService(baseUrl, { method: "systems" });
  if (isJson) return context.write(`${JSON.stringify(result)}\n`);
  const systems = objectsOf(asJsonObject(result)?.["systems"]);
  if (systems.length === 0) {
    return context.write(
      "The library is empty: docs/library.md says how to fill it. " +
        "What a frontend tells is there while the frontend runs.\n",
    );
  }
  const rows = systems.map(({ id, name, mediaCount }) => [id, name, mediaCount ?? 0].map(String));
  const total = systems.reduce((sum, { mediaCount }) => sum + Number(mediaCount ?? 0), 0);
  context.write(formatTable([["SYSTEM", "NAME", "GAMES"], ...rows, ["total", "", String(total)]]));
}

async function search(
  { baseUrl, text, system, limit }: {
    baseUrl: string;
    text: string;
    system: string | undefined;
    limit: number;
  },
  { isJson, context }: Output,
): Promise<void> {
  const results: JsonObject[] = [];
  let cursor: unknown;
  do {
    const page = asJsonObject(
      await callService(baseUrl, {
        method: "media.search",
        params: {
          query: text,
          maxResults: limit - results.length,
          ...(system === undefined ? {} : { systems: [system] }),
          ...(cursor === undefined ? {} : { cursor }),
        },
      }),
    );
    results.push(...objectsOf(page?.["results"]));
    cursor = asJsonObject(page?.["pagination"])?.["nextCursor"];
  } while (cursor !== undefined && results.length < limit);
  if (isJson) return context.write(`${JSON.stringify({ results })}\n`);
  if (results.length === 0) return context.write("Nothing was found.\n");
  const rows = results.map(({ system: of, name, path }) =>
    [asJsonObject(of)?.["id"], name, path].map(String)
  );
  context.write(formatTable([["SYSTEM", "NAME", "PATH"], ...rows]));
  if (cursor !== undefined) context.write(`There are more than ${limit}: --limit N shows more.\n`);
}

async function scan(
  { baseUrl, systems }: { baseUrl: string; systems: readonly string[] },
  output: Output,
): Promise<void> {
  await callService(baseUrl, { method: "media.generate", params: { systems } });
  const show = scanView(output);
  for (;;) {
    const status = asJsonObject(await callService(baseUrl, { method: "media" }));
    const database = asJsonObject(status?.["database"]) ?? {};
    show(database);
    if (database["indexing"] !== true) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

// A bar in a terminal; elsewhere a line for each system that it has come to.
function scanView({ isJson, context }: Output): (database: JsonObject) => void {
  let before = "";
  let hasBar = false;
  return (database) => {
    const { indexing, totalSteps, currentStep, currentStepDisplay, totalFiles, totalMedia } =
      database;
    const columns = context.columns();
    if (isJson) {
      const line = JSON.stringify(database);
      if (line !== before) context.write(`${line}\n`);
      before = line;
    } else if (indexing !== true) {
      context.write(`${hasBar ? "\n" : ""}The library has ${Number(totalMedia ?? 0)} games.\n`);
    } else if (columns !== undefined) {
      hasBar = true;
      const [done, whole] = [Number(currentStep) - 1, Number(totalSteps)];
      const text = `${currentStepDisplay} ${totalFiles} games`.trimStart();
      context.write(progressLine({ done, whole, text, columns }));
    } else {
      const line = `${currentStep} of ${totalSteps}: ${currentStepDisplay}\n`;
      if (line !== before && Number(currentStep) > 0) context.write(line);
      before = line;
    }
  };
}

function objectsOf(list: unknown): JsonObject[] {
  return Array.isArray(list) ? list.map((entry: unknown) => asJsonObject(entry) ?? {}) : [];
}
