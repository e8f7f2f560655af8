// `latchkey backup`: pairings, keys and settings in one sealed file.

import {
  type Command,
  type CommandContext,
  CommandError,
  EXIT_CODES,
  parseArguments,
  UsageError,
} from "../command.ts";
import { openConfiguration } from "../configuration.ts";
import { counted } from "../counted.ts";
import { failureText } from "../failure_text.ts";
import { exists } from "../owner_files.ts";
import { readPassphrase } from "../passphrase.ts";
import { writeWholeFile } from "../whole_file.ts";

export const backupCommand: Command = {
  name: "backup",
  summary: "Seal pairings, keys and settings into a file",
  usage: `Usage: latchkey backup FILE [--force] [--passphrase-file F] [--config FILE]

Writes paired clients, API keys, the replay ledger and the settings to FILE, sealed with a
passphrase: asked for, or the first line of F, or LATCHKEY_PASSPHRASE. The service may run, but
a session that is opened after the backup is not in it: stop the service first where the device
is wiped next. --force replaces FILE.`,
  options: ["passphrase-file", "config"],
  flags: ["force"],
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, backupCommand);
    const [file, ...others] = positionals;
    if (file === undefined || others.length > 0) throw new UsageError("Expected one FILE");
    if (!flags["force"] && exists(file)) {
      throw new CommandError(`${file} is there already: name another file, or use --force`);
    }
    const configuration = openConfiguration(options["config"]);
    const { dataDir } = configuration.read().service;
    const settingsText = configuration.readOverlay().text;
    const passphrase = readPassphrase({
      file: options["passphrase-file"],
      isNew: true,
      write: context.writeError,
    });
    const made = await create(context, {
      dataDir,
      passphrase,
      configText: configuration.file === undefined ? undefined : configuration.readText(),
      settingsText: settingsText === "" ? undefined : settingsText,
    });
    writeWholeFile(file, made.file);
    context.write(
      `Backed up to ${file}: ${counted(made.clients, "client")}, ${
        counted(made.keys, "API key")
      }.\n`,
    );
    if (made.auditAnchor !== undefined) {
      context.write(describeAnchor(made.auditAnchor));
    }
    return EXIT_CODES.done;
  },
};

/** Where the audit log stood, for whoever keeps it beside the backup. */
export function describeAnchor(anchor: string): string {
  return `The audit log was at ${anchor}\n(latchkey audit --verify --anchor takes that).\n`;
}

async function create(
  context: CommandContext,
  options: Parameters<CommandContext["createBackup"]>[0],
): ReturnType<CommandContext["createBackup"]> {
  try {
    return await context.createBackup(options);
  } catch (error) {
    throw new CommandError(failureText("Cannot back up", error), { cause: error });
  }
}
