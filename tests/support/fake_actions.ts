// Actions and programs of tests: nothing is started, and a test decides when a program ends.

import type {
  ActionProcess,
  ProcessEnd,
  StartAction,
} from "../../src/features/actions/action_process.ts";
import type { ActionSettings } from "../../src/features/actions/action_settings.ts";

/** An action that matches its own name, with what a test wants otherwise. */
export function sampleAction(
  name: string,
  settings: Partial<ActionSettings> = {},
): ActionSettings {
  return {
    name,
    match: name,
    command: [`run-${name}`],
    cwd: undefined,
    env: {},
    exclusive: true,
    passEnv: [],
    allowOptions: false,
    system: undefined,
    title: undefined,
    ...settings,
  };
}

/** A program that only a test ends. */
export interface FakeProgram {
  /** How it was started. */
  readonly argv: readonly string[];
  /** Its variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Its folder. */
  readonly cwd: string | undefined;
  /** The signals it got. */
  readonly signals: string[];
  /** Writes to its output. */
  write(text: string): void;
  /** Ends the program itself; `hasChildren` leaves others of its group behind. */
  end(how?: Partial<ProcessEnd>, hasChildren?: boolean): Promise<void>;
  /** Ends what it left behind. */
  endChildren(): void;
}

/** A starter, and everything it started. */
export function fakePrograms(): { start: StartAction; programs: FakeProgram[] } {
  const programs: FakeProgram[] = [];
  const start: StartAction = (argv, { cwd, env, onOutput }): ActionProcess => {
    if (argv[0] === "missing") throw new Deno.errors.NotFound("No such file: /opt/missing");
    const ended = Promise.withResolvers<ProcessEnd>();
    const signals: string[] = [];
    let isAlive = true;
    programs.push({
      argv,
      env,
      cwd,
      signals,
      write: (text) => onOutput(new TextEncoder().encode(text)),
      async end(how = { exitCode: 0 }, hasChildren = false): Promise<void> {
        isAlive = hasChildren;
        ended.resolve({ exitCode: null, signal: null, ...how });
        await settle();
      },
      endChildren: () => {
        isAlive = false;
      },
    });
    return {
      ended: ended.promise,
      signal: (name) => {
        if (isAlive) signals.push(name);
        return isAlive;
      },
      isAlive: () => isAlive,
      finish: () => Promise.resolve(),
    };
  };
  return { start, programs };
}

/** Lets everything that is ready run. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}
