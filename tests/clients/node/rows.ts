// Calls of one JavaScript client at each address, one line of JSON per address.
//
// Usage: rows.ts CLIENT '{"key", "chat", "embed", "plain", "gone"}' URL...

import { anthropicRows } from "./anthropic_rows.ts";
import type { Names, Rows } from "./calls.ts";
import { ollamaRows } from "./ollama_rows.ts";
import { openaiRows } from "./openai_rows.ts";
import { vercelRows } from "./vercel_rows.ts";

type Outcome = { said: unknown } | { error: string; message: string };

const CLIENTS: Readonly<Record<string, (url: string, names: Names) => Rows>> = {
  anthropic: anthropicRows,
  ollama: ollamaRows,
  openai: openaiRows,
  vercel: vercelRows,
};

async function outcomeOf(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { said: await call() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // Some classes keep the name of their parent.
    const { name } = error.name === "Error" ? error.constructor : error;
    return { error: name, message: error.message };
  }
}

const [client = "", names = "{}", ...urls] = Deno.args;
const rowsAt = CLIENTS[client];
if (rowsAt === undefined) throw new TypeError(`Unknown client: ${client}`);
for (const url of urls) {
  const outcomes: Record<string, Outcome> = {};
  for (const [name, call] of Object.entries(rowsAt(url, JSON.parse(names)))) {
    outcomes[name] = await outcomeOf(call);
  }
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(outcomes)}\n`));
}
