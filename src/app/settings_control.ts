// Settings that change while the service runs: read again from the owner's file, or changed over the
// API and kept beside it (settings/settings_file.ts).

import { AppError, asError } from "../base/app_error.ts";
import { explainStorageError } from "../base/storage_error.ts";
import type { Logger } from "../base/log.ts";
import { type Config, ConfigError, parseOverlay } from "../edges/config/config.ts";
import type { ConfigSource } from "../edges/config/config_source.ts";
import type { PrivateFiles } from "../features/screen/picture_file_display.ts";
import type { ApiSettings } from "../features/settings/api_settings.ts";
import { launchesPrograms } from "../features/library/library_settings.ts";
import {
  isSameSetting,
  type LiveSettings,
  type SettingsOutcome,
} from "../features/settings/live_settings.ts";
import { changeTables, formatTables } from "../features/settings/settings_file.ts";

/** Options of {@linkcode createSettingsControl}. */
export interface SettingsControlOptions {
  /** The settings in force. */
  settings: LiveSettings;
  /** Whether the service kept the right to start programs, which it gives up where it needs none. */
  canStartPrograms: boolean;
  /** Whether there was a library at the start; the first one is opened then alone. */
  hasLibrary: boolean;
  /** Where they come from; without it, nothing can be reloaded or changed. */
  source: ConfigSource | undefined;
  /** Where changed settings are written. */
  files: Pick<PrivateFiles, "write">;
  /** Hears of what was put in force: what was before, and which settings changed by whose hand. */
  onChanged: (change: { changed: readonly string[]; before: Config; by: string }) => void;
  log: Logger;
}

/** Changes the settings of a running service. */
export interface SettingsControl {
  /** Reads everything again. Throws and keeps the old. */
  reload(by?: string): SettingsOutcome;
  /** Changes settings and keeps them. Throws and keeps the old. */
  update(change: ApiSettings, by?: string): SettingsOutcome;
}

// The file of changed settings could be read as it was: what is wrong with it now is the change, and
// stands in no line of any file. Whoever asked for it may know: it names no file.
function readChanged(read: () => Config, file: string): Config {
  try {
    return read();
  } catch (error) {
    const mistakes = [error, asError(error).cause].find((one) => one instanceof ConfigError);
    if (mistakes === undefined) throw error;
    const prefix = `Cannot read ${file}: line `;
    const lines = mistakes.message.split("\n");
    if (!lines.every((line) => line.startsWith(prefix))) throw error;
    const problems = lines.map((line) => line.slice(prefix.length).replace(/^\d+: /, ""));
    throw new AppError("bad_request", `Cannot change ${problems.join("; ")}`, { cause: error });
  }
}

/** Control over the settings in force. */
export function createSettingsControl(options: SettingsControlOptions): SettingsControl {
  const { settings, files, onChanged, log } = options;
  function source(): ConfigSource {
    if (options.source !== undefined) return options.source;
    throw new AppError("unavailable", "There is no configuration to change");
  }
  function putInForce(config: Config, by: string): SettingsOutcome {
    const before = settings.current;
    const { changed, needsRestart } = settings.replace(config);
    onChanged({ changed, before, by });
    const { hasLibrary, canStartPrograms } = options;
    const { actions, libraries } = config;
    const isActionLate = actions.length > 0 && !canStartPrograms;
    const isLibraryLate = libraries.length > 0 &&
      (!hasLibrary || (launchesPrograms(libraries) && !canStartPrograms));
    const lists = [
      { name: "action", isLate: isActionLate, isNew: !isSameSetting(before.actions, actions) },
      {
        name: "library",
        isLate: isLibraryLate,
        isNew: !isSameSetting(before.libraries, libraries),
      },
    ];
    const namesOf = (some: typeof lists): string[] => some.map(({ name }) => name);
    return {
      changed: [...changed, ...namesOf(lists.filter(({ isNew, isLate }) => isNew && !isLate))],
      needsRestart: [...needsRestart, ...namesOf(lists.filter(({ isLate }) => isLate))],
    };
  }
  return {
    reload(by = "signal"): SettingsOutcome {
      const from = source();
      const config = from.read();
      for (const warning of from.readWarnings()) log.warn(warning);
      const outcome = putInForce(config, by);
      log.info("Settings reloaded", { changed: outcome.changed });
      if (outcome.needsRestart.length > 0) {
        log.warn("Some settings take effect at the next start", {
          settings: outcome.needsRestart,
        });
      }
      return outcome;
    },
    update(change, by = "local"): SettingsOutcome {
      const from = source();
      const overlay = from.readOverlay();
      const text = formatTables(changeTables(parseOverlay(overlay), change));
      const config = readChanged(() => from.readWith(text), overlay.file);
      // Kept before it is in force, so that a restart never takes back what was answered.
      try {
        files.write(overlay.file, new TextEncoder().encode(text));
      } catch (error) {
        throw explainStorageError(error);
      }
      return putInForce(config, by);
    },
  };
}
