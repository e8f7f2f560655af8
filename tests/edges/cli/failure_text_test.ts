import assert from "node:assert/strict";
import { counted } from "../../../src/edges/cli/counted.ts";
import { failureText } from "../../../src/edges/cli/failure_text.ts";

Deno.test("failureText() says what failed once", () => {
  const rows: [unknown, string][] = [
    [new Error("The passphrase is wrong"), "Cannot restore: The passphrase is wrong"],
    [new Error("Cannot use /data: it is full"), "Cannot use /data: it is full"],
    [new Error("Cannothing"), "Cannot restore: Cannothing"],
    ["text", "Cannot restore: text"],
  ];
  for (const [error, text] of rows) assert.equal(failureText("Cannot restore", error), text);
});

Deno.test("counted() has one thing, and none or many things", () => {
  assert.deepEqual([0, 1, 2].map((n) => counted(n, "API key")), [
    "0 API keys",
    "1 API key",
    "2 API keys",
  ]);
});
