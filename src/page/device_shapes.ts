// What the device answers, as far as the page shows it (docs/protocol.md §12 and §14). The page
// trusts its device, which has proven itself; what is missing is shown as nothing.

/** What plays. */
export interface PlayingMedia {
  readonly systemId: string;
  readonly systemName: string;
  readonly mediaName: string;
  readonly mediaPath: string;
  readonly started: string;
}

/** The index of the library. */
export interface LibraryState {
  /** Whether there is a library. */
  readonly exists: boolean;
  /** Whether the card is being looked through. */
  readonly indexing: boolean;
  readonly totalMedia: number;
  /** What is being looked at. */
  readonly currentStepDisplay?: string;
}

/** A system with media in it. */
export interface SystemEntry {
  readonly id: string;
  readonly name: string;
  readonly mediaCount: number;
}

/** A media that can be started. */
export interface MediaEntry {
  readonly mediaId: number;
  readonly system: { readonly id: string; readonly name: string };
  readonly name: string;
  readonly path: string;
  readonly zapScript: string;
  readonly hasCover: boolean;
  readonly tags: readonly TagEntry[];
}

/** What is said of a media. */
export interface TagEntry {
  readonly type: string;
  readonly tag: string;
}

/** A page of media. */
export interface MediaAnswer {
  readonly results: readonly MediaEntry[];
  readonly pagination: { readonly hasNextPage: boolean; readonly nextCursor?: string };
}

/** An action of the device. */
export interface ActionEntry {
  readonly name: string;
  readonly system: string;
  readonly state: string;
}

/** A text that was run. */
export interface RunEntry {
  readonly time: string;
  readonly text: string;
  readonly success: boolean;
}

/** A paired client. */
export interface PersonEntry {
  readonly clientId: string;
  readonly clientName: string;
  readonly role: "admin" | "member";
  /** In seconds since 1970. */
  readonly createdAt: number;
  /** In seconds since 1970. */
  readonly lastSeenAt: number;
}

/** Who the page is for the device. */
export interface OwnAccess {
  /** What it may do. */
  readonly access: "localhost" | "admin" | "member";
  /** How the device knows it; null for the device itself. */
  readonly client: PersonEntry | null;
}

/** A PIN that is valid. */
export interface ShownPairing {
  readonly pin: string;
  /** What the client becomes that pairs with it. */
  readonly role: "admin" | "member";
  /** In seconds since 1970. */
  readonly expiresAt: number;
}

/** An entry of the audit log. */
export interface LogEntry {
  readonly id: number;
  readonly at: string;
  readonly event: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** An API key, as far as usage names it. */
export interface KeyEntry {
  readonly keyId: string;
  readonly name: string;
}

/** What a key used on a day. */
export interface UsageRow {
  readonly day: string;
  readonly keyId: string;
  readonly requests: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
}
