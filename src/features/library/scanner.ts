// Looks through all sources and writes the index, in the background: one system after the other, the
// one that was looked through longest ago first, so that a scan that was cut off goes on where it
// stopped. Media are written in short steps, and between two of them everything else has its turn.

import { asError } from "../../base/app_error.ts";
import type { Clock } from "../../base/clock.ts";
import { LimitedLog } from "../../base/limited_log.ts";
import type { LogFields, Logger } from "../../base/log.ts";
import type { BucketRate } from "../../base/token_bucket.ts";
import { type LibrarySource, SourceAway, type SourceProblem } from "./library_source.ts";
import type { FoundMedia, LibrarySystem } from "./media.ts";
import {
  type MediaIndexWriter,
  type StepResult,
  systemKeyOf,
  type SystemPass,
} from "./media_index.ts";
import type { LibraryScans, ScanProgress } from "./scan_progress.ts";

/** How long one step should take, in milliseconds; the number of its media follows that. */
export const STEP_TARGET_MS = 2;

/** The fewest and the most media of a step. */
export const STEP_MEDIA = { min: 8, first: 32, max: 256 } as const;

/** How often listeners hear of a running scan at most, in milliseconds. */
export const PROGRESS_MS = 500;

/** How many problems of sources are remembered, so that the log has each once. */
export const MAX_REMEMBERED_PROBLEMS = 500;

/** How many scans the log has at most, and as many that failed; level debug has the others. */
export const SCAN_LINE_RATE: BucketRate = { burst: 10, perSecond: 1 / 60 };

const CANCELLED = "The scan of the library was cancelled";

/** Options of {@linkcode LibraryScanner}. */
export interface LibraryScannerOptions {
  /** The sources in force, in their order: of two that have the same file the first has it. */
  readonly sources: () => readonly LibrarySource[];
  readonly writer: MediaIndexWriter;
  /**
   * Takes the systems of all sources, at the start of every scan: as often as one has told its own,
   * with what those that have not yet told the time before.
   */
  readonly onSystems: (systems: readonly LibrarySystem[]) => void;
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * Resolves after everything else that waits had its turn.
   * @default a timer of the platform
   */
  readonly giveWay?: () => Promise<void>;
}

/** The scans of one library. */
export class LibraryScanner implements LibraryScans {
  readonly #options: LibraryScannerOptions;
  readonly #giveWay: () => Promise<void>;
  readonly #listeners = new Set<(progress: ScanProgress) => void>();
  readonly #told = new Set<string>();
  readonly #lines: LimitedLog;
  #progress: ScanProgress = {
    isIndexing: false,
    totalSteps: 0,
    currentStep: 0,
    currentStepDisplay: "",
    totalFiles: 0,
  };
  #toldAtMs = 0;
  /** What the sources told last, in their order. */
  #systems: readonly FoundSystem[] = [];
  #running: RunningScan | undefined;
  /** What is to be scanned after the running scan. */
  #next: ScanScope | undefined;
  /** Whether that is what a restart asked for. */
  #isRestarting = false;
  #ended: Promise<void> = Promise.resolve();
  #isClosed = false;
  #stepMedia: number = STEP_MEDIA.first;

  /** Scans nothing before it is asked. */
  constructor(options: LibraryScannerOptions) {
    this.#options = options;
    this.#lines = new LimitedLog({ ...options, rate: SCAN_LINE_RATE });
    this.#giveWay = options.giveWay ?? (() => new Promise((resolve) => setTimeout(resolve, 0)));
  }

  /** How far the scan is, or the last one was. */
  get progress(): ScanProgress {
    return this.#progress;
  }

  /** Starts a scan of some systems or of all, or lets those follow that the running one has begun. */
  request(systemIds?: readonly string[]): void {
    if (this.#running === undefined || this.#running.isCancelled) return this.#follow(systemIds);
    const { scope, left } = this.#running;
    if (scope === "all" && (systemIds === undefined || left === undefined)) return;
    const missed = systemIds?.filter((id) => left === undefined || !left.includes(id));
    if (missed === undefined || missed.length > 0) this.#follow(missed);
  }

  /**
   * Ends the running scan and scans everything, with what it had not looked through first. Systems of
   * sources that are no longer in force are gone at once.
   */
  restart(): void {
    this.#isRestarting = true;
    this.#running?.abort.abort(new ScanEnded("The scan of the library begins again"));
    this.#show(this.#systems);
    this.#follow(undefined);
  }

  /** Ends the running scan and forgets what was to follow it, but for a restart; whether one ran. */
  cancel(): boolean {
    if (!this.#isRestarting) this.#next = undefined;
    this.#running?.cancel();
    return this.#running !== undefined;
  }

  /** Calls `listener` with every step of progress until the result is called. */
  subscribe(listener: (progress: ScanProgress) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the running scan and takes no other; resolves when nothing is written any more. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#next = undefined;
    this.#running?.abort.abort(new ScanEnded(CANCELLED));
    return this.#ended;
  }

  #follow(systemIds: readonly string[] | undefined): void {
    if (this.#isClosed) return;
    this.#next = systemIds === undefined || this.#next === "all"
      ? "all"
      : new Set([...this.#next ?? [], ...systemIds]);
    if (this.#running === undefined) this.#ended = this.#runAll();
  }

  async #runAll(): Promise<void> {
    while (this.#next !== undefined) {
      const running = new RunningScan({ scope: this.#next, isRestart: this.#isRestarting });
      this.#next = undefined;
      this.#isRestarting = false;
      this.#running = running;
      await this.#run(running);
    }
    this.#running = undefined;
    this.#tell({ isIndexing: false });
  }

  async #run(running: RunningScan): Promise<void> {
    const { clock, log } = this.#options;
    const startedMs = clock.monotonicMs();
    this.#tell({
      isIndexing: true,
      totalSteps: 0,
      currentStep: 0,
      currentStepDisplay: "",
      totalFiles: 0,
    });
    try {
      await this.#scan(running);
      const { totalSteps: systems, totalFiles: media } = this.#progress;
      const ms = Math.round(clock.monotonicMs() - startedMs);
      this.#tellScan("info", "Scanned the library", { systems, media, ms });
    } catch (error) {
      if (error instanceof ScanEnded) log.debug(error.message);
      else this.#tellScan("error", "The scan of the library failed", { error: asError(error) });
    }
  }

  // Whoever may ask for scans could fill the log.
  #tellScan(level: "info" | "error", message: string, fields: LogFields): void {
    const isWritten = this.#lines.write({ level, message, of: "", fields });
    if (!isWritten) this.#options.log.debug(message, fields);
  }

  async #scan(running: RunningScan): Promise<void> {
    const { writer } = this.#options;
    const { signal } = running.abort;
    const before = new Set(this.#systems.map(textKeyOf));
    const { found, silentSources } = await this.#readSystems(signal);
    const keys = found.map(({ system }) => systemKeyOf(system));
    await this.#repeat(() => writer.keepSystems(keys, silentSources), signal);
    running.letGo();
    const { scope } = running;
    // Who asks for some systems brings new ones into the catalogue, which nobody asks for any more.
    const steps = found
      .filter((one) => scope === "all" || scope.has(one.system.id) || !before.has(textKeyOf(one)))
      .map((one) => ({ ...one, scannedMs: writer.scannedMs(systemKeyOf(one.system)) }))
      .toSorted((a, b) => a.scannedMs - b.scannedMs);
    for (const [at, step] of steps.entries()) {
      running.left = steps.slice(at + 1).map(({ system }) => system.id);
      this.#tell({
        totalSteps: steps.length,
        currentStep: at + 1,
        currentStepDisplay: step.system.name,
      });
      await this.#scanSystem(step, signal);
    }
  }

  async #readSystems(
    signal: AbortSignal,
  ): Promise<{ found: readonly FoundSystem[]; silentSources: string[] }> {
    const sources = this.#options.sources();
    const told = new Map<LibrarySource, readonly FoundSystem[]>();
    // All of them, for none may be read any more when the scan has ended.
    const readings = await Promise.allSettled(sources.map(async (source) => {
      const systems = await this.#systemsOf(source, signal);
      signal.throwIfAborted();
      told.set(source, systems.map((system) => ({ source, system })));
      // A frontend that hangs keeps nobody from the systems of the others.
      this.#show(sources.flatMap((one) => told.get(one) ?? this.#systemsBefore(one)));
    }));
    for (const reading of readings) if (reading.status === "rejected") throw reading.reason;
    if (sources.length === 0) this.#show([]);
    const silentSources = sources.filter((one) => told.get(one)?.length === 0).map(({ key }) =>
      key
    );
    return { found: this.#systems, silentSources };
  }

  #systemsBefore({ key }: LibrarySource): FoundSystem[] {
    return this.#systems.filter(({ source }) => source.key === key);
  }

  // Of two systems with one key the first counts, and none of a source that is no longer in force.
  #show(systems: readonly FoundSystem[]): void {
    const sources = new Set(this.#options.sources());
    const byKey = Map.groupBy(
      systems.filter(({ source }) => sources.has(source)),
      textKeyOf,
    );
    this.#systems = [...byKey.values()].flatMap(([first]) => first ?? []);
    this.#options.onSystems(this.#systems.map(({ system }) => system));
  }

  async #systemsOf(source: LibrarySource, signal: AbortSignal): Promise<LibrarySystem[]> {
    try {
      return await source.systems({ signal, onProblem: (problem) => this.#tellProblem(problem) });
    } catch (error) {
      signal.throwIfAborted();
      this.#tellProblem({ path: source.key, message: asError(error).message });
      return [];
    }
  }

  async #scanSystem({ source, system }: FoundSystem, signal: AbortSignal): Promise<void> {
    const { writer, clock } = this.#options;
    const pass = writer.beginSystem(systemKeyOf(system), clock.wallMs());
    const outcome = await this.#readMedia({ source, system }, { pass, signal });
    if (outcome === "failed") return;
    await this.#repeat(() => pass.end(outcome), signal);
  }

  async #readMedia(
    { source, system }: FoundSystem,
    { pass, signal }: { pass: SystemPass; signal: AbortSignal },
  ): Promise<"complete" | "away" | "failed"> {
    const media = source.media(system, {
      signal,
      onProblem: (problem) => this.#tellProblem(problem),
    })[Symbol.asyncIterator]();
    try {
      for (let step: FoundMedia[] = [];;) {
        const next = await this.#nextMedia(media, { system, signal });
        if (next === "away" || next === "failed") return next;
        if (next !== "complete") step.push(next);
        if (next === "complete" || step.length >= this.#stepMedia) {
          await this.#put(pass, step);
          step = [];
        }
        signal.throwIfAborted();
        if (next === "complete") return next;
      }
    } finally {
      // A source that is left half-way closes what it has open.
      await media.return?.();
    }
  }

  // What the source throws is its system's misfortune; what the index throws ends the scan.
  async #nextMedia(
    media: AsyncIterator<FoundMedia>,
    { system, signal }: { system: LibrarySystem; signal: AbortSignal },
  ): Promise<FoundMedia | "complete" | "away" | "failed"> {
    try {
      const { done, value } = await media.next();
      return done === true ? "complete" : value;
    } catch (error) {
      signal.throwIfAborted();
      this.#tellProblem({ path: system.folder, message: asError(error).message });
      return error instanceof SourceAway ? "away" : "failed";
    }
  }

  async #put(pass: SystemPass, media: readonly FoundMedia[]): Promise<void> {
    if (media.length === 0) return;
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    pass.put(media);
    const tookMs = Math.max(clock.monotonicMs() - startedMs, STEP_TARGET_MS / 2);
    const wanted = Math.round(this.#stepMedia * Math.max(STEP_TARGET_MS / tookMs, 1 / 4));
    this.#stepMedia = Math.max(STEP_MEDIA.min, Math.min(STEP_MEDIA.max, wanted));
    this.#tell({ totalFiles: this.#progress.totalFiles + media.length }, { isDetail: true });
    await this.#giveWay();
  }

  async #repeat(step: () => StepResult, signal: AbortSignal): Promise<void> {
    while (!step().isDone) {
      await this.#giveWay();
      signal.throwIfAborted();
    }
  }

  #tell(change: Partial<ScanProgress>, { isDetail = false }: { isDetail?: boolean } = {}): void {
    this.#progress = { ...this.#progress, ...change };
    const nowMs = this.#options.clock.monotonicMs();
    if (isDetail && nowMs - this.#toldAtMs < PROGRESS_MS) return;
    this.#toldAtMs = nowMs;
    for (const listener of this.#listeners) listener(this.#progress);
  }

  #tellProblem({ path, message }: SourceProblem): void {
    const text = `${path}\n${message}`;
    if (this.#told.has(text)) return;
    if (this.#told.size >= MAX_REMEMBERED_PROBLEMS) this.#told.clear();
    this.#told.add(text);
    this.#options.log.warn("A problem in the library", { path, reason: message });
  }
}

type ScanScope = "all" | ReadonlySet<string>;

class RunningScan {
  readonly scope: ScanScope;
  readonly abort = new AbortController();
  /** The ids of the systems that it has not begun; undefined before they are known. */
  left: readonly string[] | undefined;
  /** Whether it ends before its last system, now or soon. */
  isCancelled = false;
  /** Whether it ends no sooner than the systems of the sources are known. */
  #isHeld: boolean;

  constructor({ scope, isRestart }: { scope: ScanScope; isRestart: boolean }) {
    this.scope = scope;
    this.#isHeld = isRestart;
  }

  cancel(): void {
    this.isCancelled = true;
    if (!this.#isHeld) this.abort.abort(new ScanEnded(CANCELLED));
  }

  /** The systems are known. */
  letGo(): void {
    this.#isHeld = false;
    if (this.isCancelled) this.cancel();
  }
}

interface FoundSystem {
  readonly source: LibrarySource;
  readonly system: LibrarySystem;
}

function textKeyOf({ system }: FoundSystem): string {
  return JSON.stringify(systemKeyOf(system));
}

class ScanEnded extends Error {}
