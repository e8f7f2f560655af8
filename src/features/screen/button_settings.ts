// What the owner may say about buttons.

/** Which buttons do what; a chord without buttons is off. */
export interface ButtonSettings {
  /** The folder of the input devices. */
  readonly folder: string;
  /** The names of the buttons that open pairing and cancel it. */
  readonly pair: readonly string[];
  /** How long they must be held, in milliseconds. */
  readonly holdMs: number;
  /** The names of the buttons that delete every client. */
  readonly revokeAll: readonly string[];
  /** How long they must be held, in milliseconds. */
  readonly revokeHoldMs: number;
}
