// Expectations about AppErrors.

import assert from "node:assert/strict";
import { AppError, type ErrorCode } from "../../src/base/app_error.ts";

/** Fails unless `action` throws an AppError with this code. */
export function assertAppError(action: () => unknown, code: ErrorCode): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof AppError, `Expected an AppError, got ${String(error)}`);
    assert.equal(error.code, code);
    return true;
  });
}
