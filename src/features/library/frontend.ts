// The frontend of the device, as far as it can be asked and told: the EmulationStation of the
// Batocera family, over its HTTP API on this machine. What it runs it also ends, so that it knows.

/** A system as the frontend tells it. */
export interface FrontendSystem {
  /** Its own name, such as "megadrive". */
  readonly name: string;
  /** The name that people read. */
  readonly fullName: string;
}

/** A game as the frontend tells it: its metadata by the frontend's own keys, all texts. */
export interface FrontendGame {
  /** The absolute path of its file. */
  readonly path: string;
  /** The name that people read. */
  readonly name: string;
  /** Everything else that it says of the game, such as "desc" or "releasedate". */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What the frontend runs. */
export interface RunningGame {
  /** The path of its file, as the frontend writes it. */
  readonly path: string;
  /** The name that people read. */
  readonly name: string;
  /** The frontend's name of its system; undefined where it does not say. */
  readonly systemName: string | undefined;
}

/**
 * Asks and tells the frontend. Every method throws AppError "unavailable" where no frontend answers
 * in time, or where what answers is none. Each has its own time limit.
 */
export interface Frontend {
  /** Its systems with games of their own; collections are left out. */
  systems(signal: AbortSignal): Promise<FrontendSystem[]>;
  /** The games of one of its systems, one after the other; AppError "not_found" where it has none. */
  games(systemName: string, signal: AbortSignal): AsyncIterable<FrontendGame>;
  /** What runs; undefined where nothing does. */
  runningGame(signal?: AbortSignal): Promise<RunningGame | undefined>;
  /**
   * Launches the file with this path, and returns what runs as soon as the frontend confirms it.
   * AppError "not_found" where the frontend does not know the path: it says so of nothing else than
   * that no game starts.
   */
  launch(path: string, signal?: AbortSignal): Promise<RunningGame>;
  /** Ends what runs; returns when nothing runs any more. AppError "conflict" where it goes on. */
  stop(signal?: AbortSignal): Promise<void>;
  /** Shows a line on the screen for a while. */
  notify(text: string, signal?: AbortSignal): Promise<void>;
}
