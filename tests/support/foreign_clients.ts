// Clients of other makers as programs (tests/clients): each makes its row of calls at every address
// and prints what came of them.

import { isPrepared, preparedClients } from "../clients/prepare.ts";

/** What came of one call. */
export type CallOutcome =
  | { readonly said: unknown }
  /** The client's own class of error and its text. */
  | { readonly error: string; readonly message: string };

/** What came of a client's calls, by their names. */
export type ClientOutcomes = Readonly<Record<string, CallOutcome>>;

/** Names that the calls use. */
export interface ClientNames {
  readonly key: string;
  /** A model that chats. */
  readonly chat: string;
  /** A model that embeds. */
  readonly embed: string;
  /** A model that neither uses tools nor thinks nor inserts. */
  readonly plain: string;
  /** A model that the server does not have. */
  readonly gone: string;
}

/** A client of somebody else. */
export interface ForeignClient {
  readonly name: string;
  /** Its classes of error for a model that is not there and for a wrong key. */
  readonly errors: { readonly gone: string; readonly key: string };
  /**
   * Its class of error for a wrong key where errors are objects.
   * @default the same
   */
  readonly keyErrorOfObjects?: string;
  /**
   * Whether it shows nothing of an error that is an object.
   * @default false
   */
  readonly readsTextsOnly?: true;
  /**
   * What it says of a wrong key.
   * @default the gateway's text
   */
  readonly keyText?: RegExp;
  /** Its program; undefined where it is not prepared. */
  readonly command: readonly string[] | undefined;
}

/** All clients. */
export async function foreignClients(): Promise<readonly ForeignClient[]> {
  const { python, go } = await preparedClients();
  const folder = new URL("../clients/", import.meta.url).pathname;
  const hasPython = await isPrepared(python.whole);
  const ofPython = (name: string, gone: string, key = gone): ForeignClient => ({
    name,
    errors: { gone, key },
    command: hasPython ? [python.python, `${folder}python/rows.py`, name] : undefined,
  });
  const ofJavaScript = (
    program: string,
    name: string,
    gone: string,
    key = gone,
  ): ForeignClient => ({
    name,
    errors: { gone, key },
    command: [Deno.execPath(), "run", "-A", `${folder}node/rows.ts`, program],
  });
  return [
    ofPython("ollama", "ResponseError"),
    ofPython("openai", "NotFoundError", "AuthenticationError"),
    ofPython("anthropic", "NotFoundError", "AuthenticationError"),
    ofPython("langchain-ollama", "ResponseError"),
    ofPython("litellm", "NotFoundError", "AuthenticationError"),
    {
      name: "Ollama's for Go",
      errors: { gone: "StatusError", key: "AuthorizationError" },
      // It reads `error` as a text before it looks at the status, and shows the status alone.
      keyErrorOfObjects: "StatusError",
      keyText: /401|unauthorized/i,
      command: await isPrepared(go) ? [go] : undefined,
    },
    ofJavaScript("vercel", "Vercel's ai", "AI_APICallError"),
    { ...ofJavaScript("ollama", "Ollama's for JavaScript", "ResponseError"), readsTextsOnly: true },
    ofJavaScript("openai", "OpenAI's for JavaScript", "NotFoundError", "AuthenticationError"),
    ofJavaScript("anthropic", "Anthropic's for JavaScript", "NotFoundError", "AuthenticationError"),
  ];
}

/** Why a client cannot be run here. */
export function whyNoClient({ command }: ForeignClient): string | undefined {
  return command === undefined ? "needs its client: deno task clients" : undefined;
}

/** What a client's calls came to, at one address after the other. */
export async function runForeignClient(
  { name, command = [] }: ForeignClient,
  { names, urls }: { names: ClientNames; urls: readonly string[] },
): Promise<readonly ClientOutcomes[]> {
  const [program = "", ...args] = command;
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args, JSON.stringify(names), ...urls],
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${name}: ${text.decode(stderr)}`);
  return text.decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
}
