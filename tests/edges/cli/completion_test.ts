import assert from "node:assert/strict";
import { completionScript } from "../../../src/edges/cli/completion.ts";
import { COMMANDS } from "../../../src/edges/cli/command_table.ts";

// The words that bash offers for the last of `words`.
async function complete(...words: string[]): Promise<string[]> {
  const script = `${completionScript("bash", COMMANDS)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _latchkey; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { success, stdout } = await new Deno.Command("bash", {
    args: ["-c", script, "bash", ...words],
  }).output();
  assert.ok(success);
  return new TextDecoder().decode(stdout).split("\n").filter((word) => word !== "");
}

Deno.test("bash completes commands, verbs and options", async () => {
  assert.deepEqual(await complete("latchkey", "sta"), ["status"]);
  assert.deepEqual(await complete("latchkey", "clients", "r"), ["rename", "role"]);
  assert.deepEqual(await complete("latchkey", "clients", "delete", "--y"), ["--yes"]);
  assert.deepEqual(await complete("latchkey", "clients", "delete", "l"), []);
  assert.deepEqual(await complete("latchkey", "help", "doc"), ["doctor"]);
  assert.deepEqual(await complete("latchkey", "completion", ""), [
    ...["bash", "zsh", "fish", "--help"],
  ]);
});

Deno.test("every command, verb and option is in every script", () => {
  for (const shell of ["bash", "zsh", "fish"] as const) {
    const script = completionScript(shell, COMMANDS);
    for (const { name, verbs = [], options, flags = [] } of COMMANDS) {
      for (const word of [name, ...verbs, ...options, ...flags]) {
        assert.ok(script.includes(word), `${shell}: ${word}`);
      }
    }
  }
});

Deno.test("what stands in quotes in a script has nothing that a shell would take for its own", () => {
  for (const { name, summary } of COMMANDS) assert.doesNotMatch(summary, /[\\\n]/, name);
});

Deno.test("the usage of every command names its verbs and options, and no others", () => {
  for (const { name, usage, verbs = [], options, flags = [] } of COMMANDS) {
    const told = new Set([...usage.matchAll(/--([a-z][a-z-]*)/g)].map(([, option]) => option));
    // What a usage tells of other programs' options stands in its examples.
    told.delete("help");
    assert.deepEqual([...told].sort(), [...options, ...flags].sort(), name);
    for (const verb of verbs) assert.match(usage, new RegExp(`\\b${verb}\\b`), name);
  }
});
