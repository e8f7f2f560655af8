// What people run from a source tree says what the program says, and nothing of the runtime's.

import assert from "node:assert/strict";
import { V8_FLAGS } from "../../packaging/build/deno.ts";

const CONFIG = new URL("../../deno.json", import.meta.url);

Deno.test("tasks that run the program draw no download bar over what it prints", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(CONFIG)) as {
    tasks: Record<string, { command: string }>;
  };
  for (const name of ["start", "demo", "latchkey"]) {
    assert.match(tasks[name]?.command ?? "", /^deno run -q .*src\/main\.ts/, name);
  }
  for (const flag of V8_FLAGS) assert.ok(tasks["start"]?.command.split(" ").includes(flag), flag);
});
