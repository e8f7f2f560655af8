// Programs of actions: started without a shell, each in a session and a group of processes of its
// own, so that whatever they start can be ended with them.

import { kill } from "node:process";
import type { ActionProcess, StartAction } from "../actions/action_process.ts";

/** How long output is still read after all processes are gone, in milliseconds. */
export const LATE_OUTPUT_MS = 500;

/** A starter of programs that inherit this environment; what begins with LATCHKEY_ is left out. */
export function createActionStarter(environment: Readonly<Record<string, string>>): StartAction {
  const inherited = Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith("LATCHKEY_")),
  );
  return (argv, { cwd, env, onOutput }): ActionProcess => {
    const [program = "", ...args] = argv;
    const child = new Deno.Command(program, {
      args,
      ...(cwd === undefined ? {} : { cwd }),
      clearEnv: true,
      env: { ...inherited, ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
    const giveUp = new AbortController();
    const read = Promise.allSettled(
      [child.stdout, child.stderr].map((stream) =>
        stream.pipeTo(new WritableStream({ write: onOutput }), { signal: giveUp.signal })
      ),
    );
    return {
      ended: child.status.then(({ code, signal }) =>
        signal === null ? { exitCode: code, signal } : { exitCode: null, signal }
      ),
      signal: (name) => signalGroup(child.pid, name),
      isAlive: () => signalGroup(child.pid, 0),
      async finish(): Promise<void> {
        // A process that left the group may hold the output open for ever.
        const timer = setTimeout(() => giveUp.abort(), LATE_OUTPUT_MS);
        await read;
        clearTimeout(timer);
      },
    };
  };
}

// Signal 0 only looks.
function signalGroup(leader: number, signal: "SIGTERM" | "SIGKILL" | 0): boolean {
  try {
    kill(-leader, signal);
    return true;
  } catch {
    return false;
  }
}
