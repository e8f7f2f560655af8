// A streamed answer on its way to the client: read from upstream only as fast as the client takes
// it, passed on chunk by chunk, and ended with one error frame where it breaks off.

import type { Bytes } from "../../base/bytes.ts";
import { type AppError, asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import type { ErrorStyle } from "./client_errors.ts";
import { errorFrame } from "./error_frame.ts";
import type { ProxiedRequest } from "./proxied_request.ts";
import type { StreamFormat } from "./stream_frames.ts";
import { StreamFilter } from "./stream_filter.ts";
import { type AnswerSource, failedUpstream } from "./upstream.ts";

/** Options of {@linkcode openAnswerStream}. */
export interface AnswerStreamOptions {
  /** The answer as it comes. */
  source: AnswerSource;
  /** How it is written. */
  format: StreamFormat;
  /** How errors are written. */
  style: ErrorStyle;
  /** Whether what tells the tokens is kept from the client. */
  hidesUsage: boolean;
  /** The request; ended with the stream. */
  exchange: ProxiedRequest;
  /** Names the request in an error frame. */
  requestId: string;
  /** Hears what went wrong; has the request's id already. */
  log: Logger;
}

interface Step {
  readonly passed: readonly Bytes[];
  readonly isLast: boolean;
  /** Whether the upstream's answer has come to its end. */
  readonly isWhole?: boolean;
  readonly error?: AppError;
}

/**
 * The stream for the client, once its first frame is there. Throws AppError where none comes, so
 * that a failure before the first frame has a status of its own.
 */
export async function openAnswerStream(
  options: AnswerStreamOptions,
): Promise<ReadableStream<Bytes>> {
  const { exchange } = options;
  const judge = new StreamFilter(options);
  const next = (): Promise<Step> => nextStep({ ...options, judge });
  let first: Step | undefined = await next();
  exchange.signal.throwIfAborted();
  exchange.handOn(0);
  let isPulling = false;

  return new ReadableStream<Bytes>({
    start: (controller) => {
      // Nobody reads: an error frame would not be read either.
      const onAbort = (): void => {
        if (isPulling || exchange.hasEnded) return;
        controller.error(exchange.failure);
        exchange.end();
      };
      exchange.signal.addEventListener("abort", onAbort, { once: true });
      exchange.atEnd(() => exchange.signal.removeEventListener("abort", onAbort));
      exchange.waitFor("reader");
    },
    pull: async (controller) => {
      isPulling = true;
      const step = first ?? await next();
      first = undefined;
      isPulling = false;
      if (exchange.hasEnded) return;
      const last = step.error === undefined ? [] : [errorFrame(step.error, options)];
      for (const bytes of [...step.passed, ...last]) {
        controller.enqueue(bytes);
        exchange.handOn(bytes.length);
      }
      if (!step.isLast) return exchange.waitFor("reader");
      controller.close();
      exchange.end(step);
    },
    cancel: () => {
      exchange.leave();
      exchange.end();
    },
  }, { highWaterMark: 0 });
}

interface StepOptions extends AnswerStreamOptions {
  judge: StreamFilter;
}

// Reads until something may go out or nothing more comes. Never rejects.
async function nextStep(options: StepOptions): Promise<Step> {
  const { source, judge, exchange, log } = options;
  for (;;) {
    exchange.waitFor("server");
    const { piece, cause } = await readPiece(source);
    // After the last frame nothing can be missing.
    if (cause !== undefined && judge.isFinal) return { passed: [], isLast: true };
    if (cause !== undefined) return { passed: [], isLast: true, error: brokenOff(cause, options) };
    const { passed, fault } = piece === undefined ? judge.finish() : judge.push(piece);
    exchange.tokens = judge.tokens;
    if (fault !== undefined) {
      log.warn("The answer cannot be passed on", { ...fault });
      return { passed, isLast: true, error: exchange.fail(failedUpstream()) };
    }
    if (piece === undefined) return { passed, isLast: true, isWhole: true };
    if (passed.length > 0) return { passed, isLast: false };
  }
}

function brokenOff(cause: Error, { exchange, log }: StepOptions): AppError {
  if (exchange.failure === undefined) log.warn("The answer ended early", { error: cause });
  return exchange.fail(failedUpstream());
}

async function readPiece(source: AnswerSource): Promise<{ piece?: Bytes; cause?: Error }> {
  try {
    const piece = await source.read();
    return piece === undefined ? {} : { piece };
  } catch (error) {
    return { cause: asError(error) };
  }
}
