// A program of an action, as the runner sees it. How one is started is the platform's business.

/** How a program ended. */
export interface ProcessEnd {
  /** The exit code; null where a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it; null where it ended by itself. */
  readonly signal: string | null;
}

/** A running program with everything that it started. */
export interface ActionProcess {
  /** Resolves when the program itself has ended. */
  readonly ended: Promise<ProcessEnd>;
  /** Sends a signal to the whole group of processes; false where it reached none of them. */
  signal(name: "SIGTERM" | "SIGKILL"): boolean;
  /** Whether any process of the group is left, one that signals cannot reach included. */
  isAlive(): boolean;
  /** Takes what is left of the output; to be called when no process is left. */
  finish(): Promise<void>;
}

/** How a program is started. */
export interface StartActionOptions {
  /** The folder it runs in; the service's own where undefined. */
  readonly cwd: string | undefined;
  /** The names of variables of the service that it inherits beside the harmless ones. */
  readonly passEnv: readonly string[];
  /** Variables of its own. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Takes what it writes to its output and its error output; the chunk is valid until this returns.
   */
  readonly onOutput: (chunk: Uint8Array) => void;
}

/** Starts a program without a shell, in a group of its own; throws where it cannot be started. */
export type StartAction = (argv: readonly string[], options: StartActionOptions) => ActionProcess;
