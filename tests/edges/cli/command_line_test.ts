import assert from "node:assert/strict";
import {
  type Command,
  type CommandContext,
  CommandError,
  parseArguments,
  UsageError,
} from "../../../src/edges/cli/command.ts";
import { runCommandLine } from "../../../src/edges/cli/command_line.ts";

const ran: string[][] = [];
const failures: Record<string, Error> = {
  usage: new UsageError("Expected less"),
  failed: new CommandError("Cannot do it"),
};

const OPEN: Command = {
  name: "open",
  summary: "Open something",
  usage: "Usage: latchkey open",
  verbs: ["door"],
  options: ["config"],
  flags: ["json"],
  run: (args) => {
    ran.push([...args]);
    const failure = failures[args[0] ?? ""];
    return failure === undefined ? Promise.resolve(0) : Promise.reject(failure);
  },
};
const CLOSE: Command = { ...OPEN, name: "close", usage: "Usage: latchkey close" };

async function run(...args: string[]): Promise<{ code: number; out: string; errors: string }> {
  let out = "";
  let errors = "";
  // Commands of this test use nothing else of it.
  const context = {
    write: (text: string) => void (out += text),
    writeError: (text: string) => void (errors += text),
  } as CommandContext;
  const code = await runCommandLine(args, { commands: [OPEN, CLOSE], version: "1.2.3", context });
  return { code, out, errors };
}

Deno.test("the version is told wherever it is asked for", async () => {
  for (const args of [["-v"], ["--version"], ["version"], ["open", "--version"]]) {
    assert.deepEqual(await run(...args), { code: 0, out: "latchkey 1.2.3\n", errors: "" });
  }
});

Deno.test("help lists the commands, or tells of one", async () => {
  for (const args of [["-h"], ["--help"], ["help"]]) {
    const { code, out } = await run(...args);
    assert.equal(code, 0);
    assert.match(out, /^ {2}open {3}Open something\n {2}close {2}Open something$/m);
  }
  for (const args of [["open", "-h"], ["open", "x", "--help"], ["help", "open"]]) {
    assert.deepEqual(await run(...args), { code: 0, out: "Usage: latchkey open\n", errors: "" });
  }
});

Deno.test("an unknown command is answered with the nearest one", async () => {
  for (const args of [["opne"], ["opn", "--help"], ["help", "oppen"]]) {
    const { code, errors } = await run(...args);
    assert.equal(code, 2);
    assert.match(errors, /^Unknown command: \w+ \(did you mean "open"\?\)\n/);
  }
  const { code, errors } = await run("nonsense");
  assert.equal(code, 2);
  assert.match(errors, /^Unknown command: nonsense\n\nLatchkey lets/);
  assert.match((await run()).errors, /^Expected a command\n/);
});

Deno.test("a command gets what stands behind its name, and its errors become exit codes", async () => {
  ran.length = 0;
  assert.deepEqual(await run("open", "--", "--help"), { code: 0, out: "", errors: "" });
  assert.deepEqual(ran, [["--", "--help"]]);
  assert.deepEqual(await run("open", "usage"), {
    code: 2,
    out: "",
    errors: "Expected less\n\nUsage: latchkey open\n",
  });
  assert.deepEqual(await run("open", "failed"), { code: 1, out: "", errors: "Cannot do it\n" });
});

Deno.test("parseArguments() takes a command's options and flags, and no others", () => {
  assert.deepEqual(parseArguments(["door", "--json", "--config", "a.toml", "--", "--x"], OPEN), {
    options: { config: "a.toml" },
    flags: { json: true },
    positionals: ["door", "--x"],
  });
  for (const args of [["--jsn"], ["--config"], ["--json=yes"], ["-x"]]) {
    assert.throws(() => parseArguments(args, OPEN), UsageError, String(args));
  }
});
