// A command at a terminal, with somebody who types.

import { utf8 } from "../../src/base/bytes.ts";

/** Why there is no terminal to be had, undefined where there is one. */
export function whyNoTerminal(): string | undefined {
  try {
    const { success } = new Deno.Command("script", { args: ["--version"], stdout: "null" })
      .outputSync();
    if (success) return undefined;
  } catch {
    // Not installed.
  }
  return "there is no script command";
}

/** Options of {@linkcode atTerminal}. */
export interface AtTerminalOptions {
  /** What is typed at each question, one after the other; Ctrl+C where there is no more. */
  typed: readonly string[];
  /** What a question looks like; with the flag g. */
  questions: RegExp;
  /**
   * Variables beside those of the test.
   * @default none
   */
  env?: Record<string, string>;
}

/** Runs a command and types the next text at each question; all that was shown. */
export async function atTerminal(
  command: readonly string[],
  { typed, questions, env = {} }: AtTerminalOptions,
): Promise<{ code: number; shown: string }> {
  const child = new Deno.Command("script", {
    args: ["-qefc", command.map((word) => `'${word}'`).join(" "), "/dev/null"],
    env,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const keyboard = child.stdin.getWriter();
  let shown = "";
  let answered = 0;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    shown += text;
    const asked = shown.match(questions)?.length ?? 0;
    for (; answered < asked; answered++) {
      await keyboard.write(utf8(typed[answered] ?? "\u0003"));
    }
  }
  await keyboard.close().catch(() => {});
  return { code: (await child.status).code, shown };
}
