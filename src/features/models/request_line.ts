// A request of the model gateway as one line of JSON, for the request log.

import type { ErrorCode } from "../../base/app_error.ts";
import { outcomeOf, type RequestRecord } from "./request_record.ts";

/** Options of {@linkcode requestLine}. */
export interface RequestLineOptions {
  /** When it ended, in milliseconds since 1970. */
  wallMs: number;
  /** The status of an error. */
  statusOf: (code: ErrorCode) => number;
}

/** The line, without its end. `status` is null where the client left before there was one. */
export function requestLine(record: RequestRecord, options: RequestLineOptions): string {
  const { requestId, keyId, model, path, hasAnswer, code } = record;
  const { durationMs, firstByteMs, waitedMs } = record;
  const { promptTokens, outputTokens, bodyBytes, answerBytes } = record;
  const refused = code === undefined || record.hasLeft ? null : options.statusOf(code);
  return JSON.stringify({
    time: new Date(options.wallMs).toISOString(),
    requestId,
    keyId,
    model: model ?? null,
    path,
    status: hasAnswer ? 200 : refused,
    outcome: outcomeOf(record),
    durationMs: Math.round(durationMs),
    firstByteMs: rounded(firstByteMs),
    waitedMs: rounded(waitedMs),
    promptTokens,
    outputTokens,
    bodyBytes,
    answerBytes,
  });
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}
