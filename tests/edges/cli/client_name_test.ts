import assert from "node:assert/strict";
import { checkClientName } from "../../../src/edges/cli/client_name.ts";
import { UsageError } from "../../../src/edges/cli/command.ts";
import { MAX_CLIENT_NAME_BYTES } from "../../../src/features/access/client.ts";

Deno.test("a client's name has 1 to 128 bytes of UTF-8", () => {
  assert.equal(MAX_CLIENT_NAME_BYTES, 128);
  for (const name of ["a", "a".repeat(128), "é".repeat(64)]) checkClientName("--name", name);
  for (const name of ["", "a".repeat(129), `${"é".repeat(64)}a`]) {
    assert.throws(
      () => checkClientName("--name", name),
      new UsageError("--name: expected 1 to 128 bytes"),
    );
  }
});
