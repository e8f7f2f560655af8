// `latchkey conform`: judges a server, of whatever make, by docs/protocol.md.

import { systemClock } from "../../../base/clock.ts";
import { systemRandom } from "../../../base/random.ts";
import type { ConformReport } from "../../../features/conform/conformance.ts";
import {
  type Command,
  type CommandContext,
  CommandError,
  EXIT_CODES,
  parseArguments,
  UsageError,
} from "../command.ts";
import { type ConformPins, openConformPins } from "../conform_pins.ts";
import { countOutcomes, formatReport, formatResult } from "../conform_text.ts";
import { type ConformWire, openConformWire } from "../conform_wire.ts";
import { parseDeviceUrl } from "../device_url.ts";

/** How long a server may take to answer or to close, in milliseconds. */
const LIMIT_MS = 10_000;

const TIMED_STARTS = 15;
const TIMED_SESSIONS = 30;
const TIMED_CALLS = 300;

export const conformCommand: Command = {
  name: "conform",
  summary: "Judge a server of the protocol, check by check",
  usage: `Usage: latchkey conform URL [--pin PIN[,PIN] | --open] [--json]

Tries what docs/protocol.md asks of a server, rightly and wrongly, and writes a line for each check,
then how long the server takes. Without a PIN, what needs a pairing is skipped. One PIN is enough
for nearly all of it; a second and a third add a pairing with an odd name and the three tries: they
are asked for at a terminal, or --pin - reads them from standard input, a line each, when they are
needed. On the device itself --open opens pairing as often as it takes, and cancels a PIN that is
valid. What is ours, or not in Core's published documents, is a note where another server does
otherwise. Clients that were paired are removed again where that is allowed from here. --json writes
one object. Exits with 1 where a check failed. docs/conformance.md tells more.`,
  options: ["pin"],
  flags: ["open", "json"],
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, conformCommand);
    const [address, ...others] = positionals;
    if (address === undefined || others.length > 0) throw new UsageError("Expected one URL");
    if (options["pin"] !== undefined && flags["open"]) {
      throw new UsageError("Expected --pin or --open, not both");
    }
    const baseUrl = parseDeviceUrl(address);
    const pins = openConformPins({
      given: options["pin"],
      openAt: flags["open"] ? baseUrl : undefined,
      write: context.writeError,
    });
    using wire = openConformWire(baseUrl);
    await requireAnswer(wire, baseUrl);
    const isJson = flags["json"] === true;
    const report = await judge({ wire, pins, isJson, context });
    const counts = countOutcomes(report.results);
    context.write(
      isJson
        ? `${JSON.stringify({ url: baseUrl, ...counts, ...report }, null, 2)}\n`
        : formatReport(report, context.paint),
    );
    return counts.failed === 0 ? EXIT_CODES.done : EXIT_CODES.failed;
  },
};

async function requireAnswer(wire: ConformWire, baseUrl: string): Promise<void> {
  try {
    await wire.request("/health");
  } catch (error) {
    throw new CommandError(`Cannot reach ${baseUrl}: is the device on, and its service running?`, {
      cause: error,
    });
  }
}

async function judge(options: {
  wire: ConformWire;
  pins: ConformPins;
  isJson: boolean;
  context: CommandContext;
}): Promise<ConformReport> {
  const { wire, pins, isJson, context } = options;
  const format = { paint: context.paint, columns: context.columns() };
  // Most commands have no use for the checks.
  const { judgeServer } = await import("../../../features/conform/conformance.ts");
  try {
    return await judgeServer({
      wire,
      nextPin: () => pins.next(),
      clock: systemClock,
      random: systemRandom,
      limitMs: LIMIT_MS,
      timedStarts: TIMED_STARTS,
      timedSessions: TIMED_SESSIONS,
      timedCalls: TIMED_CALLS,
      onResult: (result) => {
        if (!isJson) context.write(formatResult(result, format));
      },
    });
  } finally {
    await pins.close();
  }
}
