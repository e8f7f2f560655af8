// `latchkey keys`: API keys for programs that cannot pair.

import { asJsonObject, type JsonObject } from "../../../base/json.ts";
import { safeText } from "../../../features/screen/safe_text.ts";
import { type Command, EXIT_CODES, parseArguments, UsageError } from "../command.ts";
import { loadConfig, localBaseUrl } from "../configuration.ts";
import { counted } from "../counted.ts";
import { callService } from "../service_call.ts";
import { formatTable, formatTime } from "../table.ts";

const SECONDS_OF_UNIT: Readonly<Record<string, number>> = {
  m: 60,
  h: 3600,
  d: 24 * 3600,
  w: 7 * 24 * 3600,
};

const LIMIT_OF_OPTION: Readonly<Record<string, string>> = {
  "per-minute": "perMinute",
  "tokens-per-day": "tokensPerDay",
  concurrent: "concurrent",
  weight: "weight",
};

export const keysCommand: Command = {
  name: "keys",
  summary: "List, add and revoke API keys",
  usage: `Usage: latchkey keys [list] [--json] [--config FILE]
       latchkey keys add NAME --scope SCOPE[,SCOPE] [--model MODEL[,MODEL]] [--expires 30d]
                              [LIMITS] [--config FILE]
       latchkey keys limit ID [LIMITS] [--config FILE]
       latchkey keys revoke ID [--config FILE]
       latchkey keys purge [--config FILE]
       latchkey keys open SCOPE [--config FILE]

Scopes: rpc (POST and WebSocket), events (event streams), run (REST), models. --model lets a
key for models use those alone. A new key is printed once and never again. From the first key of
the scope rpc, events or run on, other hosts need one for what it opens; revoking and purging do not
change that, "open" does. Paired phones need none.
LIMITS of a key for models are --per-minute N, --tokens-per-day N, --concurrent N (0: none) and
--weight N, its share of the places (1 to 100); "config" goes back to what the configuration says.
--json writes {"keys": [...], "required": [...]} as the service answers it.
--expires takes minutes, hours, days or weeks: 90m 12h 30d 4w.`,
  verbs: ["list", "add", "limit", "revoke", "purge", "open"],
  options: ["scope", "model", "expires", ...Object.keys(LIMIT_OF_OPTION), "config"],
  flags: ["json"],
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, keysCommand);
    const [action = "list", argument, ...rest] = positionals;
    if (rest.length > 0) throw new UsageError("Too many arguments");
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    const isAlone = argument === undefined;
    if (action === "list" && isAlone) {
      const listed = await callService(baseUrl, { method: "keys" });
      context.write(flags["json"] ? `${JSON.stringify(listed)}\n` : formatKeys(listed));
      context.writeError(tellOfSharedKeys(listed));
    } else if (action === "add" && !isAlone) {
      const params = { name: argument, ...parseKeyOptions(options) };
      const added = asJsonObject(await callService(baseUrl, { method: "keys.new", params })) ?? {};
      context.write(`${String(added["key"])}\n`);
      context.writeError("Keep it now: it is not stored and will not be shown again.\n");
      context.writeError(
        "Over plain http whoever reads the network reads the key too: put a proxy with TLS in front " +
          "on a network that is not yours alone.\n",
      );
      for (const scope of namesIn(added["nowRequired"])) {
        context.writeError(`${NOW_REQUIRED[scope] ?? scope}\n`);
      }
    } else if (action === "limit" && !isAlone) {
      const limits = parseLimits(options);
      if (Object.keys(limits).length === 0) throw new UsageError("Expected at least one limit");
      const params = { keyId: argument, limits };
      await callService(baseUrl, { method: "keys.update", params });
      context.write("Changed.\n");
    } else if (action === "revoke" && !isAlone) {
      await callService(baseUrl, { method: "keys.delete", params: { keyId: argument } });
      context.write("Revoked.\n");
    } else if (action === "purge" && isAlone) {
      const result = asJsonObject(await callService(baseUrl, { method: "keys.purge" })) ?? {};
      context.write(`Purged ${counted(Number(result["purged"]), "revoked key")}.\n`);
      context.writeError(tellOfSharedKeys(result));
    } else if (action === "open" && !isAlone) {
      const params = { scope: argument };
      const result = asJsonObject(await callService(baseUrl, { method: "keys.open", params })) ??
        {};
      context.write(
        result["changed"] === true
          ? `Other hosts need no key of scope ${argument} any more.\n`
          : `Other hosts needed no key of scope ${argument}.\n`,
      );
    } else {
      throw new UsageError("Expected list, add NAME, limit ID, revoke ID, purge or open SCOPE");
    }
    return EXIT_CODES.done;
  },
};

function parseKeyOptions(
  options: Readonly<Record<string, string | undefined>>,
): { scopes: string[]; models?: string[]; expiresIn?: number; limits?: object } {
  const { scope, model, expires } = options;
  if (scope === undefined) throw new UsageError("--scope: expected at least one scope");
  return {
    scopes: splitList(scope),
    ...(model === undefined ? {} : { models: splitList(model) }),
    ...(Object.keys(LIMIT_OF_OPTION).some((name) => options[name] !== undefined)
      ? { limits: parseLimits(options) }
      : {}),
    ...(expires === undefined ? {} : { expiresIn: parseDuration(expires) }),
  };
}

function parseLimits(
  options: Readonly<Record<string, string | undefined>>,
): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(LIMIT_OF_OPTION).flatMap(([option, name]): [string, number | null][] => {
      const text = options[option];
      if (text === undefined) return [];
      if (text === "config") return [[name, null]];
      if (!/^\d{1,10}$/.test(text)) {
        throw new UsageError(`--${option}: expected a number, or config`);
      }
      return [[name, Number(text)]];
    }),
  );
}

function splitList(text: string): string[] {
  return text.split(",").map((one) => one.trim());
}

function parseDuration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
  const seconds = SECONDS_OF_UNIT[unit ?? ""];
  if (count === undefined || seconds === undefined) {
    throw new UsageError("--expires: expected a number with m, h, d or w, such as 30d");
  }
  return Number(count) * seconds;
}

function tellOfSharedKeys(result: unknown): string {
  return asJsonObject(result)?.["sharedUnavailable"] === true
    ? "The shared store cannot be reached: these are the device's own keys alone.\n"
    : "";
}

// What a first key of a scope changes, and for whom.
const NOW_REQUIRED: Readonly<Record<string, string>> = {
  rpc:
    "From now on other hosts need a key of scope rpc for POST, and for WebSocket in plaintext. " +
    "Paired phones go on without one.",
  events: "From now on other hosts need a key of scope events for event streams.",
  run: "From now on other hosts need a key of scope run to run anything over REST.",
};

function namesIn(list: unknown): string[] {
  return Array.isArray(list) ? list.map(String) : [];
}

function formatLimits(limits: unknown): string {
  const own = asJsonObject(limits) ?? {};
  const shown = Object.entries(LIMIT_OF_OPTION)
    .flatMap(([option, name]) => own[name] === undefined ? [] : [`${option}=${own[name]}`]);
  return shown.length === 0 ? "-" : shown.join(",");
}

function formatKeys(result: unknown): string {
  const keys = asJsonObject(result)?.["keys"];
  if (!Array.isArray(keys) || keys.length === 0) return "There are no API keys.\n";
  const rows = keys.map((entry: unknown) => {
    const key: JsonObject = asJsonObject(entry) ?? {};
    return [
      String(key["keyId"]),
      String(key["scopes"]) + (key["shared"] === true ? " (shared)" : ""),
      key["models"] === null ? "all" : safeText(String(key["models"])),
      formatLimits(key["limits"]),
      formatTime(key["createdAt"]),
      formatTime(key["expiresAt"]),
      formatTime(key["lastUsedAt"]),
      formatTime(key["revokedAt"]),
      safeText(String(key["name"])),
    ];
  });
  return formatTable([
    ["ID", "SCOPES", "MODELS", "LIMITS", "CREATED", "EXPIRES", "LAST USED", "REVOKED", "NAME"],
    ...rows,
  ]);
}
