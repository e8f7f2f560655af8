// Judgements on the sources of the library.

import { fail, type Finding, ok, warn } from "./check.ts";
import type { LibraryFacts, LibrarySourceFacts, LibrarySystemFacts } from "./doctor_facts.ts";

/** How many faults are named; the others are counted. */
export const MAX_NAMED_FAULTS = 5;

/** Judges the sources of the library. */
export function judgeLibrary({ sources, isFrontendAnswered }: LibraryFacts): Finding {
  if (sources.length === 0) return ok("none configured");
  const faults = [...sources.flatMap(faultsOfSource), ...sources.flatMap(faultsOfPrograms)];
  if (faults.length > 0) {
    const advice =
      "Correct folder, config_folders or command in [[library]], put the card in, or " +
      "open the folder to the service's user";
    return fail(named(faults), advice);
  }
  const filled = sources.flatMap(({ systems }) =>
    systems.filter(({ state }) => state === "filled")
  );
  const refused = filled.flatMap(({ name, launch }) =>
    launch.kind === "refused" ? [`system ${name} cannot be launched: ${launch.reason}`] : []
  );
  if (refused.length > 0) {
    const advice =
      "Give these systems a [[library]] of the kind folder with a command of its own, " +
      "or exclude them";
    return warn(named(refused), advice);
  }
  if (isFrontendAnswered === false) {
    return warn(
      "no EmulationStation answers on 127.0.0.1:1234, and some systems are launched through it",
      "Start it, or give these systems a [[library]] of the kind folder",
    );
  }
  const problems = sources.flatMap(({ problems }) => problems);
  if (problems.length > 0) {
    return warn(named(problems), "Correct these files and folders, or take them away");
  }
  const total = sources.reduce((sum, { systems }) => sum + systems.length, 0);
  return ok(`${filled.length} of ${total} systems have media`);
}

function faultsOfSource({ name, kind, systems }: LibrarySourceFacts): string[] {
  if (systems.length === 0) {
    // A frontend that does not run has no systems to tell, and is judged as such.
    return kind === "emulationstation_http" ? [] : [`${name} has no system`];
  }
  const closed = systems.filter(({ state }) => state === "closed")
    .map(({ folder }) => `${folder} is closed to the service's user`);
  if (closed.length > 0) return closed;
  // A frontend has a folder for each system that it could play.
  if (systems.some(({ state }) => state === "filled")) return [];
  const [system] = systems;
  if (kind !== "folder" || system === undefined) return [`no system of ${name} has a file`];
  return system.state === "away"
    ? [`${system.folder} cannot be read`]
    : [`${system.folder} has no file with these extensions`];
}

function faultsOfPrograms({ systems }: LibrarySourceFacts): string[] {
  return systems.flatMap(({ name, state, programs }: LibrarySystemFacts) =>
    state !== "filled"
      ? []
      : programs.filter((program) => program.state !== "executable").map((program) =>
        `system ${name}: ${program.program} ${
          program.state === "missing" ? "is not there" : "is not executable"
        }`
      )
  );
}

function named(faults: readonly string[]): string {
  const more = faults.length - MAX_NAMED_FAULTS;
  const first = faults.slice(0, MAX_NAMED_FAULTS).join("; ");
  return more > 0 ? `${first}; and ${more} more` : first;
}
