/**
 * The service of one device, to be started in this process. How its parts fit together is
 * app/assembly.ts; docs/architecture.md has the picture.
 *
 * @module
 */

import { assemble } from "./assembly.ts";
import { systemEdges } from "./edges.ts";
import type { App, AppOptions } from "./options.ts";
import { formatFirstStack } from "../edges/platform/vitals.ts";

export { ANSWERS_GRACE_MS, DISTANT_GRACE_MS, RUNNING_GRACE_MS } from "./assembly.ts";
export type { App, AppOptions } from "./options.ts";
export type { ConfigSource } from "../edges/config/config_source.ts";
export type { Clock } from "../base/clock.ts";
export type { LogFields, LogFormat, Logger, LogLevel, LogValue } from "../base/log.ts";
export type { RandomSource } from "../base/random.ts";
export type { SocketAddress } from "../base/socket_address.ts";
export type { ButtonSettings } from "../features/screen/button_settings.ts";
export type { ActionSettings } from "../features/actions/action_settings.ts";
export type { LibrarySettings, LibrarySourceKind } from "../features/library/library_settings.ts";
export type { DiscoverySettings } from "../features/discovery/discovery_settings.ts";
export type { ErrorStyle } from "../features/models/client_errors.ts";
export type { SETTINGS } from "../features/settings/settings_table.ts";
export type {
  CamelCase,
  DefaultFacts,
  Setting,
  SettingRows,
  SettingTables,
  TomlValue,
  ValueOf,
  ValuesOf,
  ValueType,
} from "../features/settings/setting.ts";
export type { SettingsOutcome } from "../features/settings/live_settings.ts";
export type { ModelSettings } from "../features/models/model_settings.ts";
export {
  type Config,
  type ConfigEnvironment,
  ConfigError,
  type ConfigText,
  parseConfig,
  type ParseConfigOptions,
} from "../edges/config/config.ts";
export type { DisplayKind, DisplaySettings } from "../features/screen/display_settings.ts";
export type { PixelFormat, Rotation } from "../features/screen/framebuffer_layout.ts";
export type {
  PinDisplay,
  PinOutcome,
  PinView,
  WrongGuess,
} from "../features/screen/pin_display.ts";

/**
 * Starts the service. Throws DatabaseUnusableError, LockedError, AddressTakenError or the
 * platform's error of a listener; then nothing is left running.
 */
export function startApp(options: AppOptions): Promise<App> {
  formatFirstStack();
  return assemble(options, systemEdges);
}
