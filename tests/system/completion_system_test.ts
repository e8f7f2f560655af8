// What zsh and fish offer for a line, asked of the shells themselves; bash is in the unit tests.

import assert from "node:assert/strict";
import { completionScript, type Shell } from "../../src/edges/cli/completion.ts";
import { COMMANDS } from "../../src/edges/cli/command_table.ts";
import { systemTest } from "../support/system_test.ts";

const COMMAND_NAMES = ["help", "version", ...COMMANDS.map(({ name }) => name)];

/** Words of a line, the last of which is being typed, and what is offered for it. */
const ROWS: readonly (readonly [words: readonly string[], offered: readonly string[]])[] = [
  [["latchkey", ""], COMMAND_NAMES],
  [["latchkey", "clients", ""], ["delete", "list", "rename", "role"]],
  [["latchkey", "clients", "delete", ""], []],
  [["latchkey", "clients", "delete", "--"], ["--config", "--help", "--json", "--yes"]],
  [["latchkey", "help", ""], COMMANDS.map(({ name }) => name)],
  [["latchkey", "help", "clients", ""], []],
  [["latchkey", "completion", ""], ["bash", "fish", "zsh"]],
  // The word of another command, as a value.
  [["latchkey", "call", "clients", ""], []],
];

async function whyNo(shell: Shell): Promise<string | undefined> {
  try {
    await new Deno.Command(shell, { args: ["--version"] }).output();
    return undefined;
  } catch {
    return `needs ${shell}`;
  }
}

async function ask(shell: Shell, script: string, words: readonly string[]): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  const file = `${folder}/_latchkey`;
  try {
    await Deno.writeTextFile(file, completionScript(shell, COMMANDS));
    const { success, stdout, stderr } = await new Deno.Command(shell, {
      args: shell === "zsh"
        ? ["-f", "-c", script, file, ...words]
        : ["--no-config", "-c", script, "--", file, ...words],
    }).output();
    const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    assert.ok(success, decode(stderr));
    assert.equal(decode(stderr), "");
    return decode(stdout).split("\n").filter((line) => line !== "").sort();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// zsh's own functions print what they would offer; what does not begin like the word is theirs to
// leave out. A function of $fpath is read at its first use.
const ZSH = `
compadd() { [[ $1 == -- ]] || exit 9; shift; print -l -- "$@"; }
_describe() { local -a all=("\${(P)2[@]}"); print -l -- "\${all[@]%%:*}"; }
_files() { print -r -- $words[CURRENT]*(NM); }
fpath=(\${0:h}) && autoload _latchkey
words=("$@") CURRENT=$#
_latchkey`;

const FISH = "source $argv[1]; complete -C (string join -- ' ' $argv[2..])";

const offeredBy: Record<"zsh" | "fish", (words: readonly string[]) => Promise<string[]>> = {
  async zsh(words): Promise<string[]> {
    const typed = words.at(-1) ?? "";
    const all = await ask("zsh", ZSH, words);
    return all.filter((word) => word.startsWith(typed) && (typed !== "" || !word.startsWith("-")));
  },
  async fish(words): Promise<string[]> {
    return (await ask("fish", FISH, words)).map((line) => line.split("\t")[0] ?? "");
  },
};

for (const shell of ["zsh", "fish"] as const) {
  systemTest(`${shell} completes commands, verbs, options and paths`, {
    whyNot: await whyNo(shell),
    run: async () => {
      for (const [words, offered] of ROWS) {
        assert.deepEqual(await offeredBy[shell](words), [...offered].sort(), words.join(" "));
      }
      const typed = `${new URL("../", import.meta.url).pathname}sys`;
      const paths = await offeredBy[shell](["latchkey", "clients", "--config", typed]);
      assert.deepEqual(paths, [`${typed}tem/`]);
    },
  });
}
