// Programs that the device starts, never through a shell.

import type { RunningProgram, StartProgram } from "../../features/screen/command_display.ts";
import { inheritedEnvironment } from "./inherited_environment.ts";

/** Options of {@linkcode createProgramStarter}. */
export interface ProgramStarterOptions {
  /** After how many milliseconds a program is ended. */
  limitMs: number;
  /** The variables of the service; a program inherits those that are harmless. */
  environment: Readonly<Record<string, string>>;
}

/** A starter of programs that are handed their input. */
export function createProgramStarter(starter: ProgramStarterOptions): StartProgram {
  const { limitMs, environment } = starter;
  return (argv, options): RunningProgram => {
    const [program = "", ...args] = argv;
    const child = new Deno.Command(program, {
      args,
      clearEnv: true,
      env: { ...inheritedEnvironment(environment), ...options.env },
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const kill = (): void => {
      try {
        child.kill("SIGTERM");
      } catch {
        // It has ended by itself.
      }
    };
    const timer = setTimeout(kill, limitMs);
    const ended = Promise.all([feed(child, options.input), child.status]).then(() => {
      clearTimeout(timer);
    });
    return { ended, kill };
  };
}

async function feed(child: Deno.ChildProcess, input: string): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    // The program did not want its input.
  }
}
