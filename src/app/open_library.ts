// What a library is opened with, and what it offers to the rest of the service.

import type { Edges } from "./edges.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { StartAction } from "../features/actions/action_process.ts";
import type { ExclusiveScreen } from "../features/actions/exclusive_screen.ts";
import type { Favorites } from "../features/library/favorites.ts";
import type { LibrarySettings } from "../features/library/library_settings.ts";
import type { LookAtMedia } from "../features/library/media_launcher.ts";
import type { MediaLibrary } from "../features/library/media_library.ts";
import type { RunnableLibrary } from "../features/library/text_runner.ts";
import type { Notifications } from "../features/rpc/notifications.ts";
import type { Config } from "../features/settings/settings_table.ts";

/** Options of `openLibrary`. */
export interface OpenLibraryOptions {
  config: Config;
  edges: Pick<Edges, "loadLibrary">;
  /** The variables of the service, which name the user's home folder. */
  environment: Readonly<Record<string, string>>;
  lifetime: Lifetime;
  notifications: Notifications;
  clock: Clock;
  log: Logger;
}

/** What media are launched with. */
export interface LaunchParts {
  screen: ExclusiveScreen;
  start: StartAction;
  favorites: Favorites;
  lookAt: LookAtMedia;
}

/** The library of a running service. */
export interface OpenLibrary {
  readonly media: MediaLibrary;
  /** Whether the owner had configured one when the service started. */
  readonly isConfigured: boolean;
  /** Makes what launches its media; undefined where there is none. */
  readonly createLaunch: ((parts: LaunchParts) => RunnableLibrary["launch"]) | undefined;
  /** Puts other sources in force and scans them. */
  readonly replaceSources: (libraries: readonly LibrarySettings[]) => void;
}
