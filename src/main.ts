// argv → command. The only place that ends the process.

import { startApp } from "./app.ts";
import { createBackup, restoreBackup } from "./app/backup.ts";
import { diagnose } from "./app/doctor_probes.ts";
import { actionsCommand } from "./cli/actions.ts";
import { escapeUnsafe } from "./base/unsafe_text.ts";
import { auditCommand } from "./cli/audit.ts";
import { backupCommand } from "./cli/backup.ts";
import { callCommand } from "./cli/call.ts";
import { clientsCommand } from "./cli/clients.ts";
import {
  type Command,
  type CommandContext,
  CommandError,
  EXIT_CODES,
  UsageError,
} from "./cli/command.ts";
import { configCommand } from "./cli/config.ts";
import { demoCommand } from "./cli/demo.ts";
import { doctorCommand } from "./cli/doctor.ts";
import { keysCommand } from "./cli/keys.ts";
import { pairCommand } from "./cli/pair.ts";
import { restoreCommand } from "./cli/restore.ts";
import { runCommand } from "./cli/run.ts";
import { serveCommand } from "./cli/serve.ts";
import { stopCommand } from "./cli/stop.ts";
import { checkFleet } from "./fleet/check_fleet.ts";
import { connectDirectly, environment as readEnvironment } from "./platform/host.ts";
import { terminalColumns } from "./platform/terminal_columns.ts";
import { findInstances } from "./platform/mdns_query.ts";
import { usageCommand } from "./cli/usage.ts";
import { VERSION } from "./version.ts";

const COMMANDS: readonly Command[] = [
  serveCommand,
  pairCommand,
  clientsCommand,
  keysCommand,
  runCommand,
  stopCommand,
  actionsCommand,
  usageCommand,
  auditCommand,
  callCommand,
  configCommand,
  doctorCommand,
  backupCommand,
  restoreCommand,
  demoCommand,
];

async function main(args: readonly string[], context: CommandContext): Promise<number> {
  const [name, ...rest] = args;
  const command = COMMANDS.find((known) => known.name === name);
  const beforeDashes = args.slice(0, args.includes("--") ? args.indexOf("--") : args.length);
  if (beforeDashes.includes("--version")) {
    context.write(`latchkey ${VERSION}\n`);
    return EXIT_CODES.done;
  }
  if (beforeDashes.includes("--help")) {
    context.write(`${command?.usage ?? overview()}\n`);
    return EXIT_CODES.done;
  }
  if (command === undefined) {
    const problem = name === undefined ? "Expected a command" : `Unknown command: ${name}`;
    context.writeError(`${problem}\n\n${overview()}\n`);
    return EXIT_CODES.usage;
  }
  try {
    return await command.run(rest, context);
  } catch (error) {
    if (error instanceof UsageError) {
      context.writeError(`${error.message}\n\n${command.usage}\n`);
      return EXIT_CODES.usage;
    }
    if (error instanceof CommandError) {
      context.writeError(`${error.message}\n`);
      return EXIT_CODES.failed;
    }
    throw error;
  }
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return [
    "Latchkey lets phones, desktops and local apps talk to this device safely.",
    "",
    "Usage: latchkey COMMAND [OPTIONS]",
    "",
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "Every command takes --help and --version. Exit codes: 0 done, 1 refused or failed,",
    "2 wrong usage.",
  ].join("\n");
}

// Whatever a command writes, names and messages of others do not drive the terminal.
function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes: Uint8Array = new TextEncoder().encode(escapeUnsafe(text, "\n\r\t"));
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

if (import.meta.main) {
  const environment = readEnvironment();
  connectDirectly();
  const code = await main(Deno.args, {
    write: (text) => writeAll(Deno.stdout, text),
    writeError: (text) => writeAll(Deno.stderr, text),
    columns: terminalColumns,
    confirm: (question) => Deno.stdin.isTerminal() && confirm(question),
    createBackup,
    restoreBackup,
    diagnose: (options) => diagnose({ ...options, findInstances, checkFleet }),
    startService: (options) => startApp({ ...options, environment }),
  });
  Deno.exit(code);
}
