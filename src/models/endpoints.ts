// The requests that the model gateway knows: what a client asks for and what is asked upstream for
// it. Nothing that is not in this table exists (docs/protocol.md §8).

/** What is done with the answer of an endpoint. */
export type EndpointKind =
  /** A model works; the answer is streamed or one document. */
  | "work"
  /** A model is described; the description is cut down to what is not the host's business. */
  | "show"
  /** Models are listed; those stay that the key may use. */
  | "list"
  /** The version of the server is told. */
  | "version";

/** One endpoint. */
export interface Endpoint {
  /** The method, of the client's request and of the one upstream. */
  readonly method: "GET" | "POST";
  /** The path, likewise. */
  readonly path: string;
  /** What is done with the answer. */
  readonly kind: EndpointKind;
  /** Whether a streamed answer tells its tokens only to those who ask for it. */
  readonly asksForUsage: boolean;
}

/** All endpoints. */
export const ENDPOINTS: readonly Endpoint[] = [
  { method: "POST", path: "/api/chat", kind: "work", asksForUsage: false },
  { method: "POST", path: "/api/generate", kind: "work", asksForUsage: false },
  { method: "POST", path: "/api/embed", kind: "work", asksForUsage: false },
  { method: "POST", path: "/api/show", kind: "show", asksForUsage: false },
  { method: "GET", path: "/api/tags", kind: "list", asksForUsage: false },
  { method: "GET", path: "/api/version", kind: "version", asksForUsage: false },
  { method: "POST", path: "/v1/chat/completions", kind: "work", asksForUsage: true },
  { method: "POST", path: "/v1/completions", kind: "work", asksForUsage: true },
  { method: "POST", path: "/v1/embeddings", kind: "work", asksForUsage: false },
  { method: "GET", path: "/v1/models", kind: "list", asksForUsage: false },
];
