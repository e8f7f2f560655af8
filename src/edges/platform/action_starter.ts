// Programs of actions: started without a shell, each in a session and a group of processes of its
// own, so that whatever they start can be ended with them.

import type { ActionProcess, StartAction } from "../../features/actions/action_process.ts";
import { inheritedEnvironment } from "./inherited_environment.ts";

/** How long output is still read after all processes are gone, in milliseconds. */
export const LATE_OUTPUT_MS = 500;

/** How much output is read at once, in bytes. */
export const READ_BYTES: number = 64 * 1024;

/** Sends a signal to a process, or to a group of them by its negative number; 0 only looks. */
export type SendSignal = (pid: number, signal: "SIGTERM" | "SIGKILL" | 0) => void;

/** A starter of programs that inherit what is harmless of this environment, and what they ask for. */
export function createActionStarter(
  environment: Readonly<Record<string, string>>,
  sendSignal: SendSignal = signalProcess,
): StartAction {
  return (argv, { cwd, env, passEnv, onOutput }): ActionProcess => {
    const [program = "", ...args] = argv;
    // Where the right was given up, the platform would ask on the terminal, and all would wait for it.
    if (Deno.permissions.querySync({ name: "run", command: program }).state !== "granted") {
      throw new Deno.errors.NotCapable("The right to start programs was given up");
    }
    const child = new Deno.Command(program, {
      args,
      ...(cwd === undefined ? {} : { cwd }),
      clearEnv: true,
      env: { ...inheritedEnvironment(environment, passEnv), ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
    const giveUp = new AbortController();
    const read = Promise.allSettled(
      [child.stdout, child.stderr].map((from) =>
        readAll(from, { onOutput, signal: giveUp.signal })
      ),
    );
    return {
      ended: child.status.then(({ code, signal }) =>
        signal === null ? { exitCode: code, signal } : { exitCode: null, signal }
      ),
      signal: (name) => reach(() => sendSignal(-child.pid, name)) === "reached",
      isAlive: () => reach(() => sendSignal(-child.pid, 0)) !== "nobody",
      async finish(): Promise<void> {
        // A process that left the group may hold the output open for ever.
        const timer = setTimeout(() => giveUp.abort(), LATE_OUTPUT_MS);
        await read;
        clearTimeout(timer);
      },
    };
  };
}

// Into one buffer again and again: a new one for each chunk costs 100 MiB until it is collected, where
// a program writes a lot. What `onOutput` keeps, it copies.
async function readAll(
  from: ReadableStream<Uint8Array<ArrayBuffer>>,
  to: { onOutput: (chunk: Uint8Array) => void; signal: AbortSignal },
): Promise<void> {
  const { onOutput, signal } = to;
  const reader = from.getReader({ mode: "byob" });
  signal.addEventListener("abort", () => void reader.cancel().catch(() => {}), { once: true });
  let buffer = new Uint8Array(READ_BYTES);
  for (;;) {
    const { done, value } = await reader.read(buffer);
    if (done || value === undefined) return;
    onOutput(value);
    buffer = new Uint8Array(value.buffer);
  }
}

// Programs that became another user's, as with sudo, are there and out of reach.
function reach(send: () => void): "reached" | "out_of_reach" | "nobody" {
  try {
    send();
    return "reached";
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied ? "out_of_reach" : "nobody";
  }
}

// The platform's types know no number for a signal, and 0 has no name.
function signalProcess(pid: number, signal: "SIGTERM" | "SIGKILL" | 0): void {
  Deno.kill(pid, signal as Deno.Signal);
}
