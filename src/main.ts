// argv → command. The only place that ends the process.

import { startApp } from "./app/app.ts";
import { createBackup, restoreBackup } from "./app/backup.ts";
import { diagnose } from "./app/diagnose.ts";
import { actionsCommand } from "./edges/cli/commands/actions_command.ts";
import { escapeUnsafe } from "./base/unsafe_text.ts";
import { auditCommand } from "./edges/cli/commands/audit_command.ts";
import { backupCommand } from "./edges/cli/commands/backup_command.ts";
import { callCommand } from "./edges/cli/commands/call_command.ts";
import { clientsCommand } from "./edges/cli/commands/clients_command.ts";
import {
  type Command,
  type CommandContext,
  CommandError,
  EXIT_CODES,
  UsageError,
} from "./edges/cli/command.ts";
import { configCommand } from "./edges/cli/commands/config_command.ts";
import { demoCommand } from "./edges/cli/commands/demo_command.ts";
import { doctorCommand } from "./edges/cli/commands/doctor_command.ts";
import { keysCommand } from "./edges/cli/commands/keys_command.ts";
import { pairCommand } from "./edges/cli/commands/pair_command.ts";
import { restoreCommand } from "./edges/cli/commands/restore_command.ts";
import { runCommand } from "./edges/cli/commands/run_command.ts";
import { serveCommand } from "./edges/cli/commands/serve_command.ts";
import { stopCommand } from "./edges/cli/commands/stop_command.ts";
import { checkFleet } from "./edges/shared_store/check_fleet.ts";
import { connectDirectly, environment as readEnvironment } from "./edges/platform/host.ts";
import { terminalColumns } from "./edges/platform/terminal_columns.ts";
import { findInstances } from "./edges/platform/mdns_query.ts";
import { usageCommand } from "./edges/cli/commands/usage_command.ts";
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
