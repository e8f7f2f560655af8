// What the doctor is told of a device: plain facts, one shape per question. The judgements beside
// this file say what is right about them and what is wrong.

import type { LibrarySourceKind } from "../library/library_settings.ts";
import type { DisplayKind } from "../screen/display_settings.ts";
import type { ApiKey, DoorScope, KeyScope } from "../access/api_key.ts";

/** What the configuration says of itself. */
export interface ConfigFacts {
  /** The owner's file; undefined where the defaults hold. */
  readonly file: string | undefined;
  /** What is wrong with it, a line each, as `latchkey serve` would say it. */
  readonly problems: readonly string[];
}

/** Whether a program can be started. */
export type ProgramState = "executable" | "not_executable" | "missing";

/** What the actions start. */
export interface ActionFacts {
  /** Every action with its program. */
  readonly actions: readonly {
    readonly name: string;
    readonly program: string;
    readonly state: ProgramState;
  }[];
  /** What else is wrong with the table, a line each. */
  readonly problems: readonly string[];
}

/** A system of a source of the library. */
export interface LibrarySystemFacts {
  /** The source's own name of it. */
  readonly name: string;
  readonly folder: string;
  /** Whether its folder is there, can be read by the service's user, and has a file of it. */
  readonly state: "away" | "closed" | "empty" | "filled";
  readonly launch:
    | { readonly kind: "command" | "emulationstation_http" }
    | { readonly kind: "refused"; readonly reason: string };
  /** The programs of its command. */
  readonly programs: readonly { readonly program: string; readonly state: ProgramState }[];
}

/** A source of the library. */
export interface LibrarySourceFacts {
  readonly name: string;
  readonly kind: LibrarySourceKind;
  readonly systems: readonly LibrarySystemFacts[];
  /** What a scan would tell of it, a line each. */
  readonly problems: readonly string[];
}

/** What the library is made of. */
export interface LibraryFacts {
  readonly sources: readonly LibrarySourceFacts[];
  /** Whether EmulationStation's HTTP API answers; undefined where nothing needs it. */
  readonly isFrontendAnswered: boolean | undefined;
}

/** What the data folder is like. */
export interface FolderFacts {
  /** The folder. */
  readonly path: string;
  /** Who uses it: the running service, or else whoever asks. */
  readonly uid: number;
  /** What is there. */
  readonly state:
    | { readonly kind: "missing"; readonly canCreate: boolean }
    | { readonly kind: "not_a_folder" }
    | {
      readonly kind: "folder";
      /** Permission bits, the sticky bit included. */
      readonly mode: number;
      readonly ownerUid: number;
      readonly freeBytes: number;
      /** Whether its disk is mounted read-only. */
      readonly isReadOnly: boolean;
      /** What lies in it that is not this program's, by one name; undefined where nothing does. */
      readonly foreignName: string | undefined;
    };
}

/** What the database is like. */
export interface DatabaseFacts {
  /** The file. */
  readonly path: string;
  /** What is there. */
  readonly state:
    | { readonly kind: "none" }
    | { readonly kind: "unfinished" }
    | { readonly kind: "too_large"; readonly bytes: number }
    | { readonly kind: "unreadable"; readonly reason: string; readonly isDamage: boolean }
    | {
      readonly kind: "read";
      /** SQLite's own verdict; "ok" where it is sound. */
      readonly verdict: string;
      readonly version: number;
      readonly newestVersion: number;
      /** How many tables there are. */
      readonly tables: number;
      /** Whether the tables are those of its version; true for older versions. */
      readonly hasOwnTables: boolean;
    };
}

/** Who holds the data folder. */
export type LockHolder =
  | { readonly kind: "nobody" }
  | { readonly kind: "process"; readonly pid: number }
  | { readonly kind: "unknown" };

/** What the tables of a database of this version tell. */
export interface TableFacts {
  /** All API keys. */
  readonly keys: readonly ApiKey[];
  /** The scopes for which other hosts need a key. */
  readonly required: readonly DoorScope[];
  /** The latest time that the device has kept, in milliseconds since 1970. */
  readonly markMs: number;
}

/** Whether the service runs. */
export interface ServiceFacts {
  /** The port it is configured for. */
  readonly port: number;
  /** Who holds the data folder. */
  readonly holder: LockHolder;
  /** What /health says on loopback; undefined where no Latchkey answers. */
  readonly state: string | undefined;
}

/** Who uses the port. */
export interface PortFacts {
  /** Where to listen; every interface where there is no host name. */
  readonly listen: { readonly hostname: string | undefined; readonly port: number };
  /** This machine's addresses. */
  readonly ownAddresses: readonly string[];
  /** The addresses on which somebody listens on the port. */
  readonly takenAddresses: readonly string[];
  /** Whether a Latchkey answers there. */
  readonly isLatchkey: boolean;
  /** Who holds the data folder. */
  readonly holder: LockHolder;
}

/** Through which of this machine's addresses the service answers. */
export interface ListenerFacts {
  /** The configured address; every interface where undefined. */
  readonly hostname: string | undefined;
  /** Every own address, and whether /health answers there. */
  readonly answers: readonly { readonly address: string; readonly isAnswered: boolean }[];
}

/** What became of a connection from outside that began with HTTP/2. */
export interface GuardFacts {
  /** The address through which it went. */
  readonly address: string;
  /**
   * It was cut without a byte, refused for want of room, answered in HTTP/2, or left open; or there
   * was no connection.
   */
  readonly outcome: "cut" | "full" | "answered" | "open" | "unreachable";
}

/** What time it is. */
export interface ClockFacts {
  /** The wall clock, in milliseconds since 1970. */
  readonly wallMs: number;
  /** The release date, such as "2026-01-31". */
  readonly releaseDate: string;
  /** The latest time that the device has kept; undefined where the database cannot tell. */
  readonly markMs?: number | undefined;
}

/** A service that answered in the local network. */
export interface FoundInstance {
  /** Its instance name, such as "living room". */
  readonly name: string;
  /** Its port. */
  readonly port: number;
  /** The addresses of its host; empty where it did not say. */
  readonly addresses: readonly string[];
}

/** Who answers in the local network. */
export interface MdnsFacts {
  /** What we announce, at all of this machine's addresses. */
  readonly own: FoundInstance;
  /** Everybody who answered. */
  readonly found: readonly FoundInstance[];
}

/** What the configured displays are like. */
export interface DisplayFacts {
  /** One per configured kind. */
  readonly displays: readonly {
    readonly kind: DisplayKind;
    /** What it comes to, such as "framebuffer 640x480"; undefined where it shows nothing. */
    readonly shows: string | undefined;
    /** Whether another program has the screen, so that nobody sees it now. @default {false} */
    readonly isHidden?: boolean;
    /** Why it cannot be opened; undefined where it can. */
    readonly problem: string | undefined;
  }[];
}

/** What a pairing costs on this CPU. */
export interface PairingTimeFacts {
  /** The device's part, in milliseconds. */
  readonly deviceMs: number;
  /** Whether both sides came to the same key. */
  readonly isAgreed: boolean;
}

/** Whether other hosts must encrypt. */
export interface EncryptionFacts {
  /** The setting. */
  readonly encryption: boolean;
  /** The configured address; every interface where undefined. */
  readonly hostname: string | undefined;
}

/** What one pattern of allow_run lets through. */
export interface RunPatternFacts {
  /** The pattern. */
  readonly pattern: string;
  /** How many unrelated texts it was tried on. */
  readonly tried: number;
  /** How many of them it let through. */
  readonly matched: number;
  /** A text that it lets through and no action takes; undefined where none was found. */
  readonly unclaimed: string | undefined;
}

/** The API keys, revoked and ended ones left out. */
export interface KeyFacts {
  /** The wall clock, in milliseconds since 1970. */
  readonly nowMs: number;
  /** How many rules allowed_ips has. */
  readonly allowedIps: number;
  /** The scopes for which other hosts need a key. */
  readonly required: readonly KeyScope[];
  /** The keys. */
  readonly keys: readonly {
    readonly keyId: string;
    readonly scopes: readonly KeyScope[];
    readonly createdAtMs: number;
    readonly expiresAtMs: number | undefined;
    readonly lastUsedAtMs: number | undefined;
  }[];
}

/** As whom the service runs. */
export interface PermissionFacts {
  /** The user's number. */
  readonly uid: number;
  /** Whether that is the running service's; else that of whoever asks. */
  readonly isOfService: boolean;
}

/** What the model gateway needs. */
export interface ModelFacts {
  /** Whether it is there at all. */
  readonly enabled: boolean;
  /** Whether the upstream answers, with whatever status. */
  readonly isUpstreamReached: boolean;
  /** How many models are allowed. */
  readonly allowed: number;
  /** The scopes of all keys in force; undefined where they cannot be told. */
  readonly scopes: readonly KeyScope[] | undefined;
  /** What is wrong with the store and the limits that gateways share, a line each. */
  readonly fleetProblems: readonly string[];
  /** Where the service listens; undefined for all addresses. */
  readonly hostname: string | undefined;
  /** How many rules allowed_ips has. */
  readonly allowedIps: number;
  /** How many rules trusted_proxies has. */
  readonly trustedProxies: number;
}
