// What runs on the device and has its screen: actions, media of the library, and the texts that start
// both.

import type { Edges } from "./edges.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { randomBelow, type RandomSource } from "../base/random.ts";
import type { Config } from "../edges/config/config.ts";
import type { Stores } from "../edges/sqlite/stores.ts";
import { ActionRunner } from "../features/actions/action_runner.ts";
import { ExclusiveScreen } from "../features/actions/exclusive_screen.ts";
import { Favorites } from "../features/library/favorites.ts";
import { RunHistory } from "../features/library/run_history.ts";
import { TextRunner } from "../features/library/text_runner.ts";
import { showStarted, showStopped } from "../features/rpc/methods/action_methods.ts";
import { showToken } from "../features/rpc/methods/token_methods.ts";
import type { Notifications } from "../features/rpc/notifications.ts";
import type { LiveSettings } from "../features/settings/live_settings.ts";
import type { OpenLibrary } from "./open_library.ts";

/** Options of {@linkcode createPlaying}. */
export interface PlayingOptions {
  config: Config;
  edges: Edges;
  /** The variables of which programs inherit the harmless ones. */
  environment: Readonly<Record<string, string>>;
  lifetime: Lifetime;
  stores: Stores;
  library: OpenLibrary;
  notifications: Notifications;
  settings: LiveSettings;
  clock: Clock;
  random: RandomSource;
  log: Logger;
}

/** What runs. */
export interface Playing {
  readonly screen: ExclusiveScreen;
  readonly actions: ActionRunner;
  readonly texts: TextRunner;
  readonly history: RunHistory;
  readonly favorites: Favorites;
}

const FRACTION_STEPS = 2 ** 32;

/** Builds the parts. */
export function createPlaying(options: PlayingOptions): Playing {
  const { config, edges, lifetime, stores, library, notifications } = options;
  const { clock, random, log } = options;
  const screen = new ExclusiveScreen({
    events: {
      started: (media) => notifications.publish("media.started", showStarted(media)),
      stopped: (media, elapsedMs) =>
        notifications.publish("media.stopped", showStopped(media, elapsedMs)),
    },
    clock,
  });
  const start = edges.createActionStarter(options.environment);
  const actions = new ActionRunner({ actions: config.actions, start, screen, clock, log });
  lifetime.early(() => actions.close());
  const favorites = new Favorites(stores.favorites, clock);
  stores.onReopened(() => favorites.reload());
  const history = new RunHistory({
    store: stores.history,
    isKept: () => options.settings.current.service.keepHistory,
    log,
  });
  lifetime.late(() => history.flush());
  const { media, createLaunch } = library;
  const launch = createLaunch?.({ screen, start, favorites, lookAt: edges.lookAtMedia });
  const texts = new TextRunner({
    actions,
    library: launch && { ...media, launch },
    history,
    onScanned: (token) => notifications.publish("tokens.added", showToken(token)),
    fraction: () => randomBelow(random, FRACTION_STEPS) / FRACTION_STEPS,
    clock,
  });
  return { screen, actions, texts, history, favorites };
}
