// The source tree obeys the rule of imports (docs/architecture.md), and the checker that says so
// finds every kind of violation.

import assert from "node:assert/strict";
import { checkImportGraph, type SourceFile } from "./support/import_graph.ts";

Deno.test("src/ obeys the rule of imports", () => {
  const files = [...sourceFiles("src")];
  assert.ok(files.some(({ path }) => path === "src/protocol/pake.ts"));
  assert.deepEqual(checkImportGraph(files), []);
});

const CLEAN: Record<string, string> = {
  "src/version.ts": 'import manifest from "../deno.json" with { type: "json" };',
  "src/base/bytes.ts": "export type Bytes = Uint8Array;",
  "src/protocol/pake.ts": 'import { p256 } from "@noble/curves/nist.js";\n' +
    'import type { Bytes } from "../base/bytes.ts";',
  "src/clients/client.ts": "export type Client = string;\nexport const MAX_CLIENTS = 50;",
  "src/session/session.ts": 'import { X } from "../protocol/pake.ts";',
  "src/pairing/pairing_window.ts": 'import type { Client } from "../clients/client.ts";\n' +
    'import {\n  type Session,\n  type Other,\n} from "../session/session.ts";\n' +
    'import { drawPin } from "./pin.ts";',
  "src/pairing/pin.ts": "export const PIN_DIGITS = 6;",
  "src/client/client.ts": 'import { X } from "../protocol/pake.ts";\n' +
    'import { hmac } from "@noble/hashes/hmac.js";',
  "src/config/config.ts": 'import { PIN_DIGITS } from "../pairing/pin.ts";\nimport "smol-toml";',
  "src/sqlite/database.ts": 'import { DatabaseSync } from "node:sqlite";\nDeno.openSync("x");',
  "src/cli/pair.ts": 'import { pair } from "../client/client.ts";\n' +
    'import type { Config } from "../config/config.ts";\nDeno.env.get("HOME");',
  "src/app.ts": 'import { open } from "./sqlite/database.ts";\nimport "./config/config.ts";',
  "src/main.ts": 'import { startApp } from "./app.ts";\nDeno.exit(0);',
};

Deno.test("checkImportGraph() finds nothing in a clean tree", () => {
  assert.deepEqual(checkImportGraph(tree({})), []);
});

const LONG = "// One line.\n".repeat(401);

// What is added to the clean tree, and all that is to be said about it.
const VIOLATIONS: [string, Record<string, string>, string[]][] = [
  ["an unknown folder", { "src/surprise/a.ts": 'import "../sqlite/database.ts";' }, [
    "src/surprise/a.ts: unknown place src/surprise: add it to HOMES in import_graph.ts",
  ]],
  ["an unknown file of the root", { "src/setup.ts": "" }, [
    "src/setup.ts: unknown place src/setup.ts: add it to HOMES in import_graph.ts",
  ]],
  ["base above itself", { "src/base/log.ts": 'import type { X } from "../protocol/pake.ts";' }, [
    "src/base/log.ts: imports src/protocol/pake.ts: protocol lies above base",
  ]],
  ["a protocol that knows a feature", {
    "src/protocol/ping.ts": 'import { Client } from "../clients/client.ts";',
  }, ["src/protocol/ping.ts: imports src/clients/client.ts: feature lies above protocol"]],
  ["a feature that knows an edge's type", {
    "src/rpc/message.ts": 'import type { Database } from "../sqlite/database.ts";',
  }, ["src/rpc/message.ts: imports src/sqlite/database.ts: edge lies above feature"]],
  ["a feature that knows the SDK", {
    "src/rpc/methods/a.ts": 'import { pair } from "../../client/client.ts";',
  }, ["src/rpc/methods/a.ts: imports src/client/client.ts: client lies above feature"]],
  ["an edge that knows the app", { "src/cli/serve.ts": 'import { startApp } from "../app.ts";' }, [
    "src/cli/serve.ts: imports src/app.ts: app lies above edge",
  ]],
  ["an app that knows main", { "src/app.ts": 'export * from "./main.ts";' }, [
    "src/app.ts: imports itself: src/app.ts → src/main.ts → src/app.ts",
    "src/app.ts: imports src/main.ts: main lies above app",
  ]],
  ["a constant of another feature", {
    "src/session/a.ts": 'import { MAX_CLIENTS, type Client } from "../clients/client.ts";',
  }, [
    "src/session/a.ts: imports src/clients/client.ts: a feature takes another feature's types only",
  ]],
  ["a side effect of another feature", { "src/session/a.ts": 'import "../clients/client.ts";' }, [
    "src/session/a.ts: imports src/clients/client.ts: a feature takes another feature's types only",
  ]],
  ["another feature passed on", {
    "src/session/a.ts": 'export { MAX_CLIENTS } from "../clients/client.ts";',
    "src/session/b.ts": 'export type { Client } from "../clients/client.ts";',
  }, [
    "src/session/a.ts: imports src/clients/client.ts: a feature takes another feature's types only",
  ]],
  ["a default of another feature beside types", {
    "src/session/a.ts": 'import client, { type Client } from "../clients/client.ts";',
  }, [
    "src/session/a.ts: imports src/clients/client.ts: a feature takes another feature's types only",
  ]],
  ["a late import of another feature", {
    "src/session/a.ts": 'const client = await import("../clients/client.ts");',
  }, [
    "src/session/a.ts: imports src/clients/client.ts: a feature takes another feature's types only",
  ]],
  ["an import that only a run can tell", { "src/session/a.ts": "await import(name);" }, [
    "src/session/a.ts: imports what only a run can tell",
  ]],
  ["an edge that knows another edge's type", {
    "src/http/server.ts": 'import type { Database } from "../sqlite/database.ts";',
  }, ["src/http/server.ts: imports src/sqlite/database.ts: edges never import each other"]],
  ["readers of the configuration", {
    "src/http/server.ts": 'import type { Config } from "../config/config.ts";',
    "src/display/a.ts": 'import type { Config } from "../config/config.ts";',
  }, [
    "src/display/a.ts: imports src/config/config.ts: only app, main and cli read the configuration",
    "src/http/server.ts: imports src/config/config.ts: only app, main and cli read the configuration",
  ]],
  ["the platform in a feature, a base and an app", {
    "src/display/a.ts": "Deno.readFileSync(path);",
    "src/base/a.ts": "const runtime = globalThis.Deno;",
    "src/app.ts": 'import { hostname } from "node:os";',
    "src/web/a.ts": "`${Deno.pid}`;",
  }, [
    "src/app.ts: imports node:os",
    "src/base/a.ts: uses Deno",
    "src/display/a.ts: uses Deno",
    "src/web/a.ts: uses Deno",
  ]],
  ["an end of the process outside main", { "src/cli/a.ts": "Deno.exit(1);" }, [
    "src/cli/a.ts: calls Deno.exit, which only main.ts may",
  ]],
  ["an SDK that cannot run in a browser", {
    "src/client/a.ts": 'import { WebSocket } from "ws";\nimport { Buffer } from "node:buffer";\n' +
      'import type { Client } from "../clients/client.ts";',
  }, [
    "src/client/a.ts: imports node:buffer",
    "src/client/a.ts: imports src/clients/client.ts: src/client imports only base and protocol",
    "src/client/a.ts: ws is not among BROWSER_PACKAGES",
  ]],
  ["a way out of src", { "src/pairing/pin.ts": 'import "../../tests/support/fake_clock.ts";' }, [
    "src/pairing/pin.ts: imports tests/support/fake_clock.ts: it lies outside src",
  ]],
  ["a cycle within a folder", {
    "src/rpc/a.ts": 'import "./b.ts";',
    "src/rpc/b.ts": 'import type { C } from "./c.ts";',
    "src/rpc/c.ts": 'export * from "./a.ts";',
  }, ["src/rpc/a.ts: imports itself: src/rpc/a.ts → src/rpc/b.ts → src/rpc/c.ts → src/rpc/a.ts"]],
  ["a long file", { "src/display/glyphs.ts": LONG }, [
    "src/display/glyphs.ts: 401 lines, at most 400",
  ]],
  ["files named after nothing", {
    "src/base/utils.ts": "",
    "src/rpc/index.ts": "",
    "src/rpc/types.ts": "",
    "src/http/http_helpers.ts": "",
    "src/session/session_manager.ts": "",
    "src/base/common.ts": "",
  }, [
    "src/base/common.ts: a file is named after its idea",
    "src/base/utils.ts: a file is named after its idea",
    "src/http/http_helpers.ts: a file is named after its idea",
    "src/rpc/index.ts: a file is named after its idea",
    "src/rpc/types.ts: a file is named after its idea",
    "src/session/session_manager.ts: a file is named after its idea",
  ]],
];
for (const [name, added, problems] of VIOLATIONS) {
  Deno.test(`checkImportGraph() names ${name}`, () => {
    assert.deepEqual(checkImportGraph(tree(added)), problems);
  });
}

Deno.test("checkImportGraph() is not misled by comments, texts and regular expressions", () => {
  const misleading = [
    '// import { startApp } from "../app.ts"; Deno.exit();',
    '/* import "../app.ts"; */',
    'const accept = "*/*, Deno.exit";',
    "const text = 'Deno';",
    "const quote = /[\"'`/]/;",
    'const import_ = "import from";',
    "const half = total / 2; // Deno",
  ].join("\n");
  assert.deepEqual(checkImportGraph(tree({ "src/rpc/a.ts": misleading })), []);
  const hidden = `const accept = "image/*";\nconst quote = /["\`]/;\nDeno.exit(); // */`;
  assert.deepEqual(checkImportGraph(tree({ "src/rpc/a.ts": hidden })), [
    "src/rpc/a.ts: calls Deno.exit, which only main.ts may",
    "src/rpc/a.ts: uses Deno",
  ]);
});

function tree(added: Record<string, string>): SourceFile[] {
  return Object.entries({ ...CLEAN, ...added }).map(([path, text]) => ({ path, text }));
}

function* sourceFiles(folder: string): Generator<SourceFile> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(`../${folder}`, import.meta.url))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sourceFiles(path);
    else if (/\.tsx?$/.test(name)) {
      yield { path, text: Deno.readTextFileSync(new URL(`../${path}`, import.meta.url)) };
    }
  }
}
