// docs/api is what the code says: its files are made anew and compared, the OpenRPC document is of its
// own schema, and every example in it is of the schemas beside it.

import assert from "node:assert/strict";
import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import openRpcSchema from "@open-rpc/meta-schema";
import * as v from "valibot";
import { exampleMessages } from "../../packaging/build/reference/method_page.ts";
import { NOTIFICATIONS } from "../../src/features/rpc/notification_table.ts";
import { MEDIA_TEXTS } from "../../src/features/rpc/reference/media_texts.ts";
import { METHOD_TEXTS } from "../../src/features/rpc/reference/method_texts.ts";
import { jsonSchemaOf, NAMED_SHAPES } from "../../src/features/rpc/reference/json_schemas.ts";
import { describeApi } from "../../src/features/rpc/reference/openrpc.ts";
import { defineMethod } from "../../src/features/rpc/method.ts";
import { readMethodTable } from "../support/method_table.ts";
import { referenceFiles } from "../support/reference_files.ts";
import { sourceFiles } from "../support/source_files.ts";

const ROOT = new URL("../../", import.meta.url);
const table = readMethodTable();
const document = describeApi(table);

for (const [path, text] of await referenceFiles()) {
  Deno.test(`${path} is what deno task reference writes`, async () => {
    assert.ok(text.length > 500);
    assert.equal(await Deno.readTextFile(new URL(path, ROOT)), text);
  });
}

Deno.test("docs/api/openrpc.json is an OpenRPC document", () => {
  const ajv = new Ajv({ strict: false });
  addFormats.default(ajv);
  const { $schema: _dialect, ...openRpc } =
    (openRpcSchema as unknown as { default: Record<string, unknown> }).default;
  // The schema of schemas, which is not in the package: what stands in the document is draft 7.
  ajv.addSchema({ $id: "urn:draft7:reference", type: "string" });
  const offline = JSON.stringify(openRpc)
    .replaceAll(/"https:\/\/meta\.json-schema\.tools\/?#\/[^"]*"/g, '"urn:draft7:reference"')
    .replaceAll('"https://meta.json-schema.tools"', '"http://json-schema.org/draft-07/schema"');
  const isDocument = ajv.compile(JSON.parse(offline));
  assert.ok(isDocument(document), JSON.stringify(isDocument.errors));
  assert.ok(!isDocument({ ...document, methods: [{ name: 1 }] }));
  assert.ok(!isDocument({ ...document, surprise: 1 }));
});

function compile(schema: object): ValidateFunction {
  const ajv = new Ajv({ strict: true, strictTypes: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addKeyword("components");
  ajv.addSchema({ $id: "shapes", components: document.components });
  const text = JSON.stringify(schema).replaceAll('"#/components', '"shapes#/components');
  return ajv.compile(JSON.parse(text));
}

for (const method of document.methods) {
  Deno.test(`the example of ${method.name} is of its schemas, in both languages`, () => {
    const { request, answer } = exampleMessages(method) as {
      request: { params?: Record<string, unknown> };
      answer: { result: unknown };
    };
    const row = table.find(({ name }) => name === method.name);
    assert.ok(row !== undefined);
    assert.ok(v.is(row.params, request.params ?? {}));
    assert.ok(v.is(row.result, answer.result));
    const isResult = compile(method.result.schema);
    assert.ok(isResult(answer.result), JSON.stringify(isResult.errors));
    assert.ok(!isResult({ surprise: true }), "a schema that takes anything");
    for (const { name, schema } of method.params) {
      const value = request.params?.[name];
      if (value !== undefined) assert.ok(compile(schema)(value), name);
    }
    const known = method.params.map(({ name }) => name);
    assert.deepEqual(Object.keys(request.params ?? {}).filter((name) => !known.includes(name)), []);
  });
}

Deno.test("no text is of a method or a param that is not there", () => {
  const names = new Set(table.map(({ name }) => name));
  assert.deepEqual(Object.keys(METHOD_TEXTS).filter((name) => !names.has(name)), []);
  assert.ok(Object.keys(MEDIA_TEXTS).length > 10);
  for (const { name, params } of document.methods) {
    const known = params.map((param) => param.name);
    const told = Object.keys(METHOD_TEXTS[name]?.params ?? {});
    assert.deepEqual(told.filter((param) => !known.includes(param)), [], name);
  }
});

Deno.test("every named shape is used, and every reference leads to one", () => {
  const text = JSON.stringify(document);
  const used = new Set(
    [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name),
  );
  assert.deepEqual([...used].sort(), Object.keys(NAMED_SHAPES).sort());
});

Deno.test("describeApi() refuses a method or a param without a text, and a shape it cannot tell", () => {
  const method = (name: string, params: v.ObjectEntries): Parameters<typeof describeApi>[0] => [
    defineMethod({
      name,
      access: "anyone",
      params: v.object(params),
      result: v.null(),
      run: () => null,
    }),
  ];
  assert.throws(() => describeApi(method("surprise", {})), /surprise: no text/);
  assert.throws(() => describeApi(method("stop", { x: v.string() })), /stop: no text for x/);
  assert.throws(() => jsonSchemaOf(v.date()), /date/);
});

Deno.test("what is published is what the table of notifications says, to whom it says", () => {
  const published = [...sourceFiles("src")]
    .flatMap(({ text }) => [...text.matchAll(/\.publish\(\s*"([\w.]+)",(.*?)\)[;,]$/gms)])
    .map(([, name = "", rest = ""]) =>
      `${name} ${["local", "admin"].find((who) => rest.includes(`"${who}"`)) ?? "everyone"}`
    );
  const rows = Object.entries(NOTIFICATIONS).map(([name, { audience }]) => `${name} ${audience}`);
  // From several places, to the same ones.
  assert.deepEqual([...new Set(published)].sort(), rows.sort());
});
