// es_systems.cfg: the systems of an EmulationStation, with the files es_systems_*.cfg that add to it.

import { readXml } from "./xml_reader.ts";

/** The file's name in a folder of EmulationStation's configuration. */
export const ES_SYSTEMS_FILE = "es_systems.cfg";

/** How many systems are kept. */
export const MAX_ES_SYSTEMS = 1_000;

/** How many emulators and cores a system may have. */
export const MAX_ES_EMULATORS = 200;

/** How much of a file is read, in bytes. */
export const MAX_ES_SYSTEMS_BYTES: number = 16 * 1024 * 1024;

/** A core of an emulator. */
export interface EsCore {
  readonly name: string;
  readonly isDefault: boolean;
  /** A command of its own. */
  readonly command: string | undefined;
}

/** An emulator of a system. */
export interface EsEmulator {
  readonly name: string;
  readonly isDefault: boolean;
  /** A command of its own. */
  readonly command: string | undefined;
  readonly cores: readonly EsCore[];
}

/** A system as the files have it: texts by element, such as "fullname", and its emulators. */
export interface EsSystem {
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly emulators: readonly EsEmulator[] | undefined;
}

/** What a system is launched with where its owner chose nothing else. */
export interface EsDefaults {
  readonly command: string;
  /** Empty where the system has none. */
  readonly emulator: string;
  readonly core: string;
  readonly governor: string;
}

/** The systems of one file, in its order; those without a name are left out. */
export async function readEsSystems(
  chunks: AsyncIterable<Uint8Array>,
  onProblem: (message: string) => void,
): Promise<EsSystem[]> {
  const builder = new EsSystemsBuilder(onProblem);
  await readXml(chunks, { onProblem, listener: builder });
  if (!builder.hasList) onProblem("it has no <systemList>");
  return builder.systems;
}

/**
 * Systems with those of a further file: of a system that is there already, each element of the new
 * one takes the place of the old one, and an empty one removes it; others are added at the end.
 */
export function mergeEsSystems(
  systems: readonly EsSystem[],
  more: readonly EsSystem[],
): EsSystem[] {
  const merged = [...systems];
  for (const added of more) {
    const at = merged.findIndex(({ name }) => name === added.name);
    const old = merged[at];
    if (old === undefined) {
      if (merged.length < MAX_ES_SYSTEMS) merged.push(added);
      continue;
    }
    const fields = Object.entries({ ...old.fields, ...added.fields })
      .filter(([, text]) => text !== "");
    merged[at] = {
      name: old.name,
      fields: Object.fromEntries(fields),
      emulators: added.emulators ?? old.emulators,
    };
  }
  return merged;
}

/** What a system is launched with by default: the emulator and core that say so, else the first. */
export function defaultsOf({ fields, emulators = [] }: EsSystem): EsDefaults {
  const emulator = emulators.find(({ isDefault }) => isDefault) ??
    emulators.find(({ cores }) => cores.some(({ isDefault }) => isDefault)) ?? emulators[0];
  const core = emulator?.cores.find(({ isDefault }) => isDefault) ?? emulator?.cores[0];
  return {
    command: core?.command ?? emulator?.command ?? fields["command"] ?? "",
    emulator: emulator?.name ?? "",
    core: core?.name ?? "",
    governor: fields["governor"] ?? "",
  };
}

/** The extensions of a system, in lower case and each once. */
export function extensionsOf({ fields }: EsSystem): ReadonlySet<string> {
  const words = (fields["extension"] ?? "").split(/[\s,]+/)
    .filter((word) => /^\.[^/]{1,32}$/.test(word));
  return new Set(words.map((word) => word.toLowerCase()));
}

class EsSystemsBuilder {
  readonly systems: EsSystem[] = [];
  readonly #onProblem: (message: string) => void;
  #hasList = false;
  #fields: Record<string, string> = {};
  #emulators: EsEmulator[] | undefined;
  #emulator: { name: string; isDefault: boolean; command: string | undefined } | undefined;
  #cores: EsCore[] = [];
  #core: Omit<EsCore, "name"> | undefined;
  #count = 0;

  constructor(onProblem: (message: string) => void) {
    this.#onProblem = onProblem;
  }

  get hasList(): boolean {
    return this.#hasList;
  }

  open(names: readonly string[], attributes: Readonly<Record<string, string>>): void {
    if (names[0] === "systemList") this.#hasList = true;
    const at = placeOf(names);
    if (at === "emulators") this.#emulators ??= [];
    const isDefault = attributes["default"] === "true";
    const command = attributes["command"]?.trim() || undefined;
    if (at === "emulators/emulator") {
      this.#emulator = { name: attributes["name"]?.trim() ?? "", isDefault, command };
      this.#cores = [];
    } else if (at === "emulators/emulator/cores/core") {
      this.#core = { isDefault, command };
    }
  }

  close(names: readonly string[], text: string): void {
    const at = placeOf(names);
    if (at === undefined) return;
    if (at === "") this.#endSystem();
    else if (at === "emulators/emulator/cores/core") this.#endCore(text.trim());
    else if (at === "emulators/emulator") this.#endEmulator();
    // Of several elements of a name, as with commands in newer forks, the first is the default.
    else if (names.length === 3 && at !== "emulators") this.#fields[at] ??= text.trim();
  }

  #endCore(name: string): void {
    if (name !== "" && this.#core !== undefined && this.#count < MAX_ES_EMULATORS) {
      this.#count++;
      this.#cores.push({ name, ...this.#core });
    }
    this.#core = undefined;
  }

  #endEmulator(): void {
    const emulator = this.#emulator;
    if (emulator !== undefined && emulator.name !== "" && this.#count < MAX_ES_EMULATORS) {
      this.#count++;
      this.#emulators?.push({ ...emulator, cores: this.#cores });
    }
    this.#emulator = undefined;
    this.#cores = [];
  }

  #endSystem(): void {
    const { name = "", ...fields } = this.#fields;
    if (name === "") this.#onProblem("a system has no <name>");
    else if (this.systems.length === MAX_ES_SYSTEMS) {
      this.#onProblem(`it has more than ${MAX_ES_SYSTEMS} systems, of which ${name} is left out`);
    } else this.systems.push({ name, fields, emulators: this.#emulators });
    this.#fields = {};
    this.#emulators = undefined;
    this.#count = 0;
  }
}

// Where an element stands within its system; undefined outside of one.
function placeOf([list, system, ...within]: readonly string[]): string | undefined {
  return list === "systemList" && system === "system" ? within.join("/") : undefined;
}
