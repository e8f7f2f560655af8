// One check of the doctor: what it asks of the device, and how it judges what it was told. Asking
// is the only part that can fail or take long, so it is bounded here, and a check that cannot find
// out is itself a fault with its code.

import type { Clock } from "../../base/clock.ts";
import { asError } from "../../base/app_error.ts";
import type { DoctorFacts, DoctorProbes } from "./doctor_probes.ts";

/** How a check ended. */
export type CheckStatus = "ok" | "warn" | "fail" | "skip";

/** What a check found. */
export interface Finding {
  /** How it ended. */
  readonly status: CheckStatus;
  /** What was found, in one sentence without a full stop. */
  readonly found: string;
  /** What to do; there for "warn" and "fail". */
  readonly advice?: string;
}

/** What the check with a code found. */
export interface CheckResult extends Finding {
  /** The check's code. */
  readonly code: string;
}

/** A check in its definition, its facts typed by its code. */
export interface CheckDefinition<Code extends keyof DoctorFacts> {
  /** The stable name, in snake case; also that of its probe. */
  readonly code: Code;
  /** The question it answers, for people. */
  readonly asks: string;
  /** How long asking may take, in milliseconds. */
  readonly limitMs: number;
  /** Judges the facts, and says what to do; pure. */
  judge(facts: DoctorFacts[Code]): Finding;
}

/** A check in the table. */
export interface Check {
  /** The stable name, in snake case. */
  readonly code: keyof DoctorFacts;
  /** The question it answers, for people. */
  readonly asks: string;
  /** How long asking may take, in milliseconds. */
  readonly limitMs: number;
  /** Asks and judges. */
  examine(probes: DoctorProbes, signal: AbortSignal): Promise<Finding>;
}

/** A question that makes no sense at the moment: its check is skipped, and the message says why. */
export class SkipCheck extends Error {
  /** The reason, in one sentence without a full stop. */
  constructor(reason: string) {
    super(reason);
    this.name = "SkipCheck";
  }
}

/** Puts a definition into the table's form. */
export function defineCheck<Code extends keyof DoctorFacts>(
  definition: CheckDefinition<Code>,
): Check {
  const { code, asks, limitMs } = definition;
  return {
    code,
    asks,
    limitMs,
    examine: async (probes, signal) => definition.judge(await probes[code](signal)),
  };
}

/** Nothing to complain about. */
export function ok(found: string): Finding {
  return { status: "ok", found };
}

/** Nothing to judge. */
export function skip(found: string): Finding {
  return { status: "skip", found };
}

/** The device works, but the owner should look at it. */
export function warn(found: string, advice: string): Finding {
  return { status: "warn", found, advice };
}

/** A fault. */
export function fail(found: string, advice: string): Finding {
  return { status: "fail", found, advice };
}

/** Runs checks one after the other; never rejects. */
export async function runChecks(
  checks: readonly Check[],
  options: { probes: DoctorProbes; clock: Clock },
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    results.push({ code: check.code, ...await runCheck(check, options) });
  }
  return results;
}

async function runCheck(
  check: Check,
  options: { probes: DoctorProbes; clock: Clock },
): Promise<Finding> {
  const { probes, clock } = options;
  const stop = new AbortController();
  const overdue = Promise.withResolvers<Finding>();
  const cancel = clock.after(check.limitMs, () =>
    overdue.resolve(fail(
      `no answer within ${check.limitMs / 1000} s`,
      "Try again; if it stays so, look at the service's log",
    )));
  try {
    return await Promise.race([check.examine(probes, stop.signal), overdue.promise]);
  } catch (error) {
    if (error instanceof SkipCheck) return skip(error.message);
    return fail(
      `cannot be checked: ${asError(error).message}`,
      "Run doctor as the user that the service runs as",
    );
  } finally {
    cancel();
    stop.abort();
  }
}
