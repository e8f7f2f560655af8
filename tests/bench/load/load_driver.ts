// The load client as a process: built once into one file, started here or in the network namespace
// of another host.

import { fileURLToPath } from "node:url";
import { spawnChild } from "../children.ts";
import type { LoadCommand, LoadResult } from "./load_command.ts";

/** The program in one file, for Node. */
export interface LoadProgram {
  /** Where it lies. */
  readonly file: string;
  /** Starts it; in the namespace where one is named. */
  start(namespace?: string): LoadDriver;
}

/** A load client that runs. */
export interface LoadDriver {
  /** Has it do something; one thing at a time. */
  ask(command: LoadCommand): Promise<LoadResult & { readonly open: number }>;
  /** Ends it and its connections. */
  stop(): Promise<void>;
}

/** Bundles the load client into a folder. */
export async function buildLoadProgram(folder: string): Promise<LoadProgram> {
  const file = `${folder}/load_client.mjs`;
  const source = fileURLToPath(new URL("load_client.ts", import.meta.url));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "deno", "--output", file, source],
    cwd: fileURLToPath(new URL("../../../", import.meta.url)),
  }).output();
  if (!success) throw new Error(`Cannot bundle ${source}: ${new TextDecoder().decode(stderr)}`);
  return { file, start: (namespace) => startLoad(file, namespace) };
}

function startLoad(file: string, namespace: string | undefined): LoadDriver {
  const there = namespace === undefined ? [] : ["ip", "netns", "exec", namespace];
  const [program = "", ...args] = [...there, "node", file];
  const command = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" });
  const child = spawnChild(command);
  const writer = child.stdin.getWriter();
  const answers = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";

  async function readLine(): Promise<string> {
    while (!rest.includes("\n")) {
      const { value, done } = await answers.read();
      if (done) throw new Error("The load client has ended");
      rest += value;
    }
    const at = rest.indexOf("\n");
    const line = rest.slice(0, at);
    rest = rest.slice(at + 1);
    return line;
  }

  return {
    async ask(command: LoadCommand): Promise<LoadResult & { readonly open: number }> {
      await writer.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
      const { result, error } = JSON.parse(await readLine());
      if (error !== undefined) throw new Error(`${command.op}: ${error}`);
      return result;
    },
    async stop(): Promise<void> {
      await writer.close();
      await answers.cancel();
      await child.status;
    },
  };
}
