// The tables [[action]] of the configuration.

/** What a text may start. */
export interface ActionSettings {
  /** The owner's name for it, unique. */
  readonly name: string;
  /** The pattern (RE2, anchored at both ends) that a text must match. */
  readonly match: string;
  /**
   * The program and its arguments, started without a shell. In an argument, `$1` and `${name}` stand
   * for groups of the pattern and `$0` for the whole text; `$$` is a dollar sign. The program itself
   * has no such place.
   */
  readonly command: readonly string[];
  /** The folder it runs in; the service's own where undefined. */
  readonly cwd: string | undefined;
  /** Variables of its own. */
  readonly env: Readonly<Record<string, string>>;
  /** The names of variables of the service that it inherits beside the harmless ones. */
  readonly passEnv: readonly string[];
  /** Whether it replaces the exclusive action that runs, and is replaced by the next. */
  readonly exclusive: boolean;
  /** Whether a text may fill an argument that begins with "-" although no "--" precedes it. */
  readonly allowOptions: boolean;
  /** The id of the system, such as "SNES", for clients that show what runs; may have groups. */
  readonly system: string | undefined;
  /** What clients show as the title; may have groups; the text itself where undefined. */
  readonly title: string | undefined;
}
