// What the device tells without being asked. Made by `deno task reference` from the table of methods. Types only.

import type { DatabaseInfo, StartedMediaInfo, TokenInfo } from "./method_shapes.ts";

/** Every notification by its name, with what is in it. */
export interface NotificationParams {
  /** Something has the screen that did not have it before. */
  "media.started": StartedMediaInfo;
  /** What had the screen has ended; `elapsed` says after how many seconds. */
  "media.stopped": {
    systemId: string;
    systemName: string;
    mediaName: string;
    mediaPath: string;
    launcherId: string;
    elapsed: number;
  };
  /** How far the scan of the library is: at its start, at every system, at most twice a second between, and at its end. */
  "media.indexing": DatabaseInfo;
  /** A text was run, whoever asked for it. */
  "tokens.added": TokenInfo;
  /** A client was paired. */
  "clients.paired": { clientId: string; clientName: string };
  /** A client was removed, or has another name or role. */
  "clients.changed": Record<string, never>;
  /** Pairing was opened; `clients.pair.current` has the PIN. */
  "clients.pair.opened": Record<string, never>;
  /** Somebody guessed the PIN wrongly; it is valid until there were `limit` failures. */
  "clients.pair.failed": { failures: number; limit: number; from: string };
  /** The PIN is no longer valid, and nobody was paired; `from` are the addresses that guessed, where they burned it. */
  "clients.pair.ended": {
    outcome: "expired" | "cancelled" | "too_many_failures" | "stopped";
    from?: string[];
  };
  /** Settings, actions or sources of the library were changed or read again. */
  "settings.changed": Record<string, never>;
}
