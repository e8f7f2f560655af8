// docs/api/openapi.json is an OpenAPI document, has every route of the server with no other, and tells
// of the statuses that the server's errors have.

import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { openApiDocument, type OpenApiNode } from "../../packaging/build/reference/openapi.ts";
import { STATUS_OF_CODE } from "../../src/edges/http/error_response.ts";
import { openModels } from "../edges/http/model_device.ts";

const document = openApiDocument();
const operations = Object.entries(document["paths"] as Record<string, OpenApiNode>)
  .flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path}`,
      operation: operation as OpenApiNode,
    }))
  );

Deno.test("docs/api/openapi.json is an OpenAPI 3.1 document", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors));
  assert.equal(validator.version, "3.1");
  const broken = { ...structuredClone(document), paths: { "/x": { get: { responses: 1 } } } };
  assert.ok(!(await new Validator().validate(broken)).valid);
});

Deno.test("docs/api/openapi.json has every route, and no other", () => {
  // "ALL" are steps before the routes, and the answer 405 after them.
  const actual = new Set(
    openModels().routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) =>
        `${method} ${path.replace(/:(\w+)/, "{$1}").replace(/\*$/, "{text}")}`
      ),
  );
  assert.deepEqual(operations.map(({ route }) => route).sort(), [...actual].sort());
});

Deno.test("every status of an error is told of somewhere, and every schema is used", () => {
  const told = new Set(
    operations.flatMap(({ operation }) => Object.keys(operation["responses"] as object)),
  );
  for (const status of Object.values(STATUS_OF_CODE)) {
    assert.ok(told.has(String(status)), String(status));
  }
  const used = new Set(
    [...JSON.stringify(document["paths"]).matchAll(/schemas\/(\w+)/g)].map(([, name]) => name),
  );
  const { schemas } = document["components"] as { schemas: object };
  assert.deepEqual([...used].sort(), Object.keys(schemas).sort());
});
