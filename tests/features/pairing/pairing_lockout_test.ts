// Burned PINs close pairing for a while, and who is at the device opens it all the same
// (docs/protocol.md §3).

import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import type { Client } from "../../../src/features/access/client.ts";
import {
  BURNED_PINS_WINDOW_MS,
  LOCKOUT_MS,
  MAX_BURNED_PINS,
  MAX_FAILURES_PER_PIN,
} from "../../../src/features/pairing/pairing_limits.ts";
import type { PairingWindow } from "../../../src/features/pairing/pairing_window.ts";
import { assertAppError } from "../../support/app_error.ts";
import { startPhone } from "../../support/pairing_phone.ts";
import { burnPin, guessWrong, setUp } from "./pairing_fixture.ts";

Deno.test("five burned PINs within an hour close pairing for ten minutes", () => {
  const fixture = setUp();
  const { window, clock } = fixture;
  for (let i = 0; i < MAX_BURNED_PINS; i++) burnPin(fixture);
  assertAppError(() => window.open(), "rate_limited");
  clock.stepWall(LOCKOUT_MS);
  assertAppError(() => window.open(), "rate_limited");
  clock.advance(LOCKOUT_MS - 1);
  assertAppError(() => window.open(), "rate_limited");
  clock.advance(1);
  window.open();
  window.close();
});

Deno.test("who starts while pairing is closed hears when it can be opened again", () => {
  const fixture = setUp();
  const { window, clock } = fixture;
  assert.equal(startRefusal(window).retryAfterS, undefined);
  for (let i = 0; i < MAX_BURNED_PINS; i++) burnPin(fixture);
  clock.advance(1);
  assert.equal(startRefusal(window).retryAfterS, LOCKOUT_MS / 1000);
  clock.advance(LOCKOUT_MS - 2);
  assert.equal(startRefusal(window).retryAfterS, 1);
  clock.advance(1);
  assert.equal(startRefusal(window).retryAfterS, undefined);
});

function startRefusal(window: PairingWindow): AppError {
  try {
    startPhone(window, { pin: "000000" });
  } catch (error) {
    assert.ok(error instanceof AppError);
    assert.deepEqual([error.code, error.message], ["bad_request", "no pairing in progress"]);
    return error;
  }
  assert.fail("The window is open");
}

Deno.test("burned PINs older than an hour do not count", () => {
  const fixture = setUp();
  for (let i = 1; i < MAX_BURNED_PINS; i++) burnPin(fixture);
  fixture.clock.advance(BURNED_PINS_WINDOW_MS);
  burnPin(fixture);
  fixture.window.open();
  fixture.window.close();
});

Deno.test("PINs that were cancelled or paired with are not burned", () => {
  const { window, clients } = setUp();
  for (let i = 0; i < MAX_BURNED_PINS; i++) {
    const { pin } = window.open();
    if (i % 2 === 0) window.cancel();
    else window.finish(startPhone(window, { pin }));
  }
  assert.equal(clients.length, 2);
  window.open();
  window.close();
});

Deno.test("after ten minutes of closed pairing, burned PINs count from zero", () => {
  const fixture = setUp();
  for (let i = 0; i < MAX_BURNED_PINS; i++) burnPin(fixture);
  fixture.clock.advance(LOCKOUT_MS);
  for (let i = 1; i < MAX_BURNED_PINS; i++) burnPin(fixture);
  fixture.window.open();
  fixture.window.close();
});

Deno.test("open() with liftLock opens closed pairing for one PIN; if that burns, it closes again", () => {
  const fixture = setUp();
  const { window, clock } = fixture;
  for (let i = 0; i < MAX_BURNED_PINS; i++) burnPin(fixture);
  assertAppError(() => window.open({ liftLock: false }), "rate_limited");
  const { pin } = window.open({ liftLock: true });
  for (let i = 0; i < MAX_FAILURES_PER_PIN; i++) {
    assertAppError(
      () => guessWrong(window, pin),
      i + 1 < MAX_FAILURES_PER_PIN ? "unauthorized" : "forbidden",
    );
  }
  assertAppError(() => window.open(), "rate_limited");
  clock.advance(LOCKOUT_MS - 1);
  assertAppError(() => window.open(), "rate_limited");
  window.open({ liftLock: true });
  window.cancel();
  window.open();
  window.close();
});

Deno.test("liftLock counts nothing where pairing is not closed, and lifts no other refusal", () => {
  const fixture = setUp({ limit: 1 });
  const { window, clients } = fixture;
  for (let i = 1; i < MAX_BURNED_PINS; i++) {
    window.open({ liftLock: true });
    window.cancel();
  }
  burnPin(fixture);
  window.open();
  assertAppError(() => window.open({ liftLock: true }), "conflict");
  window.cancel();
  clients.push({} as Client);
  assertAppError(() => window.open({ liftLock: true }), "conflict");
});
