// `latchkey restore`: what `latchkey backup` sealed, back on this device or on another.

import { asError } from "../base/errors.ts";
import {
  type Command,
  type CommandContext,
  CommandError,
  EXIT_CODES,
  parseArguments,
  UsageError,
} from "./command.ts";
import { configFileOf, loadConfig, readConfigText } from "./configuration.ts";
import { exists, whyNot } from "./owner_files.ts";
import { readPassphrase } from "./passphrase.ts";
import { formatTime } from "./table.ts";

/** The command. */
export const restoreCommand: Command = {
  name: "restore",
  summary: "Put a backup back",
  usage: `Usage: latchkey restore FILE [--passphrase-file F] [--config FILE]

Adds what FILE holds to this device: clients and keys that it does not have, every used salt of
the replay ledger, and the settings. What the device has is kept; a key that either side revoked
stays revoked. Stop the service first. The configuration file itself is written only if --config
names one that is not there; otherwise the backup's is put beside it as FILE.restored.`,
  async run(args, context): Promise<number> {
    const { options, positionals } = parseArguments(args, ["passphrase-file", "config"]);
    const [file, ...others] = positionals;
    if (file === undefined || others.length > 0) throw new UsageError("Expected one FILE");
    const configFile = configFileOf(options["config"]);
    const isNewConfig = configFile !== undefined && !exists(configFile);
    // Where the backup's configuration will be this device's, its folder is too.
    const dataDir = (configText: string | undefined): string =>
      (isNewConfig ? readConfigText(configText ?? "") : loadConfig(configFile)).service.dataDir;
    const bytes = readFile(file);
    const passphrase = readPassphrase({
      file: options["passphrase-file"],
      isNew: false,
      write: context.writeError,
    });
    const restored = await restore(context, { file: bytes, passphrase, dataDir });
    const { clients, keys, salts, createdAtMs, configText } = restored;
    context.write(
      `Restored the backup of ${formatTime(createdAtMs / 1000)}: ` +
        `${clients} clients, ${keys} API keys and ${salts} used salts were missing here.\n`,
    );
    if (configFile !== undefined && configText !== undefined) {
      context.write(placeConfig(configFile, configText));
    }
    return EXIT_CODES.done;
  },
};

async function restore(
  context: CommandContext,
  options: Parameters<CommandContext["restoreBackup"]>[0],
): ReturnType<CommandContext["restoreBackup"]> {
  try {
    return await context.restoreBackup(options);
  } catch (error) {
    const isRunning = asError(error).name === "LockedError";
    const advice = isRunning ? ". Stop the service first" : "";
    throw new CommandError(`Cannot restore: ${asError(error).message}${advice}`, { cause: error });
  }
}

// The owner's file is never written over.
function placeConfig(configFile: string, text: string): string {
  if (exists(configFile) && Deno.readTextFileSync(configFile) === text) return "";
  const place = exists(configFile) ? `${configFile}.restored` : configFile;
  try {
    Deno.writeTextFileSync(place, text, { mode: 0o600 });
  } catch (error) {
    throw new CommandError(`Cannot write ${place}: ${whyNot(error)}`, { cause: error });
  }
  return place === configFile
    ? `Wrote the backup's configuration to ${place}.\n`
    : `Left ${configFile} as it is; the backup's is in ${place}.\n`;
}

function readFile(file: string): Uint8Array {
  try {
    return Deno.readFileSync(file);
  } catch (error) {
    throw new CommandError(`Cannot read ${file}: ${whyNot(error)}`, { cause: error });
  }
}
