// Expectations about ClientErrors.

import assert from "node:assert/strict";
import { ClientError, type ClientErrorCode } from "../../src/sdk/client_error.ts";

/** Fails unless the promise rejects with a ClientError of this code; the error. */
export async function expectClientError(
  promise: Promise<unknown>,
  code: ClientErrorCode,
): Promise<ClientError> {
  const error = await promise.then(() => undefined, (reason: unknown) => reason);
  assert.ok(error instanceof ClientError, `Expected a ClientError, got ${String(error)}`);
  assert.equal(error.code, code);
  return error;
}
