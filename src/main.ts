// argv → command. The only place that ends the process.

import { startApp } from "./app/app.ts";
import { EXIT_CODES } from "./edges/cli/command.ts";
import { runCommandLine } from "./edges/cli/command_line.ts";
import { serveCommand } from "./edges/cli/commands/serve_command.ts";
import { paintText, terminalText } from "./edges/cli/styles.ts";
import { connectDirectly, environment as readEnvironment } from "./edges/platform/host.ts";
import { terminalColumns } from "./edges/platform/terminal_columns.ts";
import { VERSION } from "./version.ts";

function writeAll(
  stream: { writeSync(bytes: Uint8Array): number },
  { text, isStyled }: { text: string; isStyled: boolean },
): void {
  let bytes: Uint8Array = new TextEncoder().encode(terminalText(text, { isStyled }));
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

// Whoever has read enough, such as `head`, is told nothing of it.
async function untilUnread(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return EXIT_CODES.failed;
    throw error;
  }
}

if (import.meta.main) {
  const environment = readEnvironment();
  connectDirectly();
  const isStyled = Deno.stdout.isTerminal() && !environment["NO_COLOR"];
  const loadTools = (): Promise<typeof import("./app/owner_tools.ts")> =>
    import("./app/owner_tools.ts");
  // The service starts with the device: it does not wait for what only the owner's commands need.
  const commands = Deno.args[0] === serveCommand.name
    ? [serveCommand]
    : (await loadTools()).COMMANDS;
  const code = await untilUnread(() =>
    runCommandLine(Deno.args, {
      commands,
      version: VERSION,
      context: {
        write: (text) => writeAll(Deno.stdout, { text, isStyled }),
        writeError: (text) => {
          try {
            writeAll(Deno.stderr, { text, isStyled: false });
          } catch (error) {
            if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
          }
        },
        paint: (style, text) => isStyled ? paintText(style, text) : text,
        columns: terminalColumns,
        confirm: (question) => Deno.stdin.isTerminal() && confirm(question),
        createBackup: async (options) => await (await loadTools()).createBackup(options),
        restoreBackup: async (options) => await (await loadTools()).restoreBackup(options),
        diagnose: async (options) => await (await loadTools()).diagnoseDevice(options),
        openInputDevices: async (options) => (await loadTools()).openInputDevices(options),
        showTestPin: async (options) => {
          const write = (text: string): void => writeAll(Deno.stdout, { text, isStyled: false });
          await (await loadTools()).showTestPin({ ...options, write, environment });
        },
        startService: (options) => startApp({ ...options, environment }),
      },
    })
  );
  Deno.exit(code);
}
