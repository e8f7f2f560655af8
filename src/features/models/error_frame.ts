// The frame that ends a stream which broke off, in the stream's own format and as its clients read
// it: Ollama's take a text, OpenAI's and Anthropic's an object.

import { type Bytes, utf8 } from "../../base/bytes.ts";
import type { AppError } from "../../base/app_error.ts";
import type { StreamFormat } from "./stream_frames.ts";

/** The last frame, with nothing in it but our fixed text. */
export function errorFrame(
  { code, message }: AppError,
  { format, requestId }: { format: StreamFormat; requestId: string },
): Bytes {
  const error = { code, message, request_id: requestId };
  switch (format) {
    case "ndjson":
      return utf8(`${JSON.stringify({ error: message, code, request_id: requestId })}\n`);
    case "chunks":
      return utf8(`data: ${JSON.stringify({ error })}\n\n`);
    case "responses":
      return namedEvent({ type: "error", code, message, param: null, error });
    case "messages":
      return namedEvent({
        type: "error",
        error: { type: "api_error", ...error },
        request_id: requestId,
      });
  }
}

function namedEvent(data: object): Bytes {
  return utf8(`event: error\ndata: ${JSON.stringify(data)}\n\n`);
}
