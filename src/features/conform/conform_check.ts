// What a check of docs/protocol.md is, and how checks belong together.

import type { ConformStage } from "./conform_stage.ts";

/** One check of docs/protocol.md. */
export interface ConformCheck {
  /** The section that it is about, such as "§5". */
  readonly section: string;
  /** What has to be so, in one line. No two checks have the same. */
  readonly title: string;
  /**
   * Whether docs/protocol.md marks it as ours, or Core's published documents do not ask for it: what
   * a server of another make does otherwise is then a note.
   */
  readonly isOurs?: true;
  /** Whether the rest of the group makes no sense without it. */
  readonly isGate?: true;
  /** Looks. Throws Deviation where it is not so, and Unjudged where that cannot be told here. */
  readonly run: (stage: ConformStage) => Promise<void>;
}

/** Checks that need the same, in the order in which they run. */
export interface ConformGroup {
  /** Why none of them can run; undefined where they can. May be where what they need is obtained. */
  readonly whyNot: (stage: ConformStage) => Promise<string | undefined> | string | undefined;
  /** The checks. */
  readonly checks: readonly ConformCheck[];
}
