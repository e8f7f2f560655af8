// `latchkey display test`: shows a PIN that opens nothing where PINs are shown, for ten seconds.

import { type Command, EXIT_CODES, parseArguments, UsageError } from "../command.ts";
import { loadConfig } from "../configuration.ts";

/** How long the picture is shown, in milliseconds. */
export const DISPLAY_TEST_MS = 10_000;

export const displayCommand: Command = {
  name: "display",
  summary: "Show a test picture where PINs are shown",
  usage: `Usage: latchkey display test [--config FILE]

Shows a PIN that opens nothing for ten seconds, on every display of [display] in the
configuration, and takes it away. It needs the rights of the service: run it as its user or as root.`,
  verbs: ["test"],
  options: ["config"],
  async run(args, context): Promise<number> {
    const { options, positionals } = parseArguments(args, displayCommand);
    if (positionals.length !== 1 || positionals[0] !== "test") {
      throw new UsageError("Expected: display test");
    }
    const { display, buttons } = loadConfig(options["config"]);
    if (display.kind.every((kind) => kind === "none")) {
      context.write("No display is configured: nothing is shown\n");
      return EXIT_CODES.done;
    }
    context.write(`The test picture is shown for ${DISPLAY_TEST_MS / 1000} s\n`);
    await context.showTestPin({
      settings: display,
      cancelButtons: buttons.pair,
      forMs: DISPLAY_TEST_MS,
    });
    return EXIT_CODES.done;
  },
};
