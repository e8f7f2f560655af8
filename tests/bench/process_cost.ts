// What a process has cost so far, from /proc: CPU, memory, bytes written.

/** CPU time of a process at a moment. */
export interface CpuReading {
  /** By thread, in nanoseconds; empty where the kernel does not count so finely. */
  readonly threadsNs: ReadonlyMap<string, number>;
  /** Of the whole process, ended threads included, in milliseconds; counted in steps of 10. */
  readonly wholeMs: number;
}

/** Memory of a process, in MiB. */
export interface MemoryReading {
  /** All that is resident. */
  readonly residentMiB: number;
  /** What of it no file backs. */
  readonly anonymousMiB: number;
}

const TICK_MS = 10;
const PAGE_FIELDS = { VmRSS: "residentMiB", RssAnon: "anonymousMiB" } as const;

/** The CPU time of a process until now. */
export function readCpu(pid: number): CpuReading {
  const threadsNs = new Map<string, number>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const text = readIfThere(`/proc/${pid}/task/${name}/schedstat`);
    if (text !== undefined) threadsNs.set(name, parseSchedstatNs(text));
  }
  return { threadsNs, wholeMs: parseStatMs(Deno.readTextFileSync(`/proc/${pid}/stat`)) };
}

/**
 * The CPU time between two readings, in microseconds. The threads' own nanoseconds are taken unless
 * a thread has ended in between: what it did last is in the whole alone.
 */
export function cpuUsBetween(before: CpuReading, after: CpuReading): number {
  const hasEnded = [...before.threadsNs.keys()].some((name) => !after.threadsNs.has(name));
  if (hasEnded || after.threadsNs.size === 0) return (after.wholeMs - before.wholeMs) * 1000;
  let ns = 0;
  for (const [name, afterNs] of after.threadsNs) ns += afterNs - (before.threadsNs.get(name) ?? 0);
  return ns / 1000;
}

/** The nanoseconds on a CPU in the text of a schedstat file. */
export function parseSchedstatNs(text: string): number {
  return Number(/^\d+/.exec(text)?.[0] ?? NaN);
}

/** User and system time in the text of a stat file, in milliseconds. */
export function parseStatMs(text: string): number {
  // The name before it may hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** The memory of a process now. */
export function readMemory(pid: number): MemoryReading {
  return parseMemory(Deno.readTextFileSync(`/proc/${pid}/status`));
}

/** The memory in the text of a status file. */
export function parseMemory(text: string): MemoryReading {
  const reading = { residentMiB: NaN, anonymousMiB: NaN };
  for (const [field, name] of Object.entries(PAGE_FIELDS)) {
    const [, kib] = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text) ?? [];
    reading[name] = Number(kib ?? NaN) / 1024;
  }
  return reading;
}

/** What a process has had written to its disk so far, in KiB. */
export function readWrittenKiB(pid: number): number {
  return parseWrittenKiB(Deno.readTextFileSync(`/proc/${pid}/io`));
}

/** The bytes written in the text of an io file, in KiB. */
export function parseWrittenKiB(text: string): number {
  return Number(/^write_bytes: (\d+)$/m.exec(text)?.[1] ?? NaN) / 1024;
}

// A thread may end between the listing and the look.
function readIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
