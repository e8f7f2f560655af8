// The source tree obeys the rule of imports (docs/architecture.md), and the checker that says so
// finds every kind of violation.

import assert from "node:assert/strict";
import { checkImportGraph } from "./support/import_graph.ts";
import { type SourceFile, sourceFiles } from "./support/source_files.ts";

Deno.test("src/ obeys the rule of imports", () => {
  const files = [...sourceFiles("src")];
  assert.ok(files.some(({ path }) => path === "src/protocol/v1/pake.ts"));
  assert.deepEqual(checkImportGraph(files), []);
});

const CLEAN: Record<string, string> = {
  "src/version.ts": 'import manifest from "../deno.json" with { type: "json" };',
  "src/base/bytes.ts": "export type Bytes = Uint8Array;",
  "src/protocol/v1/pake.ts": 'import { p256 } from "@noble/curves/nist.js";\n' +
    'import type { Bytes } from "../../base/bytes.ts";',
  "src/features/access/client.ts": "export type Client = string;\nexport const MAX_CLIENTS = 50;",
  "src/features/session/session.ts": 'import { X } from "../../protocol/v1/pake.ts";',
  "src/features/pairing/pairing_window.ts":
    'import { type Client, MAX_CLIENTS } from "../access/client.ts";\n' +
    'import { drawPin } from "./pin.ts";',
  "src/features/pairing/pin.ts": "export const PIN_DIGITS = 6;",
  // Not in the order of features: it stands last and may use all of them.
  "src/features/surprise/surprise.ts": 'import { PIN_DIGITS } from "../pairing/pin.ts";',
  "src/sdk/connect.ts": 'import { X } from "../protocol/v1/pake.ts";\n' +
    'import { hmac } from "@noble/hashes/hmac.js";',
  "src/page/main.tsx": 'import { pair } from "../sdk/connect.ts";\n' +
    'import { useState } from "preact/hooks";',
  "src/edges/config/config.ts":
    'import { PIN_DIGITS } from "../../features/pairing/pin.ts";\nimport "smol-toml";',
  "src/edges/sqlite/database.ts":
    'import { DatabaseSync } from "node:sqlite";\nDeno.openSync("x");',
  "src/edges/cli/pair.ts": 'import { pair } from "../../sdk/connect.ts";\n' +
    'import type { Config } from "../config/config.ts";\nDeno.env.get("HOME");',
  "src/app/app.ts":
    'import { open } from "../edges/sqlite/database.ts";\nimport "../edges/config/config.ts";',
  "src/main.ts": 'import { startApp } from "./app/app.ts";\nDeno.exit(0);',
};

Deno.test("checkImportGraph() finds nothing in a clean tree", () => {
  assert.deepEqual(checkImportGraph(tree({})), []);
});

const TIERS = "base, protocol, features, sdk, page, edges, app";
const LONG = "// One line.\n".repeat(401);

// What is added to the clean tree, and all that is to be said about it.
const VIOLATIONS: [string, Record<string, string>, string[]][] = [
  ["an unknown tier", { "src/surprise/a.ts": 'import "../edges/sqlite/database.ts";' }, [
    `src/surprise/a.ts: not in a tier: ${TIERS}`,
  ]],
  ["an unknown file of the root", { "src/setup.ts": "" }, [
    `src/setup.ts: not in a tier: ${TIERS}`,
  ]],
  ["a file that is in no feature and no edge", {
    "src/features/a.ts": "",
    "src/edges/a.ts": "",
  }, [
    `src/edges/a.ts: not in a tier: ${TIERS}`,
    `src/features/a.ts: not in a tier: ${TIERS}`,
  ]],
  ["base above itself", {
    "src/base/log.ts": 'import type { X } from "../protocol/v1/pake.ts";',
  }, ["src/base/log.ts: imports src/protocol/v1/pake.ts: protocol lies above base"]],
  ["a protocol that knows a feature", {
    "src/protocol/ping.ts": 'import { Client } from "../features/access/client.ts";',
  }, ["src/protocol/ping.ts: imports src/features/access/client.ts: features lies above protocol"]],
  ["a feature that knows an edge's type", {
    "src/features/rpc/message.ts":
      'import type { Database } from "../../edges/sqlite/database.ts";',
  }, [
    "src/features/rpc/message.ts: imports src/edges/sqlite/database.ts: edges lies above features",
  ]],
  ["a feature that knows the SDK", {
    "src/features/rpc/methods/a.ts": 'import { pair } from "../../../sdk/connect.ts";',
  }, ["src/features/rpc/methods/a.ts: imports src/sdk/connect.ts: sdk lies above features"]],
  ["an edge that knows the app", {
    "src/edges/cli/serve.ts": 'import { startApp } from "../../app/app.ts";',
  }, ["src/edges/cli/serve.ts: imports src/app/app.ts: app lies above edges"]],
  ["an edge but cli that uses the SDK", {
    "src/edges/http/a.ts": 'import { pair } from "../../sdk/connect.ts";',
  }, ["src/edges/http/a.ts: imports src/sdk/connect.ts: of the edges only cli uses the SDK"]],
  ["an app that knows main", { "src/app/app.ts": 'export * from "../main.ts";' }, [
    "src/app/app.ts: imports itself: src/app/app.ts → src/main.ts → src/app/app.ts",
    "src/app/app.ts: imports src/main.ts: main lies above app",
  ]],
  ["a feature that uses one behind it", {
    "src/features/access/a.ts": 'import { X } from "../session/session.ts";',
    "src/features/session/a.ts": 'import type { X } from "../surprise/surprise.ts";',
    "src/features/doctor/a.ts": 'import "../surprise/surprise.ts";',
  }, [
    "src/features/access/a.ts: imports src/features/session/session.ts: " +
    "session does not stand before access in FEATURE_ORDER",
    "src/features/doctor/a.ts: imports src/features/surprise/surprise.ts: " +
    "surprise does not stand before doctor in FEATURE_ORDER",
    "src/features/session/a.ts: imports src/features/surprise/surprise.ts: " +
    "surprise does not stand before session in FEATURE_ORDER",
  ]],
  ["features that are in no order", {
    "src/features/other/a.ts": 'import "../surprise/surprise.ts";',
  }, [
    "src/features/other/a.ts: imports src/features/surprise/surprise.ts: " +
    "surprise does not stand before other in FEATURE_ORDER",
  ]],
  ["a late import of a feature behind", {
    "src/features/access/a.ts": 'const session = await import("../session/session.ts");',
  }, [
    "src/features/access/a.ts: imports src/features/session/session.ts: " +
    "session does not stand before access in FEATURE_ORDER",
  ]],
  ["a feature behind passed on", {
    "src/features/access/a.ts": 'export { X } from "../session/session.ts";',
  }, [
    "src/features/access/a.ts: imports src/features/session/session.ts: " +
    "session does not stand before access in FEATURE_ORDER",
  ]],
  ["an import that only a run can tell", { "src/features/session/a.ts": "await import(name);" }, [
    "src/features/session/a.ts: imports what only a run can tell",
  ]],
  ["an edge that knows another edge's type", {
    "src/edges/http/server.ts": 'import type { Database } from "../sqlite/database.ts";',
  }, [
    "src/edges/http/server.ts: imports src/edges/sqlite/database.ts: edges never import each other",
  ]],
  ["readers of the configuration", {
    "src/edges/http/server.ts": 'import type { Config } from "../config/config.ts";',
    "src/features/screen/a.ts": 'import type { Config } from "../../edges/config/config.ts";',
  }, [
    "src/edges/http/server.ts: imports src/edges/config/config.ts: " +
    "only app, main and cli read the configuration",
    "src/features/screen/a.ts: imports src/edges/config/config.ts: edges lies above features",
  ]],
  ["the platform in a feature, base, the protocol and the SDK", {
    "src/features/screen/a.ts": "Deno.readFileSync(path);",
    "src/base/a.ts": "const runtime = globalThis.Deno;",
    "src/protocol/a.ts": 'import { hostname } from "node:os";',
    "src/sdk/a.ts": "`${Deno.pid}`;",
  }, [
    "src/base/a.ts: uses Deno",
    "src/features/screen/a.ts: uses Deno",
    "src/protocol/a.ts: imports node:os",
    "src/sdk/a.ts: uses Deno",
  ]],
  ["an end of the process outside main", { "src/edges/cli/a.ts": "Deno.exit(1);" }, [
    "src/edges/cli/a.ts: calls Deno.exit, which only main.ts may",
  ]],
  ["an SDK that cannot run in a browser", {
    "src/sdk/a.ts": 'import { WebSocket } from "ws";\nimport { Buffer } from "node:buffer";\n' +
      'import type { Client } from "../features/access/client.ts";',
  }, [
    "src/sdk/a.ts: imports node:buffer",
    "src/sdk/a.ts: imports src/features/access/client.ts: src/sdk imports only base and protocol",
    "src/sdk/a.ts: ws is not among BROWSER_PACKAGES",
  ]],
  ["a package of one file of the SDK in another one", {
    "src/sdk/discover.ts": 'await import("multicast-dns");',
    "src/sdk/a.ts": 'await import("multicast-dns");',
  }, ["src/sdk/a.ts: multicast-dns is not among BROWSER_PACKAGES"]],
  ["a page that cannot run in a browser", {
    "src/page/a.tsx": 'import { Hono } from "hono";\nimport { Buffer } from "node:buffer";\n' +
      'import type { Client } from "../features/access/client.ts";\nDeno.pid;',
    "src/page/b.ts": 'import "preact-router";',
  }, [
    "src/page/a.tsx: hono is not among PAGE_PACKAGES",
    "src/page/a.tsx: imports node:buffer",
    "src/page/a.tsx: imports src/features/access/client.ts: " +
    "src/page imports only the SDK, base and protocol",
    "src/page/a.tsx: uses Deno",
    "src/page/b.ts: preact-router is not among PAGE_PACKAGES",
  ]],
  ["a service that imports the page", {
    "src/sdk/a.ts": 'import { App } from "../page/main.tsx";',
    "src/edges/http/a.ts": 'import { App } from "../../page/main.tsx";',
  }, [
    "src/edges/http/a.ts: imports src/page/main.tsx: " +
    "the page runs in browsers, and is built and not imported",
    "src/sdk/a.ts: imports src/page/main.tsx: page lies above sdk",
  ]],
  ["a way out of src", {
    "src/features/pairing/pin.ts": 'import "../../../tests/support/fake_clock.ts";',
  }, ["src/features/pairing/pin.ts: imports tests/support/fake_clock.ts: it lies outside src"]],
  ["a cycle within a folder", {
    "src/features/rpc/a.ts": 'import "./b.ts";',
    "src/features/rpc/b.ts": 'import type { C } from "./c.ts";',
    "src/features/rpc/c.ts": 'export * from "./a.ts";',
  }, [
    "src/features/rpc/a.ts: imports itself: src/features/rpc/a.ts → src/features/rpc/b.ts → src/features/rpc/c.ts → src/features/rpc/a.ts",
  ]],
  ["a long file", { "src/features/screen/glyphs.ts": LONG }, [
    "src/features/screen/glyphs.ts: 401 lines, at most 400",
  ]],
  ["files named after nothing", {
    "src/base/utils.ts": "",
    "src/features/rpc/index.ts": "",
    "src/features/rpc/types.ts": "",
    "src/edges/http/http_helpers.ts": "",
    "src/features/session/session_manager.ts": "",
    "src/base/common.ts": "",
  }, [
    "src/base/common.ts: a file is named after its idea",
    "src/base/utils.ts: a file is named after its idea",
    "src/edges/http/http_helpers.ts: a file is named after its idea",
    "src/features/rpc/index.ts: a file is named after its idea",
    "src/features/rpc/types.ts: a file is named after its idea",
    "src/features/session/session_manager.ts: a file is named after its idea",
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
  assert.deepEqual(checkImportGraph(tree({ "src/features/rpc/a.ts": misleading })), []);
  const hidden = `const accept = "image/*";\nconst quote = /["\`]/;\nDeno.exit(); // */`;
  assert.deepEqual(checkImportGraph(tree({ "src/features/rpc/a.ts": hidden })), [
    "src/features/rpc/a.ts: calls Deno.exit, which only main.ts may",
    "src/features/rpc/a.ts: uses Deno",
  ]);
});

function tree(added: Record<string, string>): SourceFile[] {
  return Object.entries({ ...CLEAN, ...added }).map(([path, text]) => ({ path, text }));
}
