// The frame that ends a stream which broke off, in the stream's own format and as its clients read
// it: Ollama's take a text, OpenAI's and Anthropic's an object.

import { type Bytes, utf8 } from "../../base/bytes.ts";
import type { AppError } from "../../base/app_error.ts";
import { clientErrorBody, type ErrorStyle, errorType } from "./client_errors.ts";
import type { StreamFormat } from "./stream_frames.ts";

/** Options of {@linkcode errorFrame}. */
export interface ErrorFrameOptions {
  /** How the stream is written. */
  format: StreamFormat;
  /** How errors are written. */
  style: ErrorStyle;
  /** Names the request. */
  requestId: string;
}

/** The last frame, with nothing in it but our fixed text. */
export function errorFrame(
  { code, message }: AppError,
  { format, style, requestId }: ErrorFrameOptions,
): Bytes {
  const error = { code, message, request_id: requestId };
  switch (format) {
    case "ndjson":
      return utf8(`${JSON.stringify({ error: message, code, request_id: requestId })}\n`);
    case "chunks": {
      const body = style === "client"
        ? clientErrorBody({ code, message, requestId }, "openai")
        : { error };
      return utf8(`data: ${JSON.stringify(body)}\n\n`);
    }
    case "responses":
      return namedEvent({ type: "error", code, message, param: null, error });
    case "messages":
      return namedEvent({
        type: "error",
        error: { type: errorType(code), ...error },
        request_id: requestId,
      });
  }
}

function namedEvent(data: object): Bytes {
  return utf8(`event: error\ndata: ${JSON.stringify(data)}\n\n`);
}
