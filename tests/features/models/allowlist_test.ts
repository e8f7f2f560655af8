// Names of models: one spelling each.

import assert from "node:assert/strict";
import { createAllowlist, fullModelName } from "../../../src/features/models/allowlist.ts";

const key = (
  models?: readonly string[],
): { keyId: string; models: readonly string[] | undefined } => ({
  keyId: "k3y00000",
  models,
});

Deno.test("fullModelName() adds the tag that a name without one has", () => {
  const ROWS: [string, string][] = [
    ["llama3.1", "llama3.1:latest"],
    ["llama3.1:8b", "llama3.1:8b"],
    ["user/llama", "user/llama:latest"],
    ["host:5000/user/llama", "host:5000/user/llama:latest"],
    ["host:5000/user/llama:8b", "host:5000/user/llama:8b"],
    ["llama:", "llama:"],
    ["", ":latest"],
  ];
  for (const [name, full] of ROWS) assert.equal(fullModelName(name), full);
});

Deno.test("a model is allowed by its exact name, with or without the tag latest", () => {
  const isAllowed = createAllowlist(["tagged:latest", "bare", "other:8b"]);
  for (const name of ["tagged", "tagged:latest", "bare", "bare:latest", "other:8b"]) {
    assert.equal(isAllowed(name, key()), true, name);
  }
  for (
    const name of ["other", "other:latest", "Tagged", "bare:8b", "bare:", " bare", "", ":latest"]
  ) {
    assert.equal(isAllowed(name, key()), false, name);
  }
  assert.equal(createAllowlist([])("bare", key()), false);
});

Deno.test("a key with models of its own has those of them that the gateway has", () => {
  const isAllowed = createAllowlist(["a", "b:1"]);
  assert.equal(isAllowed("a:latest", key(["a"])), true);
  assert.equal(isAllowed("a", key(["a:latest"])), true);
  assert.equal(isAllowed("b:1", key(["a"])), false);
  assert.equal(isAllowed("c", key(["c"])), false);
  assert.equal(isAllowed("a", key([])), false);
});
