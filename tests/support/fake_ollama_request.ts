// What an Ollama server reads of a request, and how it writes its refusals in each of its APIs.

import { asJsonObject, type JsonObject } from "../../src/base/json.ts";

/** A request as Go's decoder reads it: names of members in any case. */
export class Ask {
  readonly #body: JsonObject;

  readonly #path: string;

  /** A body that was sent to a path. */
  constructor(body: JsonObject, path: string) {
    this.#body = body;
    this.#path = path;
  }

  /** Its model; only /api/show still reads the older name. */
  get model(): string {
    const older = this.#path === "/api/show" ? this.member("name") : "";
    return String(this.member("model") || older || "");
  }

  /** The first thing that it wants which not every model can do. */
  wanted(): string | undefined {
    if (toolCallsOf(this) !== undefined) return "tools";
    if (this.member("think") || this.member("reasoning_effort")) return "thinking";
    return this.member("suffix") ? "insert" : undefined;
  }

  /** Whether it wants a stream. */
  get streams(): unknown {
    return this.member("stream");
  }

  /** A member of its body. */
  member(name: string): unknown {
    const own = Object.keys(this.#body).findLast((key) => key.toLowerCase() === name);
    return own === undefined ? undefined : this.#body[own];
  }
}

/** The tools that a request brings along. */
export function toolCallsOf(ask: Ask): { name: string }[] | undefined {
  const tools = ask.member("tools");
  if (!Array.isArray(tools) || tools.length === 0) return undefined;
  return tools.map((tool) => ({ name: String(asJsonObject(tool?.function)?.["name"]) }));
}

/** The body of a refusal. */
export function errorBody(
  message: string,
  { path, status }: { path: string; status: number },
): object {
  const type = status === 404 ? "not_found_error" : "invalid_request_error";
  if (path === "/v1/messages") {
    return { type: "error", error: { type, message }, request_id: "req_12" };
  }
  return path.startsWith("/v1/")
    ? { error: { message, type: "api_error", param: null, code: null } }
    : { error: message };
}
