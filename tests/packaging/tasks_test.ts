// What people run from a source tree says what the program says, and nothing of the runtime's.

import assert from "node:assert/strict";
import { V8_FLAGS } from "../../packaging/build/deno.ts";

const CONFIG = new URL("../../deno.json", import.meta.url);

interface Config {
  tasks: Record<string, { command: string }>;
  workspace: string[];
}

async function readConfig(): Promise<Config> {
  return JSON.parse(await Deno.readTextFile(CONFIG));
}

// Deno takes a folder that has a member of the workspace in it for that member alone.
Deno.test("no task that tests names a folder around a member of the workspace", async () => {
  const { tasks, workspace } = await readConfig();
  const members = workspace.map((path) => path.replace(/^\.\//, ""));
  assert.ok(members.includes("tests/page"));
  for (const [name, { command }] of Object.entries(tasks)) {
    if (!command.startsWith("deno test ")) continue;
    for (const word of command.split(" ").slice(2)) {
      const folder = word.replace(/\/$/, "");
      assert.ok(members.every((member) => !member.startsWith(`${folder}/`)), `${name}: ${word}`);
    }
  }
});

Deno.test("tasks that run the program draw no download bar over what it prints", async () => {
  const { tasks } = await readConfig();
  for (const name of ["start", "demo", "latchkey"]) {
    assert.match(tasks[name]?.command ?? "", /^deno run -q .*src\/main\.ts/, name);
  }
  for (const flag of V8_FLAGS) assert.ok(tasks["start"]?.command.split(" ").includes(flag), flag);
});
