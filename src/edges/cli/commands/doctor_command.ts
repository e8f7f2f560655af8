// `latchkey doctor`: what is wrong with this device, and what to do about it.

import type { Config } from "../../config/config.ts";
import { safeText } from "../../../features/screen/safe_text.ts";
import type { CheckResult, CheckStatus } from "../../../features/doctor/check.ts";
import {
  type Command,
  type CommandContext,
  CommandError,
  EXIT_CODES,
  parseArguments,
  UsageError,
} from "../command.ts";
import type { Style } from "../styles.ts";
import { type ConfigurationFiles, openConfiguration } from "../configuration.ts";
import { formatTable } from "../table.ts";

const STATUS_WORDS: Readonly<Record<CheckStatus, string>> = {
  ok: "ok",
  warn: "warn",
  fail: "FAIL",
  skip: "skip",
};

export const doctorCommand: Command = {
  name: "doctor",
  summary: "Check this device and say what to do",
  usage: `Usage: latchkey doctor [--json] [--config FILE]

Checks the configuration, the data, the network, the displays and what is let in: one line per
check with its result (ok, warn, FAIL, or skip where it makes no sense now), its code, what was
found and what to do. Changes nothing. Run it as the user that the service runs as, also while
it runs. Exits with 1 if a check fails; warnings do not count. --json writes
{"ok": ..., "checks": [{"code", "status", "found", "advice"}]}.`,
  options: ["config"],
  flags: ["json"],
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, doctorCommand);
    if (positionals.length > 0) throw new UsageError("doctor takes no arguments");
    const configuration = openConfiguration(options["config"]);
    const checks = await context.diagnose({
      ...readWhatCanBe(configuration),
      configFile: configuration.file,
    });
    const isOk = checks.every(({ status }) => status !== "fail");
    context.write(
      flags["json"]
        ? `${JSON.stringify({ ok: isOk, checks })}\n`
        : paintChecks(formatChecks(checks), context),
    );
    return isOk ? EXIT_CODES.done : EXIT_CODES.failed;
  },
};

// A mistake in the changed settings still leaves the owner's file to go by.
function readWhatCanBe(
  configuration: ConfigurationFiles,
): { config: Config | undefined; configProblems: readonly string[] } {
  const tryTo = (read: () => Config): { config: Config | undefined; problems: string[] } => {
    try {
      return { config: read(), problems: [] };
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return { config: undefined, problems: error.message.split("\n") };
    }
  };
  const { config, problems } = tryTo(() => configuration.read());
  return {
    config: config ?? tryTo(() => configuration.readWithout()).config,
    configProblems: problems,
  };
}

const STATUS_STYLES: Readonly<Record<string, Style>> = { ok: "good", warn: "warning", FAIL: "bad" };

// After the columns are aligned: a style has no width.
function paintChecks(table: string, { paint }: Pick<CommandContext, "paint">): string {
  return table.replace(
    /^(ok|warn|FAIL)(?= )/gm,
    (word) => paint(STATUS_STYLES[word] ?? "good", word),
  );
}

function formatChecks(checks: readonly CheckResult[]): string {
  const rows = checks.map(({ code, status, found, advice }) => [
    STATUS_WORDS[status],
    code,
    safeText(advice === undefined ? found : `${found}. ${advice}`, Infinity),
  ]);
  return formatTable(rows);
}
