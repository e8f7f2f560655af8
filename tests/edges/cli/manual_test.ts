import assert from "node:assert/strict";
import { COMMANDS } from "../../../src/edges/cli/command_table.ts";
import { manualPage } from "../../../src/edges/cli/manual.ts";

Deno.test("manualPage() escapes what roff would act upon", () => {
  const usage = "Usage: latchkey x --now\n.dot\n'quote\nback\\slash";
  const page = manualPage([{ name: "x", summary: "Do-it", usage }], {
    version: "1.2.3",
    date: "2026-01-31",
  });
  assert.ok(page.startsWith('.TH LATCHKEY 1 "2026-01-31" "Latchkey 1.2.3"'));
  assert.ok(page.includes("\nDo\\-it.\n"));
  assert.ok(
    page.includes("\nUsage: latchkey x \\-\\-now\n\\&.dot\n\\&'quote\nback\\eslash\n.fi\n"),
  );
});

Deno.test("no line of a command's help is longer than 100 characters", () => {
  for (const { name, usage } of COMMANDS) {
    const long = usage.split("\n").filter((line) => line.length > 100);
    assert.deepEqual(long, [], name);
  }
});

Deno.test("every command has its section in the manual", () => {
  const page = manualPage(COMMANDS, { version: "1.2.3", date: "2026-01-31" });
  for (const { name } of COMMANDS) assert.ok(page.includes(`\n.SS "latchkey ${name}"\n`), name);
});
