// From a first frame to a session, in the order of docs/protocol.md §5. Nothing of the frame is
// acted upon before its salt is durably recorded.

import type { Clock } from "../../base/clock.ts";
import type { Client } from "../access/client.ts";
import type { RemovedClients } from "../access/removed_clients.ts";
import { type FirstFrame, PROTOCOL_VERSION } from "../../protocol/v1/frame.ts";
import { SALT_BYTES } from "../../protocol/v1/key_schedule.ts";
import type { ReplayLedger } from "./replay_ledger.ts";
import { createSession, createSessionCiphers, plaintextText, type Session } from "./session.ts";
import type { Throttle } from "./throttle.ts";

/** Why a first frame was refused; for the log, and only removed_token for the peer. */
export type RefusalReason =
  | "unknown_token"
  | "removed_token"
  | "throttled"
  | "bad_salt"
  | "used_salt"
  | "bad_ciphertext"
  | "ledger_full"
  | "client_removed";

/** What became of a first frame. */
export type FirstFrameOutcome =
  | { readonly kind: "opened"; readonly session: Session; readonly text: string }
  | { readonly kind: "unsupported_version" }
  | {
    readonly kind: "refused";
    readonly reason: RefusalReason;
    /** The client it named, where there is one. */
    readonly clientId: string | undefined;
    /** Whether this failure began a throttle. */
    readonly beganThrottle: boolean;
  };

/** Options of {@linkcode SessionGateway}. */
export interface SessionGatewayOptions {
  /** Finds clients by their token. */
  clients: { findByToken(authToken: string): Client | undefined };
  /** Clients that were removed here, whose apps are told so. */
  removed: RemovedClients;
  /** Remembers salts. */
  ledger: ReplayLedger;
  /** Slows down guessers. */
  throttle: Throttle;
  /** Time. */
  clock: Clock;
}

/** Opens sessions. */
export class SessionGateway {
  readonly #options: SessionGatewayOptions;

  /** A gateway over the paired clients. */
  constructor(options: SessionGatewayOptions) {
    this.#options = options;
  }

  /** Judges a first frame that came from `address`. A failing store throws. */
  async open(frame: FirstFrame, address: string): Promise<FirstFrameOutcome> {
    const { clients, removed, ledger, throttle, clock } = this.#options;
    if (frame.version !== PROTOCOL_VERSION) return { kind: "unsupported_version" };
    const client = clients.findByToken(frame.authToken);
    if (client === undefined) {
      const wasRemoved = removed.wasRemoved(frame.authToken);
      return refuse(wasRemoved ? "removed_token" : "unknown_token", undefined);
    }
    const { clientId } = client;
    const throttleKey = `${clientId} ${address}`;
    if (!throttle.admit(throttleKey, clock.monotonicMs())) return refuse("throttled", clientId);
    const fail = (reason: RefusalReason): FirstFrameOutcome =>
      refuse(reason, clientId, throttle.fail(throttleKey, clock.monotonicMs()));

    const { salt, ciphertext } = frame;
    if (salt === undefined || salt.length !== SALT_BYTES) return fail("bad_salt");
    if (ledger.has(clientId, salt)) return refuse("used_salt", clientId);
    const ciphers = await createSessionCiphers(client, salt);
    const plaintext = ciphertext && await ciphers.incoming.open(ciphertext);
    if (plaintext === undefined) return fail("bad_ciphertext");

    const record = ledger.record(clientId, salt);
    switch (record) {
      case "used":
        return refuse("used_salt", clientId);
      case "full":
        return refuse("ledger_full", clientId);
      case "unknown_client":
        return refuse("client_removed", clientId);
      case "recorded":
        throttle.succeed(throttleKey);
        return {
          kind: "opened",
          session: createSession(ciphers, { clientId, envelope: frame.envelope }),
          text: plaintextText(plaintext),
        };
    }
  }
}

function refuse(
  reason: RefusalReason,
  clientId: string | undefined,
  beganThrottle = false,
): FirstFrameOutcome {
  return { kind: "refused", reason, clientId, beganThrottle };
}
