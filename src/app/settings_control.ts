// Settings that change while the service runs: read again from the owner's file, or changed over the
// API and kept beside it (settings/settings_file.ts).

import { AppError } from "../base/app_error.ts";
import { explainStorageError } from "../base/storage_error.ts";
import { type Config, parseOverlay, settingsOf } from "../edges/config/config.ts";
import { keysForRestart } from "../edges/config/restart_keys.ts";
import type { ConfigSource } from "../edges/config/config_source.ts";
import type { PrivateFiles } from "../features/screen/picture_file_display.ts";
import type { SettingsOutcome } from "../features/rpc/methods/settings_methods.ts";
import type { LiveSettings } from "../features/settings/live_settings.ts";
import {
  changeTables,
  formatTables,
  type SettingsChange,
} from "../features/settings/settings_file.ts";

/** Options of {@linkcode createSettingsControl}. */
export interface SettingsControlOptions {
  /** The settings in force. */
  settings: LiveSettings;
  /** The configuration that the service was started with. */
  startedWith: Config;
  /** Where they come from; without it, nothing can be reloaded or changed. */
  source: ConfigSource | undefined;
  /** Where changed settings are written. */
  files: Pick<PrivateFiles, "write">;
  /** Hears of a configuration that was put in force, and which settings it changed by whose hand. */
  onChanged: (changed: readonly string[], config: Config, by: string) => void;
}

/** Changes the settings of a running service. */
export interface SettingsControl {
  /** Reads everything again. Throws and keeps the old. */
  reload(by?: string): SettingsOutcome;
  /** Changes settings and keeps them. Throws and keeps the old. */
  update(change: SettingsChange, by?: string): SettingsOutcome;
}

/** Control over the settings in force. */
export function createSettingsControl(options: SettingsControlOptions): SettingsControl {
  const { settings, startedWith, files, onChanged } = options;
  function source(): ConfigSource {
    if (options.source !== undefined) return options.source;
    throw new AppError("unavailable", "There is no configuration to change");
  }
  function putInForce(config: Config, by: string): SettingsOutcome {
    const changed = settings.replace(settingsOf(config));
    onChanged(changed, config, by);
    return { changed, needsRestart: keysForRestart(startedWith, config) };
  }
  return {
    reload: (by = "signal") => putInForce(source().read(), by),
    update(change, by = "local"): SettingsOutcome {
      const from = source();
      const overlay = from.readOverlay();
      const text = formatTables(changeTables(parseOverlay(overlay), change));
      const config = from.readWith(text);
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
