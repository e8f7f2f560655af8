// The bench's own echoes: what the same load costs the platform alone.

import { spawnChild } from "./children.ts";
import { ECHO_PAIRING } from "./echo_pairing.ts";
import type { Envelope, LoadPairing } from "./load/load_session.ts";

/** What an echo does with a frame. */
export type EchoCipher = "none" | "sync" | "webcrypto";

/** An echo that runs. */
export interface Echo {
  /** Where it answers. */
  readonly url: string;
  /** Its process. */
  readonly pid: number;
  /** How frames travel to it. */
  readonly envelope: Envelope;
  /** Who it takes for a client. */
  readonly pairing: LoadPairing;
  /** From the start of its process until it listened, in milliseconds. */
  readonly startMs: number;
  /** Ends it. */
  stop(): Promise<void>;
}

/** Starts an echo. */
export async function startEcho(cipher: EchoCipher): Promise<Echo> {
  const program = new URL("echo_server.ts", import.meta.url).pathname;
  const startedAtMs = performance.now();
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", program, cipher],
    stdout: "piped",
  });
  const child = spawnChild(command);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: port = "" } = await reader.read();
  return {
    url: `ws://127.0.0.1:${port.trim()}/`,
    pid: child.pid,
    envelope: cipher === "none" ? "plain" : "json",
    pairing: ECHO_PAIRING,
    startMs: performance.now() - startedAtMs,
    async stop(): Promise<void> {
      child.kill("SIGTERM");
      await reader.cancel();
      await child.status;
    },
  };
}
