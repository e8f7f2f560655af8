// The PIN handed to a program: for launchers with a screen of their own. The program is started
// for every event without a shell, told in its environment and in one line of JSON on its input,
// and ended when the PIN goes.

import type { PinDisplay, PinOutcome, PinView } from "./pin_display.ts";
import { safeText } from "./safe_text.ts";

/** How long an event's program may run before it is ended, in milliseconds. */
export const DISPLAY_COMMAND_LIMIT_MS = 10_000;

/** A program that runs. */
export interface RunningProgram {
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  /** Ends it. */
  kill(): void;
}

/** Starts a program without a shell; throws where it cannot. */
export type StartProgram = (
  argv: readonly string[],
  options: { env: Readonly<Record<string, string>>; input: string },
) => RunningProgram;

/** What happened, as the program is told. */
export type DisplayEvent =
  | "show"
  | "warn"
  | "paired"
  | "expired"
  | "cancelled"
  | "failed"
  | "stopped";

/** Options of {@linkcode createCommandDisplay}. */
export interface CommandDisplayOptions {
  /** The program and its arguments. */
  argv: readonly string[];
  /** Starts it. */
  start: StartProgram;
}

/** A display that is a program. */
export function createCommandDisplay(options: CommandDisplayOptions): PinDisplay {
  const { argv, start } = options;
  let view: PinView | undefined;
  let running: RunningProgram | undefined;

  function run(event: DisplayEvent, facts: Readonly<Record<string, string>> = {}): void {
    running?.kill();
    running = undefined;
    const known = view === undefined ? {} : {
      pin: view.pin,
      expiresAt: new Date(view.expiresAtMs).toISOString(),
      url: view.url ?? "",
      device: view.deviceName,
    };
    // A name is a peer's text: in the environment it has no NUL, no line ends, nothing invisible.
    const told = { event, ...known, ...facts };
    const env = Object.fromEntries(
      Object.entries(told).map(([name, value]) => [environmentName(name), safeText(value, 256)]),
    );
    running = start(argv, { env, input: `${JSON.stringify(told)}\n` });
  }

  return {
    show: (next) => {
      view = next;
      run("show");
    },
    warn: ({ failures, limit, from }) =>
      run("warn", { failures: `${failures}`, limit: `${limit}`, from }),
    clear: (outcome) => {
      view = undefined;
      run(eventOf(outcome), outcome.kind === "paired" ? { client: outcome.clientName } : {});
    },
    close: () => {
      view = undefined;
      running?.kill();
      running = undefined;
    },
  };
}

function environmentName(name: string): string {
  return `LATCHKEY_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function eventOf(outcome: PinOutcome): DisplayEvent {
  return outcome.kind === "too_many_failures" ? "failed" : outcome.kind;
}
