// The guard of guard_fixture.ts in a process of its own, whose memory and descriptors can be looked
// at and limited.

import { V8_FLAGS } from "../../packaging/build/deno.ts";
import assert from "node:assert/strict";
import type { GuardLimits } from "../../src/edges/http/guard/guard_limits.ts";

const KIB = 1024;
const FIXTURE = new URL("./guard_fixture.ts", import.meta.url).pathname;

/** A guard in a process of its own. */
export interface GuardProcess {
  readonly port: number;
  readonly innerPort: number;
  residentBytes(): Promise<number>;
  /** Resolves when the process has warned of something. */
  readonly warned: Promise<void>;
  /** Ends the process; what it warned of. */
  stop(): Promise<string>;
}

/** Starts a guard with these limits and so many descriptors. */
export async function startGuardProcess(
  limits: Partial<GuardLimits>,
  { maxDescriptors = 4096 } = {},
): Promise<GuardProcess> {
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      'ulimit -n "$0" && exec "$@"',
      String(maxDescriptors),
      Deno.execPath(),
      "run",
      // As the service is started on a device.
      ...V8_FLAGS,
      "-A",
      FIXTURE,
      JSON.stringify(limits),
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const warned = Promise.withResolvers<void>();
  const warnings = collect(child.stderr, () => warned.resolve());
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  if (value === "") throw new Error(`The guard did not start: ${await warnings}`);
  const { port, innerPort } = JSON.parse(value);
  return {
    port,
    innerPort,
    async residentBytes(): Promise<number> {
      const status = await Deno.readTextFile(`/proc/${child.pid}/status`);
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * KIB;
    },
    warned: warned.promise,
    async stop(): Promise<string> {
      await child.stdin.close();
      await reader.cancel();
      assert.equal((await child.status).code, 0);
      return await warnings;
    },
  };
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  onText: () => void,
): Promise<string> {
  let all = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    all += text;
    onText();
  }
  return all;
}
