import assert from "node:assert/strict";
import { HTTPException } from "hono/http-exception";
import { AppError, type ErrorCode } from "../../../src/base/app_error.ts";
import {
  DEFAULT_RETRY_AFTER_S,
  errorResponse,
  httpError,
  type SpecialStatus,
  STATUS_OF_CODE,
  toHttpError,
} from "../../../src/edges/http/error_response.ts";

const ID = "0f0e0d0c-0b0a-4908-8706-050403020100";
const SECRET = "sesame /var/lib/latchkey.sqlite";

const CODES: [ErrorCode, number][] = [
  ["bad_request", 400],
  ["unauthorized", 401],
  ["forbidden", 403],
  ["not_found", 404],
  ["conflict", 409],
  ["gone", 410],
  ["too_large", 413],
  ["rate_limited", 429],
  ["internal", 500],
  ["unavailable", 503],
  ["model_not_allowed", 403],
  ["unsupported_feature", 400],
  ["upstream_unavailable", 502],
  ["upstream_failed", 502],
  ["upstream_timeout", 504],
];

Deno.test("every code has a status and none has another", () => {
  assert.deepEqual(STATUS_OF_CODE, Object.fromEntries(CODES));
});

for (const [code, status] of CODES) {
  Deno.test(`errorResponse() answers ${code} with ${status} and the one body`, async () => {
    const response = errorResponse(new AppError(code, "What failed", { cause: SECRET }), ID);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("X-Request-ID"), ID);
    assert.equal(response.headers.get("Content-Type"), "application/json");
    assert.equal(response.headers.get("WWW-Authenticate"), status === 401 ? "Bearer" : null);
    const retry = status === 429 || status === 503 ? String(DEFAULT_RETRY_AFTER_S) : null;
    assert.equal(response.headers.get("Retry-After"), retry);
    const text = await response.text();
    assert.equal(
      text,
      `{"error":{"code":"${code}","message":"What failed","request_id":"${ID}"}}`,
    );
  });
}

Deno.test("errorResponse() tells when to try again", () => {
  const error = new AppError("rate_limited", "Too many requests", { retryAfterS: 7 });
  assert.equal(errorResponse(error, ID).headers.get("Retry-After"), "7");
});

const SPECIAL: SpecialStatus[] = [405, 415, 421, 426];
for (const status of SPECIAL) {
  Deno.test(`errorResponse() answers httpError(${status}) with its headers and the one body`, async () => {
    const response = errorResponse(httpError(status, "What failed", { Allow: "GET" }), ID);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("Allow"), "GET");
    assert.equal(response.headers.get("X-Request-ID"), ID);
    assert.deepEqual(await response.json(), {
      error: { code: "bad_request", message: "What failed", request_id: ID },
    });
  });
}

class Hostile extends Error {
  readonly code = "unauthorized";
  readonly status = 200;
  override get message(): string {
    return SECRET;
  }
}

const OTHERS: [string, unknown][] = [
  ["an Error", new Error(SECRET)],
  ["a TypeError", new TypeError(SECRET)],
  ["an error of the platform", new Deno.errors.NotFound(SECRET)],
  ["an Error that looks like one of ours", new Hostile()],
  ["an exception of the framework", new HTTPException(418, { message: SECRET })],
  [
    "an exception of the framework with an answer",
    new HTTPException(401, { res: new Response(SECRET), message: SECRET }),
  ],
  ["a text", SECRET],
  ["a number", 5],
  ["undefined", undefined],
  ["null", null],
  ["an object", { code: "gone", message: SECRET }],
  ["an Error around one of ours", new Error(SECRET, { cause: new AppError("gone", SECRET) })],
];
for (const [name, thrown] of OTHERS) {
  Deno.test(`errorResponse() answers ${name} with the fixed 500`, async () => {
    assert.equal(toHttpError(thrown).error.code, "internal");
    const response = errorResponse(thrown, ID);
    assert.equal(response.status, 500);
    assert.equal(
      await response.text(),
      `{"error":{"code":"internal","message":"Internal error","request_id":"${ID}"}}`,
    );
    assert.ok(![...response.headers].flat().some((text) => text.includes("sesame")));
  });
}

Deno.test("toHttpError() keeps what was thrown for the log", () => {
  const thrown = new Error(SECRET);
  assert.equal(toHttpError(thrown).error.cause, thrown);
});
