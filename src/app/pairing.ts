// The pairing window of the device, and its event listeners: the display, the
// log, the audit log, the metrics and the connections.

import type { AuditLog } from "../features/access/audit_log.ts";
import type { Clock } from "../base/clock.ts";
import { asError } from "../base/app_error.ts";
import type { Logger } from "../base/log.ts";
import type { RandomSource } from "../base/random.ts";
import type { ClientRoster } from "../features/access/roster.ts";
import type { PinDisplay } from "../features/screen/pin_display.ts";
import type { Metrics } from "../edges/http/metrics.ts";
import { type PairingOutcome, PairingWindow } from "../features/pairing/pairing_window.ts";
import type { Notifications } from "../features/rpc/notifications.ts";

/** The parts around the pairing window. */
export interface PairingParts {
  roster: ClientRoster;
  /** Where the PIN is shown. */
  display: PinDisplay;
  /** What people call the device. */
  deviceName: string;
  /** What a phone opens to pair with a PIN; undefined where no other host reaches the device. */
  pairingUrl: (pin: string) => string | undefined;
  /** What everybody is told. */
  notifications: Notifications;
  /** What is counted. */
  metrics: Metrics;
  audit: AuditLog;
  /** Resolves once all that was kept is on the disk. */
  durable: () => Promise<void>;
  clock: Clock;
  /** Randomness for PINs and keys. */
  random: RandomSource;
  log: Logger;
}

/** The pairing window and what the device's buttons do with it. */
export interface Pairing {
  /** The window. */
  readonly window: PairingWindow;
  /**
   * Opens pairing, or cancels it where it is open. Only a person at the device can ask, so burned
   * PINs do not stop it.
   */
  toggle(): void;
  /** Removes all clients. */
  revokeAll(): void;
}

/** Builds the pairing window. */
export function createPairing(parts: PairingParts): Pairing {
  const { roster, display, deviceName, notifications, metrics, audit, clock, random, log } = parts;
  const window = new PairingWindow({
    clock,
    random,
    clients: {
      limit: roster.limit,
      maxNameBytes: roster.maxNameBytes,
      count: () => roster.count(),
      checkWritable: () => roster.checkWritable(),
      add: (client) => {
        roster.add(client);
        audit.record("paired", { clientId: client.clientId });
        return parts.durable().catch((cause) => {
          throw new Error("Cannot keep the client", { cause });
        });
      },
    },
    events: {
      opened: ({ pin, expiresAtMs, role }) => {
        log.info("Pairing opened", { role, expiresAt: new Date(expiresAtMs).toISOString() });
        audit.record("pairing_opened", { role });
        void display.show({ pin, expiresAtMs, deviceName, url: parts.pairingUrl(pin) });
        notifications.publish("clients.pair.opened", {}, "local");
      },
      failed: (attempt) => {
        void display.warn(attempt);
        notifications.publish("clients.pair.failed", attempt, "local");
      },
      refused: ({ from }) => audit.recordRefusal("pairing_refused", { address: from }),
      ended,
    },
  });

  function ended(outcome: PairingOutcome): void {
    const clientId = outcome.kind === "paired" ? outcome.clientId : undefined;
    log.info("Pairing ended", { outcome: outcome.kind, clientId });
    metrics.pairingEnded(outcome.kind);
    void display.clear(outcome);
    if (outcome.kind === "paired") {
      const { clientName } = outcome;
      notifications.publish("clients.paired", { clientId: outcome.clientId, clientName });
    } else {
      audit.record("pairing_ended", { outcome: outcome.kind });
      const from = outcome.kind === "too_many_failures" ? { from: outcome.from } : {};
      notifications.publish("clients.pair.ended", { outcome: outcome.kind, ...from }, "local");
    }
  }

  return {
    window,
    toggle(): void {
      try {
        if (window.current() === undefined) window.open({ liftLock: true });
        else window.cancel();
      } catch (error) {
        log.warn("Pairing cannot be opened", { reason: asError(error).message });
      }
    },
    revokeAll(): void {
      window.cancel();
      for (const { clientId } of roster.list()) roster.remove(clientId);
      log.warn("All clients removed with the device's buttons");
    },
  };
}
