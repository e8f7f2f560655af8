// What `deno task bench` is asked for: its arguments, and the variables that name another server.

import { parseArgs } from "node:util";

/** What to measure beside this tree's service. */
export type Comparison =
  | {
    readonly kind: "tree";
    /** What its column is called. */
    readonly name: string;
    /** A checkout of this repository. */
    readonly root: string;
  }
  | {
    readonly kind: "server";
    readonly name: string;
    /** Its port on this machine. */
    readonly port: number;
    /** Its process, unless it is to be looked for. */
    readonly pid?: number;
    /** A command that opens pairing and prints the PIN. */
    readonly pairCommand?: string;
    /** A command that runs it until it is ended. */
    readonly startCommand?: string;
    /** A command after which the next start is a first one. */
    readonly resetCommand?: string;
  };

/** What is asked for. */
export interface BenchOptions {
  /** How many rounds the medians are made of. */
  readonly rounds: number;
  /** Whether rounds are short: numbers to look whether it works, not to keep. */
  readonly isQuick: boolean;
  /** The sections to run; all where it is empty. */
  readonly only: readonly string[];
  /** How long every sync takes at least in all sections, in milliseconds. */
  readonly slowFsyncMs?: number;
  /** Whether to look at memory over many sessions and pairings instead. */
  readonly isSoak: boolean;
  /** Whether to print Markdown. */
  readonly isMarkdown: boolean;
  /** Whether to keep the run as the baseline. */
  readonly isSaved: boolean;
  /** What to know about the kept run. */
  readonly note: string;
  /** What to measure beside the service. */
  readonly comparison?: Comparison;
}

/** Arguments or variables that cannot be used; the message is for people. */
export class BenchUsageError extends Error {}

const DEFAULT_ROUNDS = 5;
const MAX_ROUNDS = 100;
const MAX_SLOW_FSYNC_MS = 1000;

/** Reads arguments and variables; throws BenchUsageError. */
export function readBenchOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  sectionIds: readonly string[],
): BenchOptions {
  const values = parseArguments(args);
  const only = values.only;
  for (const id of only) {
    if (!sectionIds.includes(id)) {
      throw new BenchUsageError(
        `Unknown section: ${JSON.stringify(id)} (expected ${sectionIds.join(", ")})`,
      );
    }
  }
  const rounds = values.rounds === undefined
    ? (values.quick ? 1 : DEFAULT_ROUNDS)
    : wholeNumber("--rounds", values.rounds, MAX_ROUNDS);
  const slowFsync = values["slow-fsync"];
  const slowFsyncMs = slowFsync === undefined
    ? undefined
    : wholeNumber("--slow-fsync", slowFsync, MAX_SLOW_FSYNC_MS);
  const comparison = readComparison(environment);
  const isPartial = only.length > 0 || values.quick || values.soak || slowFsyncMs !== undefined;
  if (values.save && isPartial) {
    throw new BenchUsageError(
      "--save keeps whole runs: not with --only, --quick, --soak or --slow-fsync",
    );
  }
  return {
    rounds,
    isQuick: values.quick,
    only,
    isSoak: values.soak,
    isMarkdown: values.markdown,
    isSaved: values.save,
    note: values.note,
    ...(slowFsyncMs === undefined ? {} : { slowFsyncMs }),
    ...(comparison === undefined ? {} : { comparison }),
  };
}

interface ParsedArguments {
  readonly rounds: string | undefined;
  readonly only: readonly string[];
  readonly "slow-fsync": string | undefined;
  readonly quick: boolean;
  readonly soak: boolean;
  readonly markdown: boolean;
  readonly save: boolean;
  readonly note: string;
}

function parseArguments(args: readonly string[]): ParsedArguments {
  const flag = { type: "boolean", default: false } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: "string" },
        only: { type: "string", multiple: true, default: [] },
        "slow-fsync": { type: "string" },
        quick: flag,
        soak: flag,
        markdown: flag,
        save: flag,
        note: { type: "string", default: "" },
      },
    });
    return { rounds: undefined, "slow-fsync": undefined, ...values };
  } catch (error) {
    throw new BenchUsageError(error instanceof Error ? error.message : String(error));
  }
}

function readComparison(
  environment: Readonly<Record<string, string | undefined>>,
): Comparison | undefined {
  const read = (name: string): string | undefined => environment[`COMPARE_${name}`] || undefined;
  const [url, root, name = "compared"] = [read("URL"), read("TREE"), read("NAME")];
  if (url !== undefined && root !== undefined) {
    throw new BenchUsageError(
      "COMPARE_URL and COMPARE_TREE are both set: one comparison at a time",
    );
  }
  if (root !== undefined) return { kind: "tree", name, root };
  if (url === undefined) return undefined;
  const pid = read("PID");
  const [pairCommand, startCommand, resetCommand] = [read("PAIR"), read("START"), read("RESET")];
  return {
    kind: "server",
    name,
    port: readPort(url),
    ...(pid === undefined ? {} : { pid: wholeNumber("COMPARE_PID", pid, 2 ** 31) }),
    ...(pairCommand === undefined ? {} : { pairCommand }),
    ...(startCommand === undefined ? {} : { startCommand }),
    ...(resetCommand === undefined ? {} : { resetCommand }),
  };
}

function readPort(text: string): number {
  const url = URL.parse(text);
  const isLocal = url?.hostname === "127.0.0.1" || url?.hostname === "localhost";
  if (url === null || url.protocol !== "http:" || !isLocal || url.port === "") {
    throw new BenchUsageError(
      `COMPARE_URL: expected http://127.0.0.1:PORT, for CPU and memory are this machine's: ${
        JSON.stringify(text)
      }`,
    );
  }
  return Number(url.port);
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > most) {
    throw new BenchUsageError(`${name}: expected a whole number from 1 to ${most}`);
  }
  return value;
}
