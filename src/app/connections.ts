// A connection over each new socket: its session, its requests, and what is told about it.

import type { AuditLog } from "../features/access/audit_log.ts";
import type { Clock } from "../base/clock.ts";
import { LimitedLog } from "../base/limited_log.ts";
import type { Logger } from "../base/log.ts";
import type { LastSeen } from "../features/access/last_seen.ts";
import type { ClientRoster } from "../features/access/roster.ts";
import type { Metrics } from "../edges/http/metrics.ts";
import type { SocketPeer } from "../edges/http/routes.ts";
import type { KeyHolds } from "../features/access/key_holds.ts";
import { type Caller, roleOfCaller } from "../features/rpc/caller.ts";
import type { Dispatcher } from "../features/rpc/dispatcher.ts";
import {
  ENCRYPTION_REQUIRED_MESSAGE,
  UNSUPPORTED_VERSION_MESSAGE,
} from "../features/rpc/message.ts";
import type { Notifications } from "../features/rpc/notifications.ts";
import { Connection } from "../features/session/connection.ts";
import { openByVersion, type SessionOpening } from "../features/session/opening.ts";
import type { LiveConnections } from "../features/session/live_connections.ts";
import { RefusalLog } from "../features/session/refusal_log.ts";
import { TurnBudget } from "../features/session/turn_budget.ts";
import type { Socket } from "../features/session/socket.ts";
import { StrangerRoom } from "../features/session/stranger_room.ts";

/** The parts that a connection works with. */
export interface ConnectionParts {
  /** Turn first frames into sessions, one per version. */
  openings: readonly SessionOpening[];
  /** Answers requests. */
  dispatcher: Dispatcher;
  roster: ClientRoster;
  /** When they were last heard of. */
  lastSeen: LastSeen;
  /** All connections. */
  live: LiveConnections;
  /** What everybody is told. */
  notifications: Pick<Notifications, "subscribe">;
  /** Whether remote peers must encrypt, at this moment. */
  encryption: () => boolean;
  /** Whether other hosts need a key for plaintext, at this moment. */
  isKeyRequired: () => boolean;
  /** What keys hold open. */
  holds: Pick<KeyHolds, "hold">;
  /** What is counted. */
  metrics: Metrics;
  audit: AuditLog;
  clock: Clock;
  log: Logger;
}

/** Builds connections out of the parts of a service. */
export function createConnector(
  parts: ConnectionParts,
): (socket: Socket, peer: SocketPeer) => Connection {
  const { dispatcher, roster, lastSeen, live, notifications } = parts;
  const { metrics, audit, clock, log } = parts;
  const openSession = openByVersion(parts.openings);
  const refusals = new RefusalLog({ clock, log });
  const turn = new TurnBudget(clock);
  const sessions = new LimitedLog({ clock, log });
  const strangers = new StrangerRoom();
  const keyHolders = new StrangerRoom();
  return (socket, peer) => {
    const { address, isLocal, connectionId, progressed, promote, keyId } = peer;
    let requests = 0;
    let sessionOf: string | undefined;
    const callerOf = (clientId: string | undefined): Caller => {
      requests += 1;
      return { isLocal, address, clientId, requestId: `${connectionId}.${requests}` };
    };
    const isAdmin = (): boolean =>
      roleOfCaller({ isLocal, clientId: sessionOf }, (id) => roster.find(id)) === "admin";
    const connection = new Connection({
      socket,
      address,
      connectionId,
      isLocal,
      strangers: keyId === undefined ? strangers : keyHolders,
      openSession,
      isPaired: (clientId) => roster.find(clientId) !== undefined,
      requests: (clientId) => ({
        handle: (text) => dispatcher.handle(text, callerOf(clientId)),
        busy: (text) => dispatcher.busyAnswer(text),
      }),
      // Asked anew for each message: a key that is made binds those who came before it, too.
      mustEncrypt: () =>
        !isLocal && (parts.encryption() || (keyId === undefined && parts.isKeyRequired())),
      plaintextErrors: {
        encryptionRequired: ENCRYPTION_REQUIRED_MESSAGE,
        unsupportedVersion: UNSUPPORTED_VERSION_MESSAGE,
      },
      turn,
      clock,
      log,
      events: {
        onSession: (clientId) => {
          // A refusal must not cost the client its oldest session.
          if (!promote(clientId)) return connection.cut("no_slot");
          live.hold(connection, { clientId });
          sessionOf = clientId;
          metrics.sessionOpened();
          const fields = { clientId, address };
          sessions.write({ message: "Session opened", of: clientId, fields });
        },
        onRefused: ({ reason, clientId = null, beganThrottle }) => {
          metrics.refused(reason);
          refusals.write({ connection: connectionId, address, reason, clientId });
          audit.recordRefusal("session_refused", { reason, clientId, address });
          if (beganThrottle) audit.recordRefusal("session_throttled", { clientId, address });
        },
        onFrame: (clientId) => {
          metrics.frame();
          lastSeen.touch(clientId, clock.wallMs());
        },
        onProgress: progressed,
        onEnd: () => {
          live.remove(connection);
          release();
          unsubscribe();
        },
      },
    });
    const unsubscribe = notifications.subscribe((text, audience) => {
      if (audience === "everyone" || isLocal || (audience === "admin" && isAdmin())) {
        connection.notify(text);
      }
    });
    const release = keyId === undefined
      ? () => {}
      : parts.holds.hold({ keyId, scope: "rpc", cut: () => connection.cut("revoked") });
    live.add(connection);
    if (keyId !== undefined) live.hold(connection, { keyId });
    return connection;
  };
}
