// `latchkey restore`: what `latchkey backup` sealed, back on this device or on another.

import { dirname } from "node:path";
import { MAX_SEALED_BYTES } from "../../../features/backup/sealed_file.ts";
import { concatBytes, utf8 } from "../../../base/bytes.ts";
import { LockedError } from "../../../base/locked_error.ts";
import {
  type Command,
  type CommandContext,
  CommandError,
  EXIT_CODES,
  parseArguments,
  UsageError,
} from "../command.ts";
import { counted } from "../counted.ts";
import { describeAnchor } from "./backup_command.ts";
import { failureText } from "../failure_text.ts";
import type { ConfigReader } from "../../config/config_source.ts";
import { configFileOf, openConfigText, openConfiguration } from "../configuration.ts";
import { exists, whyNot } from "../owner_files.ts";
import { readPassphrase } from "../passphrase.ts";
import { formatTime } from "../table.ts";
import { writeWholeFile } from "../whole_file.ts";

const CHUNK_BYTES = 256 * 1024;

export const restoreCommand: Command = {
  name: "restore",
  summary: "Restore a backup",
  usage: `Usage: latchkey restore FILE [--passphrase-file F] [--config FILE]

Adds what FILE holds to this device: clients and keys that it does not have, and every used salt of
the replay ledger. What the device has is kept; a key that either side revoked stays revoked, and a
client or key that either side removed stays away. Settings that were changed while the service ran
are taken where the device has no settings.toml of its own, and the configuration file is written
only if --config names one that is not there; otherwise the backup's are put beside the device's, as
settings.toml.restored and CONFIG.restored. Stop the service first.`,
  options: ["passphrase-file", "config"],
  async run(args, context): Promise<number> {
    const { options, positionals } = parseArguments(args, restoreCommand);
    const [file, ...others] = positionals;
    if (file === undefined || others.length > 0) throw new UsageError("Expected one FILE");
    const configFile = configFileOf(options["config"]);
    const isNewConfig = configFile !== undefined && !exists(configFile);
    if (isNewConfig && !exists(dirname(configFile))) {
      throw new CommandError(`Cannot write ${configFile}: no such folder`);
    }
    // Where the backup's configuration will be this device's, its folder is too.
    const configuration = (configText: string | undefined): ConfigReader =>
      isNewConfig ? openConfigText(configText ?? "") : openConfiguration(configFile);
    const bytes = readFile(file);
    const passphrase = readPassphrase({
      file: options["passphrase-file"],
      isNew: false,
      write: context.writeError,
    });
    const restored = await restore(context, { file: bytes, passphrase, configuration });
    // All is done before any of it is told: whoever reads may leave in the midst.
    let placed = "";
    try {
      const { configText } = restored;
      if (configText !== undefined) placed = placeConfig(configFile, configText);
    } finally {
      context.write(`${describeRestored(restored)}${placed}`);
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
    const advice = error instanceof LockedError ? ". Stop the service first" : "";
    throw new CommandError(`${failureText("Cannot restore", error)}${advice}`, { cause: error });
  }
}

type Restored = Awaited<ReturnType<CommandContext["restoreBackup"]>>;

function describeRestored(restored: Restored): string {
  const { clients, keys, salts, stayRemoved, removed, createdAtMs, auditAnchor } = restored;
  const lines = [
    `Restored the backup of ${formatTime(createdAtMs / 1000)}: ` +
    `${counted(clients, "client")}, ${counted(keys, "API key")} and ` +
    `${counted(salts, "used salt")} were missing here.\n`,
  ];
  if (auditAnchor !== undefined) lines.push(describeAnchor(auditAnchor));
  if (stayRemoved > 0) {
    lines.push(`Clients and API keys that were removed here and stay so: ${stayRemoved}.\n`);
  }
  if (removed > 0) {
    lines.push(`Clients and API keys removed, as they were before the backup: ${removed}.\n`);
  }
  return `${lines.join("")}${describeSettings(restored)}`;
}

function describeSettings({ settings, changedSettings }: Restored): string {
  if (settings === undefined || settings.kind === "same") return "";
  const { kind, file, besideIt } = settings;
  if (kind === "kept") return `Left ${file} as it is; the backup's is in ${besideIt}.\n`;
  const names = changedSettings.length === 0 ? "" : `: ${changedSettings.join(", ")}`;
  return `Wrote the backup's changed settings to ${file}${names}.\n`;
}

// The owner's file is never written over.
function placeConfig(configFile: string | undefined, text: string): string {
  if (configFile === undefined) {
    return "The backup has a configuration too: --config FILE says where to.\n";
  }
  if (!exists(configFile)) {
    writeWholeFile(configFile, utf8(text));
    return `Wrote the backup's configuration to ${configFile}.\n`;
  }
  if (Deno.readTextFileSync(configFile) === text) return "";
  const place = `${configFile}.restored`;
  writeWholeFile(place, utf8(text));
  return `Left ${configFile} as it is; the backup's is in ${place}.\n`;
}

// Never more than a backup can have, for what was named may be something without an end.
function readFile(file: string): Uint8Array {
  const chunk = new Uint8Array(CHUNK_BYTES);
  const chunks: Uint8Array[] = [];
  try {
    using handle = Deno.openSync(file);
    for (let length = 0; length <= MAX_SEALED_BYTES;) {
      const count = handle.readSync(chunk);
      if (count === null) break;
      chunks.push(chunk.slice(0, count));
      length += count;
    }
  } catch (error) {
    throw new CommandError(`Cannot read ${file}: ${whyNot(error)}`, { cause: error });
  }
  return concatBytes(...chunks);
}
