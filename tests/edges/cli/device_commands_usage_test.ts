// How `latchkey remote`, `latchkey pair` and `latchkey conform` answer wrong arguments: before anything is asked or kept.

import assert from "node:assert/strict";
import { EXIT_CODES } from "../../../src/edges/cli/command.ts";
import { runCommandLine } from "../../../src/edges/cli/command_line.ts";
import { conformCommand } from "../../../src/edges/cli/commands/conform_command.ts";
import { pairCommand } from "../../../src/edges/cli/commands/pair_command.ts";
import { remoteCommand } from "../../../src/edges/cli/commands/remote_command.ts";

const WRONG = [
  ["remote", "dance"],
  ["remote", "pair"],
  ["remote", "pair", "http://a/b"],
  ["remote", "pair", "a", "b"],
  ["remote", "pair", "192.0.2.1", "--pin", "12345"],
  ["remote", "pair", "192.0.2.1", "--name", "../x"],
  ["remote", "pair", "192.0.2.1", "--as", "é".repeat(65)],
  ["remote", "pair", "192.0.2.1", "--as", ""],
  ["pair", "--name", "é".repeat(65)],
  ["pair", "--name", ""],
  ["remote", "call", "den"],
  ["remote", "call", "den", "version", "{"],
  ["remote", "listen"],
  ["remote", "forget"],
  ["remote", "list", "x"],
  ["conform"],
  ["conform", "a", "b"],
  ["conform", "http://a/b"],
  ["conform", "a", "--pin", "12345"],
  ["conform", "a", "--pin", "123456", "--open"],
];
for (const args of WRONG) {
  Deno.test(`latchkey ${args.join(" ")} is wrong usage`, async () => {
    let written = "";
    const code = await runCommandLine(args, {
      commands: [remoteCommand, pairCommand, conformCommand],
      version: "1.2.3",
      // Nothing else of it may be needed.
      context: { writeError: (text: string) => written += text } as never,
    });
    assert.equal(code, EXIT_CODES.usage, written);
    assert.ok(written.includes(`\n\nUsage: latchkey ${args[0]} `), written);
  });
}
