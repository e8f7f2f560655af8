// `latchkey logs`: the service's log, from the journal where there is one, else from its file.

import { type Command, CommandError, EXIT_CODES, parseArguments, UsageError } from "../command.ts";
import { exists } from "../owner_files.ts";

/** Where the init scripts let the service write. */
const LOG_FILE = "/var/log/latchkey.log";

const DEFAULT_LINES = 100;

export const logsCommand: Command = {
  name: "logs",
  summary: "Show the log of the service",
  usage: `Usage: latchkey logs [--follow] [--lines N]

Shows the last N lines (by default ${DEFAULT_LINES}) of the service's log: from systemd's journal where the
device has one, else from ${LOG_FILE}. --follow goes on until Ctrl+C.`,
  options: ["lines"],
  flags: ["follow"],
  async run(args): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, logsCommand);
    if (positionals.length > 0) throw new UsageError("logs takes no arguments");
    const { lines = String(DEFAULT_LINES) } = options;
    if (!/^[1-9]\d{0,5}$/.test(lines)) throw new UsageError("--lines: expected a number of lines");
    const [program = "", ...rest] = readerOf({ lines, follows: flags["follow"] === true });
    const { code } = await new Deno.Command(program, { args: rest, stdin: "null" }).spawn().status;
    return code === 0 ? EXIT_CODES.done : EXIT_CODES.failed;
  },
};

function readerOf({ lines, follows }: { lines: string; follows: boolean }): string[] {
  if (exists("/run/systemd/system")) {
    const follow = follows ? ["-f"] : [];
    return ["journalctl", "--unit", "latchkey", "--no-pager", "-n", lines, ...follow];
  }
  // By name: a start of the service moves a long file aside.
  if (exists(LOG_FILE)) return ["tail", "-n", lines, ...(follows ? ["-F"] : []), LOG_FILE];
  throw new CommandError(
    `There is no journal here and no ${LOG_FILE}: the log is where the service was started`,
  );
}
