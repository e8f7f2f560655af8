// The doctor's look at the library: each source is read as a scan would read it, up to the first
// file of each system.

import type { LibraryFacts, LibrarySystemFacts } from "../../features/doctor/doctor_facts.ts";
import type { Identity } from "../../features/doctor/proc_files.ts";
import { fillCommand } from "../../features/library/command_template.ts";
import type { LibrarySettings } from "../../features/library/library_settings.ts";
import { type LibrarySource, SourceAway } from "../../features/library/library_source.ts";
import type { SourceReadOptions } from "../../features/library/library_source.ts";
import { type LibraryEdges, librarySources } from "../../features/library/library_sources.ts";
import type { LibrarySystem } from "../../features/library/media.ts";
import { isReadableFolder, lookAtProgram, statIfThere } from "./file_look.ts";

/** How many problems of a source are kept. */
const MAX_PROBLEMS = 100;

/** Options of {@linkcode lookAtLibrary}. */
export interface LibraryLookOptions extends LibraryEdges {
  readonly searchPath: string;
  readonly identity: Identity;
  readonly signal: AbortSignal;
}

/** What the sources are like, for the user who launches their media. */
export async function lookAtLibrary(
  libraries: readonly LibrarySettings[],
  options: LibraryLookOptions,
): Promise<LibraryFacts> {
  const sources: LibraryFacts["sources"][number][] = [];
  for (const [at, source] of librarySources(libraries, options).entries()) {
    const settings = libraries[at];
    const problems: string[] = [];
    const reading: SourceReadOptions = {
      signal: options.signal,
      onProblem: ({ path, message }) => {
        if (problems.length < MAX_PROBLEMS) problems.push(`${path}: ${message}`);
      },
    };
    const systems: LibrarySystemFacts[] = [];
    for (const system of await source.systems(reading)) {
      systems.push(await lookAtSystem(system, { ...options, source, reading }));
    }
    for (const folder of settings?.imageFolders ?? []) {
      if (await isReadableFolder(folder, options.identity)) continue;
      problems.push(`${folder}: its pictures cannot be read`);
    }
    const kind = settings?.source ?? "folder";
    const name = kind === "folder" ? settings?.folder ?? source.key : "EmulationStation";
    sources.push({ name, kind, systems, problems });
  }
  const needsFrontend = sources.some(({ kind, systems }) =>
    kind === "emulationstation_http" ||
    systems.some(({ launch, state }) =>
      launch.kind === "emulationstation_http" && state === "filled"
    )
  );
  return { sources, isFrontendAnswered: needsFrontend ? await answers(options) : undefined };
}

async function lookAtSystem(
  system: LibrarySystem,
  options: LibraryLookOptions & { source: LibrarySource; reading: SourceReadOptions },
): Promise<LibrarySystemFacts> {
  const { searchPath, identity } = options;
  const { sourceName: name, folder, launch } = system;
  const steps = launch.kind === "command" ? launch.steps : [];
  const programs = await Promise.all(
    [...new Set(steps.map((step) => fillCommand(step, { path: "/x" })[0] ?? ""))]
      .map(async (program) => ({
        program,
        state: await lookAtProgram(program, { cwd: Deno.cwd(), searchPath, identity }),
      })),
  );
  return {
    name,
    folder,
    state: await stateOf(system, options),
    launch: launch.kind === "refused" ? launch : { kind: launch.kind },
    programs,
  };
}

async function stateOf(
  system: LibrarySystem,
  { source, reading, identity }: LibraryLookOptions & {
    source: LibrarySource;
    reading: SourceReadOptions;
  },
): Promise<LibrarySystemFacts["state"]> {
  if (await isClosed(system.folder, identity)) return "closed";
  try {
    for await (const _media of source.media(system, reading)) return "filled";
    return "empty";
  } catch (error) {
    if (error instanceof SourceAway) return "away";
    throw error;
  }
}

// Who asks the doctor may read more than the service, or less.
async function isClosed(folder: string, identity: Identity): Promise<boolean> {
  try {
    const isFolder = (await statIfThere(folder))?.isDirectory === true;
    return isFolder && !await isReadableFolder(folder, identity);
  } catch {
    // One above it is closed to whoever asks.
    return true;
  }
}

async function answers({ frontend, signal }: LibraryLookOptions): Promise<boolean> {
  try {
    await frontend.runningGame(signal);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
