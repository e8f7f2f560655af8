// argv → command. The only place that ends the process.

import { startApp } from "./app/app.ts";
import { createBackup, restoreBackup } from "./app/backup.ts";
import { diagnose } from "./app/diagnose.ts";
import { runCommandLine } from "./edges/cli/command_line.ts";
import { COMMANDS } from "./edges/cli/command_table.ts";
import { paintText, terminalText } from "./edges/cli/styles.ts";
import { checkFleet } from "./edges/shared_store/check_fleet.ts";
import { connectDirectly, environment as readEnvironment } from "./edges/platform/host.ts";
import { terminalColumns } from "./edges/platform/terminal_columns.ts";
import { findInstances } from "./edges/platform/mdns_query.ts";
import { VERSION } from "./version.ts";

function writeAll(
  stream: { writeSync(bytes: Uint8Array): number },
  { text, isStyled }: { text: string; isStyled: boolean },
): void {
  let bytes: Uint8Array = new TextEncoder().encode(terminalText(text, { isStyled }));
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

if (import.meta.main) {
  const environment = readEnvironment();
  connectDirectly();
  const isStyled = Deno.stdout.isTerminal() && !environment["NO_COLOR"];
  const code = await runCommandLine(Deno.args, {
    commands: COMMANDS,
    version: VERSION,
    context: {
      write: (text) => writeAll(Deno.stdout, { text, isStyled }),
      writeError: (text) => writeAll(Deno.stderr, { text, isStyled: false }),
      paint: (style, text) => isStyled ? paintText(style, text) : text,
      columns: terminalColumns,
      confirm: (question) => Deno.stdin.isTerminal() && confirm(question),
      createBackup,
      restoreBackup,
      diagnose: (options) => diagnose({ ...options, findInstances, checkFleet }),
      startService: (options) => startApp({ ...options, environment }),
    },
  });
  Deno.exit(code);
}
