// Programs that the device starts, never through a shell.

import type { RunningProgram, StartProgram } from "../display/command.ts";

/** Starts a program with its input; it is ended after `limitMs`. */
export function createProgramStarter(limitMs: number): StartProgram {
  return (argv, options): RunningProgram => {
    const [program = "", ...args] = argv;
    const child = new Deno.Command(program, {
      args,
      env: { ...options.env },
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
