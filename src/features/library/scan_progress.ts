// What a scan of the library tells while it runs, and what others ask of it: the methods that start
// and cancel it, the notification `media.indexing`.

/** How far a scan is; also the state between scans. */
export interface ScanProgress {
  /** Whether a scan runs. */
  readonly isIndexing: boolean;
  /** How many systems it looks through. */
  readonly totalSteps: number;
  /** The system that it looks through, from 1; 0 before the first. */
  readonly currentStep: number;
  /** The name of that system; empty before the first. */
  readonly currentStepDisplay: string;
  /** How many media it has seen so far. */
  readonly totalFiles: number;
}

/** The scans of the library; one at a time. */
export interface LibraryScans {
  /** How far the scan is, or the last one was. */
  readonly progress: ScanProgress;
  /**
   * Starts a scan of these systems, or of all; while one runs, those that it does not cover follow
   * it. Never throws; ids that no source has are left out.
   */
  request(systemIds?: readonly string[]): void;
  /**
   * Ends the running scan and forgets what was to follow it; whether one ran. What it saw stays, and
   * what a reload asked for is done.
   */
  cancel(): boolean;
  /** Calls `listener` at the start, at every system, at most twice a second between, and at the end. */
  subscribe(listener: (progress: ScanProgress) => void): () => void;
}
