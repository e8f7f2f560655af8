// A pairing window for tests, and those who guess at its PIN.

import type { Client } from "../../../src/features/access/client.ts";
import { MAX_FAILURES_PER_PIN } from "../../../src/features/pairing/pairing_limits.ts";
import { PairingWindow } from "../../../src/features/pairing/pairing_window.ts";
import { AppError } from "../../../src/base/app_error.ts";
import { assertAppError } from "../../support/app_error.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { startPhone } from "../../support/pairing_phone.ts";
import { seededRandom } from "../../support/seeded_random.ts";

/** The address of most phones. */
export const HERE = "192.0.2.1";

/** A window and who hears of it. */
export interface Fixture {
  window: PairingWindow;
  clock: FakeClock;
  clients: Client[];
  events: string[];
  /** Where wrong guesses came from. */
  guesses: string[];
  failStore: (fail: boolean) => void;
  /** Has the next client wait for the disk, in the test's hand. */
  holdDisk: () => PromiseWithResolvers<void>;
}

/** A closed window with a store in memory. */
export function setUp(options: { limit?: number; clients?: number } = {}): Fixture {
  const clock = new FakeClock();
  const clients: Client[] = Array.from({ length: options.clients ?? 0 }, () => ({} as Client));
  const events: string[] = [];
  const guesses: string[] = [];
  let storeFails = false;
  let disk: PromiseWithResolvers<void> | undefined;
  const window = new PairingWindow({
    clock,
    random: seededRandom(7),
    clients: {
      limit: options.limit ?? 50,
      maxNameBytes: 128,
      count: () => clients.length,
      checkWritable: () => {
        if (storeFails) throw new AppError("unavailable", "No space left on the device");
      },
      add: (client) => {
        if (storeFails) throw new Error("disk full");
        clients.push(client);
        return disk?.promise;
      },
    },
    events: {
      opened: ({ role }) => events.push(`opened ${role}`),
      failed: ({ failures, limit, from }) => {
        events.push(`failed ${failures}/${limit}`);
        guesses.push(from);
      },
      refused: ({ from }) => events.push(`refused ${from}`),
      ended: ({ kind }) => events.push(kind),
    },
  });
  return {
    window,
    clock,
    clients,
    events,
    guesses,
    failStore: (fail) => {
      storeFails = fail;
    },
    holdDisk: () => disk = Promise.withResolvers(),
  };
}

/** A PIN that is another one. */
export function wrongPin(pin: string): string {
  return pin === "000000" ? "000001" : "000000";
}

/** Guesses wrongly, from another address each time unless told. */
export function guessWrong(window: PairingWindow, pin: string, from = anotherAddress()): void {
  const phone = startPhone(window, { pin: wrongPin(pin), address: from });
  window.finish(phone);
}

let addresses = 0;
/** An address that was not used lately. */
export function anotherAddress(): string {
  addresses += 1;
  return `198.51.100.${addresses % 250}`;
}

/** Opens a PIN and lets it die of wrong guesses. */
export function burnPin(fixture: Fixture): void {
  const { pin } = fixture.window.open();
  for (let i = 1; i < MAX_FAILURES_PER_PIN; i++) {
    assertAppError(() => guessWrong(fixture.window, pin), "unauthorized");
  }
  assertAppError(() => guessWrong(fixture.window, pin), "forbidden");
}
