// Every command, in the order in which help, completion and the manual list them.

import type { Command } from "./command.ts";
import { actionsCommand } from "./commands/actions_command.ts";
import { auditCommand } from "./commands/audit_command.ts";
import { backupCommand } from "./commands/backup_command.ts";
import { buttonsCommand } from "./commands/buttons_command.ts";
import { callCommand } from "./commands/call_command.ts";
import { clientsCommand } from "./commands/clients_command.ts";
import { completionCommand } from "./commands/completion_command.ts";
import { configCommand } from "./commands/config_command.ts";
import { conformCommand } from "./commands/conform_command.ts";
import { demoCommand } from "./commands/demo_command.ts";
import { displayCommand } from "./commands/display_command.ts";
import { doctorCommand } from "./commands/doctor_command.ts";
import { keysCommand } from "./commands/keys_command.ts";
import { libraryCommand } from "./commands/library_command.ts";
import { logsCommand } from "./commands/logs_command.ts";
import { pairCommand } from "./commands/pair_command.ts";
import { remoteCommand } from "./commands/remote_command.ts";
import { restoreCommand } from "./commands/restore_command.ts";
import { runCommand } from "./commands/run_command.ts";
import { serveCommand } from "./commands/serve_command.ts";
import { settingsCommand } from "./commands/settings_command.ts";
import { statusCommand } from "./commands/status_command.ts";
import { stopCommand } from "./commands/stop_command.ts";
import { usageCommand } from "./commands/usage_command.ts";

/** Every command. */
export const COMMANDS: readonly Command[] = [
  serveCommand,
  statusCommand,
  pairCommand,
  clientsCommand,
  keysCommand,
  runCommand,
  stopCommand,
  actionsCommand,
  libraryCommand,
  settingsCommand,
  configCommand,
  usageCommand,
  auditCommand,
  logsCommand,
  displayCommand,
  buttonsCommand,
  doctorCommand,
  backupCommand,
  restoreCommand,
  callCommand,
  remoteCommand,
  conformCommand,
  demoCommand,
  completionCommand(() => COMMANDS),
];
