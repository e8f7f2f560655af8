import assert from "node:assert/strict";
import { AppError, asError, toAppError } from "../../src/base/app_error.ts";

Deno.test("an AppError carries its code, its message, its cause and when to try again", () => {
  const cause = new Error("detail");
  const error = new AppError("rate_limited", "Too many requests", { cause, retryAfterS: 3 });
  assert.ok(error instanceof Error);
  assert.equal(error.name, "AppError");
  assert.equal(error.code, "rate_limited");
  assert.equal(error.message, "Too many requests");
  assert.equal(error.cause, cause);
  assert.equal(error.retryAfterS, 3);
});

Deno.test("an AppError without options has no cause and no time", () => {
  const error = new AppError("gone", "PIN expired");
  assert.equal(Object.hasOwn(error, "cause"), false);
  assert.equal(error.retryAfterS, undefined);
});

Deno.test("toAppError() leaves an AppError as it is", () => {
  const error = new AppError("conflict", "PIN is already shown");
  assert.equal(toAppError(error), error);
});

for (
  const thrown of [new Error("/secret/path"), new TypeError("bug"), "text", 7, null, undefined]
) {
  Deno.test(`toAppError() makes an internal error of ${String(thrown)} and tells nothing of it`, () => {
    const error = toAppError(thrown);
    assert.equal(error.code, "internal");
    assert.equal(error.message, "Internal error");
    assert.equal(error.cause, thrown);
  });
}

Deno.test("asError() leaves errors as they are and wraps the rest", () => {
  const error = new TypeError("bug");
  assert.equal(asError(error), error);
  assert.deepEqual(["text", 7, null, undefined].map((thrown) => asError(thrown).message), [
    "text",
    "7",
    "null",
    "undefined",
  ]);
});
