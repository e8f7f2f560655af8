// Programs of the clients in other languages, and the ones that their READMEs print: what the tests
// run is what people copy.

import { utf8 } from "../../src/base/bytes.ts";
import { callLocal } from "./service_process.ts";
import { until } from "./until.ts";

/** The address that the READMEs name. */
const DOCUMENTED_PORT = "127.0.0.1:7497";

/** A program that runs. */
export interface ClientProgram {
  /** What it wrote so far. */
  written(): { stdout: string; stderr: string };
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number>;
  /** Ends it. */
  kill(): void;
}

/** The blocks of code of a language in a document, in order. */
export function codeBlocks(document: string, language: string): string[] {
  const blocks = document.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"));
  return [...blocks].map(([, code = ""]) => code);
}

/** A program of a README with the address of a service in the place of the one it names. */
export function addressed(code: string, baseUrl: string): string {
  return code.replace(DOCUMENTED_PORT, new URL(baseUrl).host);
}

/** Starts a program in a folder, with a text on its standard input. */
export function startProgram(
  [program = "", ...args]: readonly string[],
  options: { cwd: string; input?: string; env?: Record<string, string> },
): ClientProgram {
  const { cwd, input = "", env = {} } = options;
  const child = new Deno.Command(program, {
    args,
    cwd,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const written = { stdout: "", stderr: "" };
  const collect = async (name: "stdout" | "stderr"): Promise<void> => {
    for await (const text of child[name].pipeThrough(new TextDecoderStream())) {
      written[name] += text;
    }
  };
  const type = async (): Promise<void> => {
    const keyboard = child.stdin.getWriter();
    await keyboard.write(utf8(input)).catch(() => {});
    await keyboard.close().catch(() => {});
  };
  const ended = Promise.all([child.status, collect("stdout"), collect("stderr"), type()])
    .then(([{ code }]) => code);
  return {
    written: () => ({ ...written }),
    ended,
    kill(): void {
      try {
        child.kill();
      } catch {
        // It has ended by itself.
      }
    },
  };
}

/** What a program wrote and its exit code, once it has ended. */
export async function runProgram(
  command: readonly string[],
  options: { cwd: string; input?: string; env?: Record<string, string> },
): Promise<{ code: number; stdout: string; stderr: string }> {
  const program = startProgram(command, options);
  const code = await program.ended;
  return { code, ...program.written() };
}

/** The clients of a service. */
export async function clientsOf(
  baseUrl: string,
): Promise<{ clientId: string; clientName: string }[]> {
  const { clients } = await callLocal(baseUrl, "clients") as {
    clients: { clientId: string; clientName: string }[];
  };
  return clients;
}

/** Waits until the game that a client started has said so: `run` is answered before it does. */
export async function untilPlayed(folder: string): Promise<void> {
  const game = `${folder}/roms/Tetris (World).gb`;
  await until("the game is played", async () => {
    const played = await Deno.readTextFile(`${folder}/played`).catch(() => "");
    return played === game;
  });
}
