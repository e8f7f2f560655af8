// Everything that the device tells without being asked: who hears it, and what is in it. A start
// loads only the types of this.

import * as v from "valibot";
import { StartedShape, StoppedShape } from "./methods/action_methods.ts";
import { DatabaseShape } from "./media_shapes.ts";
import { TokenShape } from "./methods/token_methods.ts";
import { CountShape, type Shown, TextShape } from "./shapes.ts";

/** Who may see a notification; "admin" are the device itself and sessions of admins. */
export type Audience = "everyone" | "admin" | "local";

/** One notification. */
export interface NotificationRow {
  /** Whether all who are connected hear it, those who may administer, or only the device itself. */
  readonly audience: Audience;
  /** When it is told. */
  readonly summary: string;
  /** What is in it. */
  readonly params: v.GenericSchema;
}

const NoneShape = v.strictObject({});

/** All notifications by their names. */
export const NOTIFICATIONS = {
  "media.started": {
    audience: "everyone",
    summary: "Something has the screen that did not have it before",
    params: StartedShape,
  },
  "media.stopped": {
    audience: "everyone",
    summary: "What had the screen has ended; `elapsed` says after how many seconds",
    params: StoppedShape,
  },
  "media.indexing": {
    audience: "everyone",
    summary: "How far the scan of the library is: at its start, at every system, at most twice a " +
      "second between, and at its end",
    params: DatabaseShape,
  },
  "tokens.added": {
    audience: "everyone",
    summary: "A text was run, whoever asked for it",
    params: TokenShape,
  },
  "clients.paired": {
    audience: "everyone",
    summary: "A client was paired",
    params: v.strictObject({ clientId: TextShape, clientName: TextShape }),
  },
  "clients.changed": {
    audience: "admin",
    summary: "A client was removed, or has another name or role",
    params: NoneShape,
  },
  "clients.pair.opened": {
    audience: "local",
    summary: "Pairing was opened; `clients.pair.current` has the PIN",
    params: NoneShape,
  },
  "clients.pair.failed": {
    audience: "local",
    summary: "Somebody guessed the PIN wrongly; it is valid until there were `limit` failures",
    params: v.strictObject({ failures: CountShape, limit: CountShape, from: TextShape }),
  },
  "clients.pair.ended": {
    audience: "local",
    summary: "The PIN is no longer valid, and nobody was paired; `from` are the addresses that " +
      "guessed, where they burned it",
    params: v.strictObject({
      outcome: v.picklist(["expired", "cancelled", "too_many_failures", "stopped"]),
      from: v.optional(v.array(TextShape)),
    }),
  },
  "settings.changed": {
    audience: "admin",
    summary: "Settings, actions or sources of the library were changed or read again",
    params: NoneShape,
  },
} as const satisfies Readonly<Record<string, NotificationRow>>;

/** What is in a notification; anything for a name that is in no row. */
export type PayloadOf<Method extends string> = Method extends keyof typeof NOTIFICATIONS
  ? Shown<(typeof NOTIFICATIONS)[Method]["params"]>
  : unknown;
