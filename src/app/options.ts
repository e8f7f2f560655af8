// What a service is started with, and what a running one offers.

import type { SettingsOutcome } from "../features/settings/live_settings.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger, LogLevel } from "../base/log.ts";
import type { RandomSource } from "../base/random.ts";
import type { Config } from "../edges/config/config.ts";
import type { ConfigSource } from "../edges/config/config_source.ts";
import type { PinDisplay } from "../features/screen/pin_display.ts";

/** Options of {@linkcode startApp}. */
export interface AppOptions {
  /** Where to listen, where to keep data, and so on. */
  config: Config;
  /** Makes the log; its level follows the settings. */
  log: (level: () => LogLevel) => Logger;
  /**
   * Where PINs are shown.
   * @default what the configuration names
   */
  display?: PinDisplay;
  /**
   * The terminal, for the display of that kind.
   * @default none
   */
  terminal?: { write: (text: string) => void; isTerminal: boolean };
  /**
   * Whether the process gives up the permissions that a running service does not need.
   * @default {false}
   */
  dropPermissions?: boolean;
  /**
   * Where the configuration comes from.
   * @default nothing can be reloaded or changed
   */
  configSource?: ConfigSource;
  /**
   * The variables of which programs inherit the harmless ones, and those that actions name.
   * @default those of this process
   */
  environment?: Readonly<Record<string, string>>;
  /**
   * Time.
   * @default {systemClock}
   */
  clock?: Clock;
  /**
   * Randomness.
   * @default {systemRandom}
   */
  random?: RandomSource;
}

/** A running service. */
export interface App {
  /** The port it listens on. */
  readonly port: number;
  /** The address that other hosts reach, if any. */
  readonly outside: string | undefined;
  /** The URLs under which other hosts reach it at the moment, the likeliest first. */
  addresses(): string[];
  /** Reads the settings again; the names of those that changed. Throws and keeps the old ones. */
  reload(): SettingsOutcome;
  /** Opens pairing, or cancels it where it is open. */
  togglePairing(): void;
  /**
   * Stops: no new connections, answers under way are finished, sockets closed with 1001, all
   * state written. Takes at most 5 seconds.
   */
  stop(): Promise<void>;
}
