// Launching a media: its file is looked at right before, and then either the owner's command runs or
// the frontend is told. Both have the screen as exclusive actions do.

import { AppError, asError } from "../../base/app_error.ts";
import type { Clock } from "../../base/clock.ts";
import { LimitedLog } from "../../base/limited_log.ts";
import type { Logger } from "../../base/log.ts";
import type { StartAction } from "../actions/action_process.ts";
import type { Media } from "../actions/action_table.ts";
import type { ExclusiveScreen, ScreenUse } from "../actions/exclusive_screen.ts";
import { fillCommand } from "./command_template.ts";
import type { FrontendPlayer } from "./frontend_player.ts";
import type { CommandStep, IndexedMedia, LibrarySystem } from "./media.ts";
import { type FilledStep, startSteps, type StepRun } from "./step_run.ts";
import type { SystemCatalogue } from "./system_catalogue.ts";
import type { RunToken } from "./text_runner.ts";

/** The grace between SIGTERM and SIGKILL where the service itself is ending, in milliseconds. */
export const LAUNCHER_CLOSE_GRACE_MS = 1500;

/** What a file of a media turned out to be. */
export type MediaFileState =
  /** A regular file in the folder, or a folder that is a media as a whole, whatever links lead to it. */
  | "there"
  /** There is no such file at this time. */
  | "missing"
  /** It lies outside the folder, by a link. */
  | "outside"
  /** A pipe or a device. */
  | "no_file";

/** Looks at a file by its path and the folder that it must lie in; never throws. */
export type LookAtMedia = (path: string, folder: string) => MediaFileState;

/** Options of {@linkcode MediaLauncher}. */
export interface MediaLauncherOptions {
  catalogue: SystemCatalogue;
  /** What media take. */
  screen: ExclusiveScreen;
  lookAt: LookAtMedia;
  /** Starts programs. */
  start: StartAction;
  /** Launches over the frontend. */
  frontend: FrontendPlayer;
  /** What clients are told of a media. */
  describe: (media: IndexedMedia, system: LibrarySystem) => Media;
  clock: Clock;
  log: Logger;
}

const REFUSALS = {
  missing: ["not_found", "The file of this media is not there"],
  outside: ["forbidden", "The file of this media lies outside its system's folder"],
  no_file: ["forbidden", "The file of this media is a pipe or a device"],
} as const;

/** Launches media. */
export class MediaLauncher {
  readonly #options: MediaLauncherOptions;
  /** Whoever may run texts causes them. */
  readonly #lines: LimitedLog;
  #run: StepRun | undefined;

  /** A launcher that has launched nothing yet. */
  constructor(options: MediaLauncherOptions) {
    this.#options = options;
    this.#lines = new LimitedLog(options);
  }

  /**
   * Launches a media; resolves when it has begun. not_found and forbidden for its file, unavailable
   * where no source has its system any more, the system cannot be launched, a program cannot be
   * started or the frontend does not answer; conflict where another text or a stop came after it.
   */
  async launch(media: IndexedMedia, token: RunToken): Promise<void> {
    const { catalogue, screen, frontend, describe } = this.#options;
    const system = catalogue.systemOf(media);
    if (system === undefined) {
      throw new AppError("unavailable", "No source of the library has this system at this time");
    }
    const { launch } = system;
    if (launch.kind === "refused") {
      this.#lines.write({
        level: "warn",
        message: "Media cannot be launched",
        of: system.id,
        fields: { system: system.id, reason: launch.reason },
      });
      throw new AppError("unavailable", "The command of this system cannot be run: see the log");
    }
    // Before anything is ended for its sake, and again in the turn in which it starts.
    this.#checkFile(media, system);
    const steps = launch.kind === "command" ? fillSteps(launch.steps, media) : [];
    const shown = describe(media, system);
    await screen.take({
      name: "library",
      inTheWay: [],
      ...(launch.kind === "emulationstation_http" ? { check: () => frontend.check() } : {}),
      start: () => {
        this.#checkFile(media, system);
        if (launch.kind === "command") return this.#startSteps(steps, { shown, token });
        return frontend.launch(shown);
      },
    });
    this.#lines.write({
      message: "Media launched",
      of: system.id,
      fields: { system: system.id, mediaId: media.mediaId },
    });
  }

  /** Ends the programs that it has started; what a frontend runs goes on. Never rejects. */
  async close(): Promise<void> {
    this.#options.screen.close();
    await this.#run?.endWithin(LAUNCHER_CLOSE_GRACE_MS).catch(() => {});
  }

  #checkFile({ path }: IndexedMedia, { folder }: LibrarySystem): void {
    const state = this.#options.lookAt(path, folder);
    if (state === "there") return;
    const [code, message] = REFUSALS[state];
    throw new AppError(code, message);
  }

  #startSteps(
    steps: readonly FilledStep[],
    { shown, token }: { shown: Media; token: RunToken },
  ): ScreenUse {
    const { start, clock } = this.#options;
    const { text, uid } = token;
    const env = { LATCHKEY_TEXT: text, ...(uid === undefined ? {} : { LATCHKEY_UID: uid }) };
    const onFailed = (error: Error): void => {
      const { systemId: system } = shown;
      this.#lines.write({
        level: "error",
        message: "A program of a media cannot be run",
        of: system ?? "",
        fields: { system, error },
      });
    };
    let run: StepRun;
    try {
      run = startSteps({
        steps,
        start: (argv, onOutput) => start(argv, { cwd: undefined, passEnv: [], env, onOutput }),
        onFailed,
        clock,
      });
    } catch (error) {
      onFailed(asError(error));
      throw new AppError("unavailable", "The program of this system cannot be started", {
        cause: error,
      });
    }
    this.#run = run;
    const { startedAtMs, over } = run;
    return {
      media: shown,
      startedAtMs,
      begun: Promise.resolve(),
      over,
      get isOver() {
        return run.isOver;
      },
      endWithin: (graceMs) => run.endWithin(graceMs),
    };
  }
}

function fillSteps(steps: readonly CommandStep[], media: IndexedMedia): FilledStep[] {
  return steps.map((step) => ({
    argv: fillCommand(step, media),
    needsSuccess: step.needsSuccess,
    hasFile: step.argv.some((argument) => argument.some(({ kind }) => kind !== "literal")),
  }));
}
