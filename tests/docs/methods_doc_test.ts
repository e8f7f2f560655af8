// The tables of methods in docs/protocol.md are the code's: names, who may call, and params.

import assert from "node:assert/strict";
import { asJsonObject } from "../../src/base/json.ts";
import type { MethodAccess, ParamsSchema } from "../../src/features/rpc/method.ts";
import { codeTexts, docTables } from "../support/doc_tables.ts";
import { readMethodTable } from "../support/method_table.ts";

const PROTOCOL = Deno.readTextFileSync(new URL("../../docs/protocol.md", import.meta.url));

const ACCESS: Record<MethodAccess, string> = {
  anyone: "anyone",
  admin: "local, admin",
  local: "local",
};

// An absent text is refused as an empty one is, after the schema has passed it.
const ASKED_FOR_LATER: Record<string, readonly string[]> = { run: ["text"] };

Deno.test("docs/protocol.md lists every method with its access and params", () => {
  const documented = docTables(PROTOCOL)
    .filter(([row]) => row !== undefined && "method" in row && "who may" in row)
    .flat()
    .map(({ method = "", "who may": access = "", params = "" }) => ({
      name: codeTexts(method).join(),
      access,
      params: documentedParams(params),
    }));
  const actual = readMethodTable().map(({ name, access, params }) => ({
    name,
    access: ACCESS[access],
    params: paramsOf(params, ASKED_FOR_LATER[name] ?? []),
  }));
  const byName = (a: { name: string }, b: { name: string }): number => a.name < b.name ? -1 : 1;
  assert.ok(actual.length > 20);
  assert.deepEqual(documented.toSorted(byName), actual.toSorted(byName));
});

// "{a, b?}" in whatever else the cell says, as ["a", "b?"].
function documentedParams(cell: string): string[] {
  const [, members = ""] = /\{([^}]*)\}/.exec(cell) ?? [];
  return members.split(",").map((member) => member.trim()).filter((member) => member !== "").sort();
}

function paramsOf(schema: ParamsSchema, required: readonly string[]): string[] {
  const { entries, options } = asJsonObject(schema) ?? {};
  if (Array.isArray(options)) {
    return options.flatMap((option: ParamsSchema) => paramsOf(option, required));
  }
  return Object.entries(asJsonObject(entries) ?? {})
    .map(([name, entry]) => {
      // Clients of Core send null for what they leave out.
      const isOptional = ["optional", "nullish"].includes(String(asJsonObject(entry)?.["type"]));
      return isOptional && !required.includes(name) ? `${name}?` : name;
    })
    .sort();
}
