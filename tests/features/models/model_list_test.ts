// Lists and descriptions as clients see them.

import assert from "node:assert/strict";
import {
  cutDescription,
  cutEntry,
  cutVersion,
  filterModels,
  filterRunning,
  filterTags,
} from "../../../src/features/models/model_list.ts";

const isVisible = (name: string): boolean => name === "a:1";

Deno.test("a list keeps entries all of whose names may be seen", () => {
  const models = [
    { name: "a:1", model: "a:1" },
    { name: "a:1" },
    { model: "a:1" },
    { name: "a:1", model: "b" },
    { name: "b", model: "a:1" },
    { name: ["a:1"] },
    { digest: "x" },
    {},
    null,
    "a:1",
  ];
  assert.deepEqual(filterTags({ models }, isVisible), { models: models.slice(0, 3) });
  assert.deepEqual(filterTags({ models: null }, isVisible), { models: [] });
  assert.equal(filterTags({}, isVisible), undefined);
  assert.equal(filterTags({ models: {} }, isVisible), undefined);
  const data = [{ id: "a:1" }, { id: "b" }, { id: 1 }, {}];
  assert.deepEqual(filterModels({ data }, isVisible), { object: "list", data: [{ id: "a:1" }] });
  assert.equal(filterModels({ models: [] }, isVisible), undefined);
});

Deno.test("entries and descriptions have no members that tell of a host", () => {
  const foreign = {
    remote_host: "https://models.example",
    remote_model: "x",
    modelfile: "FROM /root",
    path: "/root",
  };
  const details = { family: "f", families: null, parent_model: "/root" };
  const entry = { name: "a:1", size: 1, digest: "d", modified_at: "t", details, ...foreign };
  assert.deepEqual(filterTags({ models: [entry] }, isVisible), {
    models: [
      {
        name: "a:1",
        size: 1,
        digest: "d",
        modified_at: "t",
        details: { family: "f", families: null },
      },
    ],
  });
  const running = { ...entry, size_vram: 2, expires_at: "t", context_length: 4096 };
  assert.deepEqual(filterRunning({ models: [running, { ...running, name: "b" }] }, isVisible), {
    models: [
      {
        name: "a:1",
        size: 1,
        digest: "d",
        expires_at: "t",
        size_vram: 2,
        context_length: 4096,
        details: { family: "f", families: null },
      },
    ],
  });
  assert.deepEqual(cutEntry({ id: "a:1", object: "model", ...foreign }, isVisible), {
    id: "a:1",
    object: "model",
  });
  assert.equal(cutEntry({ id: "b" }, isVisible), undefined);
  assert.equal(cutEntry({ object: "model" }, isVisible), undefined);
  assert.deepEqual(cutDescription({ license: "l", details, model_info: {}, ...foreign }), {
    license: "l",
    model_info: {},
    details: { family: "f", families: null },
  });
});

Deno.test("a version is a version", () => {
  assert.deepEqual(cutVersion({ version: "0.12.6-rc1+x", more: 1 }), { version: "0.12.6-rc1+x" });
  for (const version of [undefined, 1, "", "/root", "x".repeat(65), "a b"]) {
    assert.equal(cutVersion({ version }), undefined);
  }
});
