import assert from "node:assert/strict";
import { nameOfHost } from "../../../src/edges/platform/host.ts";

Deno.test("nameOfHost() takes what a kernel without a name says for none", () => {
  const rows = { "": "Latchkey", "(none)": "Latchkey", localhost: "Latchkey", RG35XX: "RG35XX" };
  for (const [name, shown] of Object.entries(rows)) assert.equal(nameOfHost(name), shown);
});
