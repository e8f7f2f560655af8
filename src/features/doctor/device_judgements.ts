// Judgements on what the device itself brings along: configuration, actions, clock, displays, CPU
// and user.

import { fail, type Finding, ok, warn } from "./check.ts";
import type {
  ActionFacts,
  ClockFacts,
  ConfigFacts,
  DisplayFacts,
  PairingTimeFacts,
  PermissionFacts,
} from "./doctor_facts.ts";

/** The longest pairing that people take for no fault, in milliseconds. */
export const SLOW_PAIRING_MS = 2_000;

/** A clock this much ahead of the program's release is wrong, in years of 365 days. */
export const MAX_YEARS_AFTER_RELEASE = 20;

/** A clock this much behind the latest time that the device has kept is told of, in milliseconds. */
export const MAX_BEHIND_MS = 86_400_000;

const YEAR_MS = 365 * 86_400_000;

/** Judges the configuration. */
export function judgeConfig({ file, problems }: ConfigFacts): Finding {
  const [first, ...others] = problems;
  if (first !== undefined) {
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    return fail(`${first}${more}`, "Fix it; config.example.toml has every setting");
  }
  return ok(file === undefined ? "no file, the defaults hold" : `${file} is sound`);
}

/** Judges the actions. */
export function judgeActions({ actions, problems }: ActionFacts): Finding {
  const faults = [
    ...problems,
    ...actions.filter(({ state }) => state !== "executable").map(({ name, program, state }) =>
      `action ${name}: ${program} ${state === "missing" ? "is not there" : "is not executable"}`
    ),
  ];
  if (faults.length > 0) {
    return fail(faults.join("; "), "Install the program, or correct command in [[action]]");
  }
  if (actions.length === 0) return ok("none configured");
  return ok(`${actions.length} of ${actions.length} programs can be started`);
}

/** Whether a clock that says so is wrong. */
export function isTooLate(wallMs: number, releaseDate: string): boolean {
  return wallMs > Date.parse(releaseDate) + MAX_YEARS_AFTER_RELEASE * YEAR_MS;
}

/** Judges the clock. */
export function judgeClock({ wallMs, releaseDate, markMs = 0 }: ClockFacts): Finding {
  const shown = new Date(wallMs).toISOString().slice(0, 16).replace("T", " ");
  const advice = "Set it, or let a time server do so: times in logs and ends of keys go by it";
  if (wallMs < Date.parse(releaseDate)) {
    return fail(`it says ${shown}, before this program was made (${releaseDate})`, advice);
  }
  if (isTooLate(wallMs, releaseDate)) {
    return fail(`it says ${shown}, more than ${MAX_YEARS_AFTER_RELEASE} years ahead`, advice);
  }
  if (markMs - wallMs > MAX_BEHIND_MS) {
    const seen = new Date(markMs).toISOString().slice(0, 16).replace("T", " ");
    return warn(
      `it says ${shown}, but this device has seen ${seen}, and keys end by the later time`,
      "Set it; if the later time was wrong, make keys anew that have ended by it",
    );
  }
  return ok(`${shown} UTC`);
}

/** Judges the displays. */
export function judgeDisplay({ displays }: DisplayFacts): Finding {
  const problems = displays.flatMap(({ kind, problem }) =>
    problem === undefined ? [] : [`${kind}: ${problem}`]
  );
  if (problems.length > 0) {
    return fail(problems.join("; "), "Correct [display], or see to the service user's groups");
  }
  const shown = displays.filter(({ shows }) => shows !== undefined);
  const text = shown.map(({ shows }) => shows).join(", ");
  if (shown.length > 0 && shown.every(({ isHidden }) => isHidden)) {
    return warn(
      text,
      'Name what is seen there as kind in [display]: "emulationstation", "retroarch" or "command"',
    );
  }
  if (shown.length > 0) return ok(text);
  if (displays.every(({ kind }) => kind === "none")) {
    return ok("none, as configured: `latchkey pair` shows PINs");
  }
  return warn(
    "only `latchkey pair` will show PINs",
    'Name a display as kind in [display], or "none" if that is meant',
  );
}

/** Judges the cost of a pairing. */
export function judgePairingTime({ deviceMs, isAgreed }: PairingTimeFacts): Finding {
  if (!isAgreed) {
    return fail("a trial pairing came to no common key", "Install this program again");
  }
  const shown = `a pairing takes ${Math.round(deviceMs)} ms of this CPU`;
  return deviceMs > SLOW_PAIRING_MS
    ? warn(shown, "Close other programs while you pair, and be patient")
    : ok(shown);
}

/** Judges the user that the service runs as. */
export function judgePermissions({ uid, isOfService }: PermissionFacts): Finding {
  const who = isOfService ? "the service runs" : "doctor runs, and the service would run,";
  if (uid !== 0) return ok(`${who} as user ${uid}`);
  return warn(
    `${who} as root`,
    "Run it as a user of its own, in the groups of its devices (video, input)",
  );
}
