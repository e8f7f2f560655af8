// The requests that the model gateway knows: what a client asks for and what is asked upstream for
// it. Nothing that is not in this table exists (docs/protocol.md §8).

import type { StreamFormat } from "./stream_frames.ts";

/** What is done with the answer of an endpoint. */
export type EndpointKind =
  /** A model works; the answer is streamed or one document. */
  | "work"
  /** A model is described; the description is cut down to what is not the host's business. */
  | "show"
  /** Models are listed; those stay that the key may use. */
  | "list"
  /** An entry of such a list, for the model that the path names. */
  | "entry"
  /** The version of the server is told. */
  | "version";

/** Whose clients use an endpoint. */
export type ClientApi = "ollama" | "openai" | "anthropic";

/** One endpoint. */
export interface Endpoint {
  /** The method, of the client's request and of the one upstream. */
  readonly method: "GET" | "POST";
  /** The path, likewise; ":model" stands for the name of a model. */
  readonly path: string;
  /** What is done with the answer. */
  readonly kind: EndpointKind;
  /** Whose clients ask. */
  readonly api: ClientApi;
  /** How an answer of server-sent events is written. */
  readonly events: Exclude<StreamFormat, "ndjson">;
  /** Whether a streamed answer tells its tokens only to those who ask for it. */
  readonly asksForUsage: boolean;
}

const OLLAMA = { api: "ollama", events: "chunks", asksForUsage: false } as const;
const OPENAI = { ...OLLAMA, api: "openai" } as const;

/** All endpoints. */
export const ENDPOINTS: readonly Endpoint[] = [
  { ...OLLAMA, method: "POST", path: "/api/chat", kind: "work" },
  { ...OLLAMA, method: "POST", path: "/api/generate", kind: "work" },
  { ...OLLAMA, method: "POST", path: "/api/embed", kind: "work" },
  { ...OLLAMA, method: "POST", path: "/api/embeddings", kind: "work" },
  { ...OLLAMA, method: "POST", path: "/api/show", kind: "show" },
  { ...OLLAMA, method: "GET", path: "/api/tags", kind: "list" },
  { ...OLLAMA, method: "GET", path: "/api/ps", kind: "list" },
  { ...OLLAMA, method: "GET", path: "/api/version", kind: "version" },
  { ...OPENAI, method: "POST", path: "/v1/chat/completions", kind: "work", asksForUsage: true },
  { ...OPENAI, method: "POST", path: "/v1/completions", kind: "work", asksForUsage: true },
  { ...OPENAI, method: "POST", path: "/v1/embeddings", kind: "work" },
  { ...OPENAI, method: "POST", path: "/v1/responses", kind: "work", events: "responses" },
  { ...OPENAI, method: "GET", path: "/v1/models", kind: "list" },
  { ...OPENAI, method: "GET", path: "/v1/models/:model", kind: "entry" },
  {
    method: "POST",
    path: "/v1/messages",
    kind: "work",
    api: "anthropic",
    events: "messages",
    asksForUsage: false,
  },
];

// What Ollama's clients ask for beside its endpoints.
const OLLAMA_PATH =
  /^\/api\/(?:chat|generate|embed|embeddings|show|tags|ps|version|pull|push|create|delete|copy|me|signout|status|(?:blobs|user|experimental)\/.+)$/;

/** Whose clients ask for a path, whether it exists or not; undefined where nobody's do. */
export function clientApiOf(path: string): ClientApi | undefined {
  if (/^\/v1\/messages(?:\/|$)/.test(path)) return "anthropic";
  if (path.startsWith("/v1/")) return "openai";
  return OLLAMA_PATH.test(path) ? "ollama" : undefined;
}

/** Whether a path is one of them. */
export function isModelPath(path: string): boolean {
  return ENDPOINTS.some((endpoint) =>
    endpoint.kind === "entry"
      ? path.startsWith(endpoint.path.replace(":model", ""))
      : path === endpoint.path
  );
}
