// A model gateway in front of the fake server, in one process and under a clock that stands still.

import assert from "node:assert/strict";
import { AppError, type ErrorCode } from "../../../src/base/app_error.ts";
import type { LogFields, Logger } from "../../../src/base/log.ts";
import type { ModelLimits } from "../../../src/features/access/model_limits.ts";
import type { Accounting, RequestOutcome } from "../../../src/features/models/accounting.ts";
import { ENDPOINTS } from "../../../src/features/models/endpoints.ts";
import type { ModelSettings } from "../../../src/features/models/model_settings.ts";
import type { RequestRecord } from "../../../src/features/models/request_record.ts";
import { createModelGateway, type ModelGateway } from "../../../src/features/models/proxy.ts";
import type { Fetch } from "../../../src/features/models/upstream.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeOllama } from "../../support/fake_ollama.ts";

/** The longest body that it takes. */
export const MAX_BODY_BYTES: number = 16 * 1024 * 1024;

/** The settings of a gateway under test. */
export const SETTINGS: ModelSettings = {
  enabled: true,
  upstream: "http://models.example:11434",
  allow: ["llama3.1:8b", "nomic-embed-text"],
  errorStyle: "sanitized",
  maxBodyMib: 16,
  timeoutS: 60,
  maxConcurrent: 2,
  queue: 1,
  perKeyPerMinute: undefined,
  perKeyTokensPerDay: undefined,
  requestLog: undefined,
  databaseUrl: undefined,
  redisUrl: undefined,
};

/** The name of every request. */
export const REQUEST_ID = "8c6ff5c2-1c2b-4b6f-9a53-1d9a2f1e0f11";

/** One request. */
export interface Ask {
  /** The body; an object is sent as JSON. */
  body?: object | string | ReadableStream<Uint8Array>;
  /** The models of the key. */
  models?: readonly string[];
  /** The key. @default "k3y00000" */
  keyId?: string;
  /** The limits of the key. */
  limits?: ModelLimits;
  /** Aborts when the client leaves. */
  signal?: AbortSignal;
}

/** A gateway and what it did. */
export interface World {
  readonly ollama: FakeOllama;
  readonly clock: FakeClock;
  readonly gateway: ModelGateway;
  /** How many requests were let through. */
  begun(): number;
  /** What became of them. */
  readonly outcomes: RequestOutcome[];
  /** What was told of those that have ended. */
  readonly records: RequestRecord[];
  /** What was logged. */
  readonly lines: [level: string, message: string, fields: LogFields][];
  /** What the guard was told. */
  readonly told: string[];
  /** Asks an endpoint. */
  ask(path: string, ask?: Ask): Promise<Response>;
}

/** What a test changes. */
export interface WorldOptions {
  settings?: Partial<ModelSettings>;
  accounting?: Accounting;
  fetch?: Fetch;
}

/** Opens a gateway. */
export function openGateway(options: WorldOptions = {}): World {
  const ollama = new FakeOllama();
  const clock = new FakeClock();
  const outcomes: RequestOutcome[] = [];
  const records: RequestRecord[] = [];
  const lines: World["lines"] = [];
  const told: string[] = [];
  let begun = 0;
  const accounting: Accounting = options.accounting ?? {
    begin: () => {
      begun += 1;
      return Promise.resolve({ end: (outcome) => void outcomes.push(outcome) });
    },
  };
  const at = (level: string) => (message: string, fields: LogFields = {}): void => {
    lines.push([level, message, fields]);
  };
  const log: Logger = {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
  const gateway = createModelGateway({
    settings: () => ({ ...SETTINGS, ...options.settings }),
    fetch: options.fetch ?? ollama.fetch,
    accounting,
    onEnded: (record) => void records.push(record),
    clock,
    log,
  });
  return {
    ollama,
    clock,
    gateway,
    begun: () => begun,
    outcomes,
    records,
    lines,
    told,
    ask: (path, ask = {}) => {
      const { body, models, keyId = "k3y00000", limits } = ask;
      const { signal = new AbortController().signal } = ask;
      const endpoint = ENDPOINTS.find((known) => known.path === path);
      assert.ok(endpoint, path);
      return gateway.handle({
        endpoint,
        key: { keyId, models, limits },
        body: bodyStream(body),
        signal,
        requestId: REQUEST_ID,
        onBodyPart: () => told.push("part"),
        hold: () => () => {},
      });
    },
  };
}

/** A body in the given pieces. */
export function pieces(...parts: readonly (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return ReadableStream.from(
    parts.map((part) => typeof part === "string" ? encoder.encode(part) : part),
  );
}

/** A chat that is allowed. */
export const CHAT = {
  model: "llama3.1:8b",
  messages: [{ role: "user", content: "How far is the moon?" }],
};

/** Fails unless the answer is refused with this code; the refusal. */
export async function refused(answer: Promise<unknown>, code: ErrorCode): Promise<AppError> {
  try {
    await answer;
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code, error.message);
    assert.doesNotMatch(error.message, LEAKS);
    return error;
  }
  return assert.fail(`Expected ${code}`);
}

/** What no client is to read in an error. */
export const LEAKS =
  /ollama|postgres|redis|sqlite|traceback|example|10\.0\.0|https?:|\/root|\.ts\b|llama runner/i;

/** Lets everything run that needs no time. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

function bodyStream(body: Ask["body"]): ReadableStream<Uint8Array> | null {
  if (body === undefined) return null;
  if (body instanceof ReadableStream) return body;
  return pieces(typeof body === "string" ? body : JSON.stringify(body));
}
