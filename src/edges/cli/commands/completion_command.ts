// `latchkey completion`: what a shell reads to complete the program's words.

import { completionScript, SHELLS } from "../completion.ts";
import { type Command, EXIT_CODES, parseArguments, UsageError } from "../command.ts";

/** The command; it completes all that the table holds. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    name: "completion",
    summary: "Print a completion script for a shell",
    usage: `Usage: latchkey completion bash|zsh|fish

Prints what the shell reads to complete commands and options:

  latchkey completion bash > /etc/bash_completion.d/latchkey
  latchkey completion zsh > /usr/share/zsh/site-functions/_latchkey
  latchkey completion fish > ~/.config/fish/completions/latchkey.fish`,
    verbs: SHELLS,
    options: [],
    // deno-lint-ignore require-await -- all commands are asynchronous
    async run(args, context): Promise<number> {
      const { positionals: [name, ...rest] } = parseArguments(args, { options: [] });
      const shell = SHELLS.find((known) => known === name);
      if (shell === undefined || rest.length > 0) {
        throw new UsageError("Expected bash, zsh or fish");
      }
      context.write(completionScript(shell, commands()));
      return EXIT_CODES.done;
    },
  };
}
