// From a first frame to a session (docs/protocol.md §5): what every version of the encryption has to
// do there, and which version judges which frame.

import type { SealedChannel } from "../../protocol/sealed_channel.ts";
import type { FirstFrame, WireMessage } from "../../protocol/v1/frame.ts";

/** A session that a client has opened. */
export interface Session extends SealedChannel {
  /** Whose session it is. */
  readonly clientId: string;
}

/** Why a client got no session; for the log, and only removed_token for the peer. */
export type RefusalReason =
  | "unknown_token"
  | "removed_token"
  | "throttled"
  | "bad_salt"
  | "used_salt"
  | "bad_ciphertext"
  | "ledger_full"
  | "client_removed";

/** What a message of a handshake leads to. */
export type HandshakeStep =
  /** The client is who it says; `text` came with its proof. */
  | { readonly kind: "opened"; readonly session: Session; readonly text: string }
  /** The device answers, and the client's next message goes to `next`. */
  | {
    readonly kind: "answered";
    readonly reply: WireMessage;
    readonly next: (message: WireMessage) => Promise<HandshakeStep>;
  }
  | {
    readonly kind: "refused";
    readonly reason: RefusalReason;
    /** The client it named, where there is one. */
    readonly clientId: string | undefined;
    /** Whether this failure began a throttle. */
    readonly beganThrottle: boolean;
  };

/** What whoever waits for a judgement hears before it. */
export interface OpeningEvents {
  /** The frame is of the client that it names; its session may still be refused. */
  onAuthentic?: () => void;
}

/** How one version opens sessions. A failing store throws. */
export interface SessionOpening {
  /** The version that its first frames name. */
  readonly version: number;
  /** Judges a first frame that came from `address`. */
  open(frame: FirstFrame, address: string, events?: OpeningEvents): Promise<HandshakeStep>;
}

/** What becomes of a first frame of whatever version. */
export type FirstFrameOutcome = HandshakeStep | { readonly kind: "unsupported_version" };

/** Judges a first frame of whatever version that came from `address`. */
export type OpenSession = (
  frame: FirstFrame,
  address: string,
  events?: OpeningEvents,
) => Promise<FirstFrameOutcome>;

/** Gives each first frame to the version that it names. */
export function openByVersion(
  openings: readonly SessionOpening[],
): OpenSession {
  const byVersion = new Map(openings.map((opening) => [opening.version, opening]));
  return async (frame, address, events) =>
    await byVersion.get(frame.version)?.open(frame, address, events) ??
      { kind: "unsupported_version" };
}
