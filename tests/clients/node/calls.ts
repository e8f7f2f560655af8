// What the calls of all clients have in common.

/** What is asked of every model. */
export const PROMPT = "Say one word.";

/** The same as a conversation. */
export const MESSAGES = [{ role: "user" as const, content: PROMPT }];

/** What a tool takes. */
export const TOOL_PARAMETERS = {
  type: "object" as const,
  properties: { place: { type: "string" as const, description: "Where" } },
  required: ["place"],
};

/** A tool that a model may call. */
export const TOOL = {
  type: "function" as const,
  function: { name: "weather", description: "Tells the weather", parameters: TOOL_PARAMETERS },
};

/** Names that the calls use. */
export interface Names {
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

/** Calls by their names, in order. */
export type Rows = Readonly<Record<string, () => Promise<unknown>>>;

/** All of a stream. */
export async function collect<Part, Said>(
  stream: AsyncIterable<Part>,
  said: (part: Part) => Said,
): Promise<Said[]> {
  const all: Said[] = [];
  for await (const part of stream) all.push(said(part));
  return all;
}
