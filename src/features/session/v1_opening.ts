// Opens sessions of version 1 with one frame, in the order of docs/protocol.md §5. Nothing of it is
// acted upon before its salt is durably recorded.

import type { Bytes } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import type { Client } from "../access/client.ts";
import type { RemovedClients } from "../access/removed_clients.ts";
import type { SyncAead } from "../../protocol/v1/aead.ts";
import type { FirstFrame } from "../../protocol/v1/frame.ts";
import { SALT_BYTES } from "../../protocol/v1/key_schedule.ts";
import { PROTOCOL_VERSION } from "../../protocol/v1/labels.ts";
import {
  createSealedSession,
  createSessionCiphers,
  plaintextText,
} from "../../protocol/v1/session.ts";
import type { HandshakeStep, OpeningEvents, RefusalReason, SessionOpening } from "./opening.ts";
import type { ReplayLedger, SaltRecord } from "./replay_ledger.ts";
import type { Throttle } from "./throttle.ts";

/** Options of {@linkcode V1Opening}. */
export interface V1OpeningOptions {
  /** Finds clients by their token. */
  clients: { findByToken(authToken: string): Client | undefined };
  /** Clients that were removed here, whose apps are told so. */
  removed: RemovedClients;
  /** Knows the salts that were used. */
  ledger: Pick<ReplayLedger, "has">;
  /** Records a salt durably, and that a session was opened with it. */
  recordSession: (session: OpenedSession) => Promise<SaltRecord>;
  /** Slows down guessers. */
  throttle: Throttle;
  /** Seals and opens small frames. */
  syncAead: SyncAead;
  clock: Clock;
}

/** A session that is to be recorded before anything of it is acted upon. */
export interface OpenedSession {
  readonly clientId: string;
  readonly salt: Bytes;
  /** The peer's address without a port. */
  readonly address: string;
}

/** Opens sessions of version 1. */
export class V1Opening implements SessionOpening {
  /** The version that its first frames name. */
  readonly version = PROTOCOL_VERSION;
  readonly #options: V1OpeningOptions;

  /** For the paired clients. */
  constructor(options: V1OpeningOptions) {
    this.#options = options;
  }

  /** Judges a first frame that came from `address`. A failing store throws. */
  async open(
    frame: FirstFrame,
    address: string,
    { onAuthentic = () => {} }: OpeningEvents = {},
  ): Promise<HandshakeStep> {
    const { clients, removed, ledger, recordSession, throttle, syncAead, clock } = this.#options;
    const client = clients.findByToken(frame.authToken);
    if (client === undefined) {
      const wasRemoved = removed.wasRemoved(frame.authToken);
      return refuse(wasRemoved ? "removed_token" : "unknown_token", undefined);
    }
    const { clientId } = client;
    const throttleKey = `${clientId} ${address}`;
    if (!throttle.admit(throttleKey, clock.monotonicMs())) return refuse("throttled", clientId);
    const fail = (reason: RefusalReason): HandshakeStep =>
      refuse(reason, clientId, throttle.fail(throttleKey, clock.monotonicMs()));

    const { salt, ciphertext } = frame;
    if (salt === undefined || salt.length !== SALT_BYTES) return fail("bad_salt");
    if (ledger.has(clientId, salt)) return refuse("used_salt", clientId);
    const ciphers = createSessionCiphers(client, salt, syncAead);
    const plaintext = ciphertext && await ciphers.incoming.open(ciphertext);
    if (plaintext === undefined) return fail("bad_ciphertext");

    onAuthentic();
    const record = await recordSession({ clientId, salt, address });
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
          session: { clientId, ...createSealedSession(ciphers, frame.envelope) },
          text: plaintextText(plaintext),
        };
    }
  }
}

function refuse(
  reason: RefusalReason,
  clientId: string | undefined,
  beganThrottle = false,
): HandshakeStep {
  return { kind: "refused", reason, clientId, beganThrottle };
}
