// The tables of routes in docs/protocol.md §8 and docs/models.md are those of the server.

import assert from "node:assert/strict";
import { openModels } from "../edges/http/model_device.ts";
import { codeTexts, docTables } from "../support/doc_tables.ts";

Deno.test("docs/protocol.md and docs/models.md list every route", () => {
  const documented = [
    ...documentedRoutes("protocol.md", "transport"),
    ...documentedRoutes("models.md", "route"),
  ];
  // "ALL" are steps before the routes, and the answer 405 after them.
  const actual = new Set(
    openModels().routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/, "{$1}")}`),
  );
  assert.ok(actual.has("POST /api/pair/start") && actual.has("POST /api/chat"));
  assert.deepEqual([...new Set(documented)].sort(), [...actual].sort());
});

// "GET `/a` `/b`" of a table with the given column, as ["GET /a", "GET /b"].
function documentedRoutes(file: string, column: string): string[] {
  const markdown = Deno.readTextFileSync(new URL(`../../docs/${file}`, import.meta.url));
  return docTables(markdown).flat().flatMap((row) => {
    const cell = row[column] ?? "";
    // HEAD is what the server makes of GET.
    const methods = (/^[A-Z, ]+/.exec(cell)?.[0] ?? "").split(/[, ]+/)
      .filter((name) => name !== "" && name !== "HEAD");
    return methods.flatMap((method) => codeTexts(cell).map((path) => `${method} ${path}`));
  });
}
