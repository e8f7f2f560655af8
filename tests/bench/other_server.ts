// Another server of the same protocol on this machine, beside which the service is measured. What
// is known of it comes from the COMPARE_ variables (docs/performance.md).

import { spawnChild } from "./children.ts";
import type { Comparison } from "./bench_options.ts";
import { openPin } from "./device_tree.ts";
import { buildSlowCard } from "../support/slow_card.ts";
import { listenerPid } from "./listener_pid.ts";
import { type RunningServer, type Subject, type SubjectStart, untilReady } from "./subject.ts";

type ServerComparison = Extract<Comparison, { kind: "server" }>;

/** The server that the variables name; `folder` is for what has to be built. */
export function otherServer(comparison: ServerComparison, folder: string): Subject {
  const { name, port, startCommand } = comparison;
  return {
    name,
    async start(options: SubjectStart = {}): ReturnType<Subject["start"]> {
      if (options.delayFile !== undefined) return { whyNot: "its event loop cannot be watched" };
      if (startCommand === undefined) return whatRuns(comparison, options);
      if (options.isFirst) {
        const { resetCommand } = comparison;
        if (resetCommand === undefined) return { whyNot: "COMPARE_RESET is not set" };
        await shell(resetCommand);
      }
      const { slowFsyncMs } = options;
      const env = slowFsyncMs === undefined
        ? {}
        : (await buildSlowCard(folder)).env({ delayMs: slowFsyncMs });
      const startedAtMs = performance.now();
      const command = new Deno.Command("sh", {
        args: ["-c", startCommand],
        env,
        stdin: "null",
        stdout: "null",
        stderr: "null",
      });
      const child = spawnChild(command);
      const { pid, startMs } = await untilReady(port, startedAtMs);
      return {
        ...running(comparison, pid),
        startMs,
        async stop(): Promise<void> {
          Deno.kill(pid, "SIGTERM");
          await child.status;
        },
      };
    },
  };
}

// One that was there before the bench stays as it is.
function whatRuns(
  comparison: ServerComparison,
  { isFirst, slowFsyncMs }: SubjectStart,
): RunningServer | { whyNot: string } {
  if (isFirst || slowFsyncMs !== undefined) return { whyNot: "COMPARE_START is not set" };
  const pid = comparison.pid ?? listenerPid(comparison.port);
  if (pid === undefined) {
    throw new Error(`Nothing listens on port ${comparison.port}: is the other server running?`);
  }
  return running(comparison, pid);
}

function running({ port, pairCommand }: ServerComparison, pid: number): RunningServer {
  return {
    port,
    pid,
    paired: [],
    startMs: NaN,
    openPin: async () => {
      if (pairCommand === undefined) return await openPin(`http://127.0.0.1:${port}`);
      const written = await shell(pairCommand);
      const pin = /\b\d{6}\b|\b\d{8}\b/.exec(written)?.[0];
      if (pin === undefined) throw new Error(`COMPARE_PAIR printed no PIN: ${written}`);
      return pin;
    },
    stop: () => Promise.resolve(),
  };
}

async function shell(command: string): Promise<string> {
  const { success, stdout } = await new Deno.Command("sh", {
    args: ["-c", command],
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Failed: ${command}`);
  return new TextDecoder().decode(stdout);
}
