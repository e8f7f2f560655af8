// One test per row of "Transitions of the pairing window" in docs/protocol.md §3.

import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/bytes.ts";
import type { Client } from "../../../src/features/access/client.ts";
import {
  MAX_PAIRING_SESSIONS,
  PAIRING_SESSION_LIFETIME_MS,
  PIN_LIFETIME_MS,
} from "../../../src/features/pairing/pairing_limits.ts";
import { assertAppError } from "../../support/app_error.ts";
import { messageAFor, startPhone } from "../../support/pairing_phone.ts";
import { anotherAddress, guessWrong, HERE, setUp, wrongPin } from "./pairing_fixture.ts";

Deno.test("open() shows no PIN that could not be kept", () => {
  const { window, events, failStore } = setUp();
  failStore(true);
  assertAppError(() => window.open(), "unavailable");
  assert.deepEqual([window.current(), events], [undefined, []]);
  failStore(false);
  window.open();
  window.close();
});

Deno.test("closed: open() draws a PIN and shows it", () => {
  const { window, events, clock } = setUp();
  const opened = window.open();
  assert.match(opened.pin, /^[0-9]{6}$/);
  assert.equal(opened.expiresAtMs, clock.wallMs() + PIN_LIFETIME_MS);
  assert.deepEqual(events, ["opened admin"]);
  assert.deepEqual(window.current(), opened);
  window.close();
});

Deno.test("closed: open() makes the first client admin whatever is asked", () => {
  const { window } = setUp();
  assert.equal(window.open({ role: "member" }).role, "admin");
  window.close();
});

Deno.test("closed: open() makes later clients members unless asked", () => {
  const { window } = setUp({ clients: 1 });
  assert.equal(window.open().role, "member");
  window.cancel();
  assert.equal(window.open({ role: "admin" }).role, "admin");
  window.close();
});

Deno.test("closed: open() is refused when all places are taken", () => {
  const { window } = setUp({ clients: 50 });
  assertAppError(() => window.open(), "conflict");
});

Deno.test("closed: start() answers bad_request", () => {
  const { window } = setUp();
  const { messageA } = messageAFor("123456");
  assertAppError(() => window.start({ clientName: "x", messageA, address: HERE }), "bad_request");
});

Deno.test("closed: finish() answers not_found", () => {
  const { window } = setUp();
  assertAppError(
    () => window.finish({ sessionId: "x", confirm: utf8("x"), address: HERE }),
    "not_found",
  );
});

Deno.test("closed: cancel() does nothing", () => {
  const { window, events } = setUp();
  window.cancel();
  assert.deepEqual(events, []);
});

Deno.test("open: open() is a conflict and leaves the PIN", () => {
  const { window } = setUp();
  const { pin } = window.open();
  assertAppError(() => window.open(), "conflict");
  assert.equal(window.current()?.pin, pin);
  window.close();
});

Deno.test("open: start() with a right message answers with a session", () => {
  const { window } = setUp();
  const { pin } = window.open();
  assert.match(startPhone(window, { pin }).sessionId, /^[0-9a-f-]{36}$/);
  window.close();
});

Deno.test("open: start() refuses bad names and messages and keeps the PIN", () => {
  const { window } = setUp();
  const { pin } = window.open();
  const { messageA } = messageAFor(pin);
  for (const clientName of ["", "x".repeat(129), "é".repeat(65)]) {
    assertAppError(() => window.start({ clientName, messageA, address: HERE }), "bad_request");
  }
  const clientName = "é".repeat(64);
  for (const bad of [utf8("hello"), new Uint8Array(2049), messageA.slice(0, -1)]) {
    assertAppError(() => window.start({ clientName, messageA: bad, address: HERE }), "bad_request");
  }
  window.start({ clientName, messageA, address: HERE });
  assert.equal(window.current()?.pin, pin);
  window.close();
});

Deno.test("open: one start() more than there are places drops the oldest session", () => {
  const { window } = setUp();
  const { pin } = window.open();
  const phones = Array.from(
    { length: MAX_PAIRING_SESSIONS + 1 },
    (_, i) => startPhone(window, { pin, scalar: BigInt(i + 2) }),
  );
  const [oldest, second] = phones;
  assert.ok(oldest !== undefined && second !== undefined);
  assertAppError(() => window.finish(oldest), "not_found");
  assert.equal(window.finish(second).client.clientName, "Test phone");
});

Deno.test("open: finish() of an unknown session answers not_found and counts nothing", () => {
  const { window, events } = setUp();
  window.open();
  assertAppError(
    () => window.finish({ sessionId: "x", confirm: utf8("x"), address: HERE }),
    "not_found",
  );
  assert.deepEqual(events, ["opened admin"]);
  window.close();
});

Deno.test("open: finish() of an old session answers gone, drops it and counts nothing", () => {
  const { window, clock, events } = setUp();
  const { pin } = window.open();
  const phone = startPhone(window, { pin });
  clock.advance(PAIRING_SESSION_LIFETIME_MS);
  assertAppError(() => window.finish(phone), "gone");
  assertAppError(() => window.finish(phone), "not_found");
  assert.deepEqual(events, ["opened admin"]);
  window.close();
});

Deno.test("open: a session lives until its last millisecond, by both clocks", () => {
  const first = setUp();
  const phone = startPhone(first.window, { pin: first.window.open().pin });
  first.clock.advance(PAIRING_SESSION_LIFETIME_MS - 1);
  first.window.finish(phone);

  const second = setUp();
  const late = startPhone(second.window, { pin: second.window.open().pin });
  second.clock.stepWall(PAIRING_SESSION_LIFETIME_MS);
  assertAppError(() => second.window.finish(late), "gone");
  second.window.close();
});

Deno.test("open: wrong confirms drop their session and are counted over all sessions", () => {
  const { window, events } = setUp();
  const { pin } = window.open();
  const phone = startPhone(window, { pin: wrongPin(pin) });
  assertAppError(() => window.finish(phone), "unauthorized");
  assertAppError(() => window.finish(phone), "not_found");
  assertAppError(() => guessWrong(window, pin), "unauthorized");
  assert.deepEqual(events, ["opened admin", "failed 1/3", "failed 2/3"]);
  assert.equal(window.current()?.pin, pin);
  window.close();
});

Deno.test("open: a wrong confirm of any length is counted", () => {
  const { window } = setUp();
  const { pin } = window.open();
  const confirms = [new Uint8Array(1), new Uint8Array(31), new Uint8Array(33)];
  const codes = ["unauthorized", "unauthorized", "forbidden"] as const;
  for (const [i, confirm] of confirms.entries()) {
    const { sessionId } = startPhone(window, { pin });
    const code = codes[i];
    assert.ok(code !== undefined);
    const address = anotherAddress();
    assertAppError(() => window.finish({ sessionId, confirm, address }), code);
  }
});

Deno.test("open: the third wrong confirm ends the PIN and all its sessions", () => {
  const fixture = setUp();
  const { window, events } = fixture;
  const { pin } = window.open();
  const right = startPhone(window, { pin, scalar: 5n });
  for (const code of ["unauthorized", "unauthorized", "forbidden"] as const) {
    assertAppError(() => guessWrong(window, pin), code);
  }
  assertAppError(() => window.finish(right), "not_found");
  assert.equal(window.current(), undefined);
  assert.equal(events.at(-1), "too_many_failures");
});

Deno.test("open: 40 wrong confirms at once count at most three", () => {
  const { window, events, clients } = setUp();
  const { pin } = window.open();
  const phones = Array.from(
    { length: MAX_PAIRING_SESSIONS },
    (_, i) =>
      startPhone(window, { pin: wrongPin(pin), scalar: BigInt(i + 2), address: `10.0.0.${i}` }),
  );
  const codes = Array.from({ length: 40 }, (_, i) => {
    const phone = phones[i % phones.length];
    try {
      window.finish(phone ?? { sessionId: "", confirm: new Uint8Array(1), address: HERE });
      return "ok";
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
  const counted = codes.filter((code) => code === "unauthorized" || code === "forbidden");
  assert.deepEqual(counted, ["unauthorized", "unauthorized", "forbidden"]);
  assert.ok(!codes.includes("ok"));
  assert.deepEqual(clients, []);
  assert.equal(events.at(-1), "too_many_failures");
});

Deno.test("open: a right confirm when all places are taken is forbidden and keeps the PIN", () => {
  const { window, clients } = setUp({ limit: 1 });
  const { pin } = window.open();
  const phone = startPhone(window, { pin });
  clients.push({} as Client);
  assertAppError(() => window.finish(phone), "forbidden");
  assertAppError(() => window.finish(phone), "not_found");
  clients.pop();
  window.finish(startPhone(window, { pin }));
  assert.equal(clients.length, 1);
});

Deno.test("open: a store that fails leaves no client and keeps the PIN", () => {
  const { window, clients, failStore } = setUp();
  const { pin } = window.open();
  failStore(true);
  const phone = startPhone(window, { pin });
  assert.throws(() => window.finish(phone), /disk full/);
  assert.deepEqual(clients, []);
  failStore(false);
  window.finish(startPhone(window, { pin }));
  assert.equal(clients.length, 1);
});

Deno.test("open: a right confirm keeps the client, answers with proof and ends the PIN", () => {
  const { window, clients, events, clock } = setUp();
  const { pin } = window.open();
  const phone = startPhone(window, { pin, clientName: "Pocket ☎" });
  const { client, deviceConfirm } = window.finish(phone);
  assert.deepEqual(deviceConfirm, phone.deviceConfirm);
  assert.deepEqual(client.pairingKey, phone.pairingKey);
  assert.deepEqual(clients, [client]);
  assert.equal(client.clientName, "Pocket ☎");
  assert.equal(client.role, "admin");
  assert.equal(client.createdAtMs, clock.wallMs());
  assert.notEqual(client.clientId, client.authToken);
  assert.deepEqual(events, ["opened admin", "paired"]);
  assert.equal(window.current(), undefined);
  assert.equal(clock.timerCount, 0);
});

Deno.test("open: a right confirm leads to keeping, in which nothing is taken and nobody is told", async () => {
  const { window, events, clock, holdDisk } = setUp();
  const { pin } = window.open();
  const [phone, second] = [startPhone(window, { pin }), startPhone(window, { pin })];
  const disk = holdDisk();
  const { kept } = window.finish(phone);
  assert.deepEqual(events, ["opened admin"]);
  assertAppError(() => window.open(), "conflict");
  const { messageA } = messageAFor(pin);
  assertAppError(() => window.start({ clientName: "x", messageA, address: HERE }), "bad_request");
  assertAppError(() => window.finish(second), "not_found");
  window.cancel();
  assert.equal(window.current(), undefined);
  assert.deepEqual(events, ["opened admin"]);
  disk.resolve();
  await kept;
  assert.deepEqual([events, clock.timerCount], [["opened admin", "paired"], 0]);
  assert.equal(window.open().role, "member");
  window.close();
});

Deno.test("keeping: where the disk fails the PIN is valid as before", async () => {
  const { window, events, holdDisk } = setUp();
  const opened = window.open();
  const failing = holdDisk();
  const { kept } = window.finish(startPhone(window, opened));
  failing.reject(new Error("Cannot keep the client"));
  await assert.rejects(kept, /Cannot keep the client/);
  assert.deepEqual([events, window.current()], [["opened admin"], opened]);
  holdDisk().resolve();
  await window.finish(startPhone(window, opened)).kept;
  assert.deepEqual(events, ["opened admin", "paired"]);
});

Deno.test("keeping: a PIN whose time is over meanwhile has expired where the disk fails", async () => {
  const { window, events, clock, holdDisk } = setUp();
  const disk = holdDisk();
  const { kept } = window.finish(startPhone(window, window.open()));
  clock.advance(PIN_LIFETIME_MS);
  assert.deepEqual(events, ["opened admin"]);
  disk.reject(new Error("x"));
  await assert.rejects(kept);
  assert.equal(window.current(), undefined);
  assert.deepEqual([events, clock.timerCount], [["opened admin", "expired"], 0]);
});

Deno.test("keeping: a stop leaves no timer, and the client is paired if the disk has it", async () => {
  const { window, events, clock, holdDisk } = setUp();
  const disk = holdDisk();
  const { kept } = window.finish(startPhone(window, window.open()));
  window.close();
  assert.equal(clock.timerCount, 0);
  disk.resolve();
  await kept;
  assert.deepEqual(events, ["opened admin", "paired"]);
});

Deno.test("open: cancel() ends the PIN and its sessions", () => {
  const { window, events, clock } = setUp();
  const phone = startPhone(window, { pin: window.open().pin });
  window.cancel();
  assertAppError(() => window.finish(phone), "not_found");
  assert.deepEqual(events, ["opened admin", "cancelled"]);
  assert.equal(clock.timerCount, 0);
});

Deno.test("open: close() ends the PIN", () => {
  const { window, events } = setUp();
  window.open();
  window.close();
  assert.deepEqual(events, ["opened admin", "stopped"]);
});

Deno.test("open: the PIN ends after five minutes without anybody asking", () => {
  const { window, events, clock } = setUp();
  window.open();
  clock.advance(PIN_LIFETIME_MS - 1);
  assert.deepEqual(events, ["opened admin"]);
  clock.advance(1000);
  assert.deepEqual(events, ["opened admin", "expired"]);
  assert.equal(clock.timerCount, 0);
  assert.equal(window.current(), undefined);
});

Deno.test("open: the PIN ends when the wall clock alone reaches its end, as after a suspend", () => {
  const { window, clock } = setUp();
  const { pin } = window.open();
  const phone = startPhone(window, { pin });
  clock.stepWall(PIN_LIFETIME_MS);
  assertAppError(() => window.finish(phone), "gone");
  assert.equal(window.current(), undefined);
});

Deno.test("open: a wall clock that is set back does not lengthen the PIN", () => {
  const { window, clock } = setUp();
  window.open();
  clock.stepWall(-PIN_LIFETIME_MS);
  clock.advance(PIN_LIFETIME_MS);
  assert.equal(window.current(), undefined);
});

Deno.test("expired: the first start() answers gone, the next bad_request", () => {
  const { window, clock } = setUp();
  const { pin } = window.open();
  clock.advance(PIN_LIFETIME_MS);
  const { messageA } = messageAFor(pin);
  assertAppError(() => window.start({ clientName: "x", messageA, address: HERE }), "gone");
  assertAppError(() => window.start({ clientName: "x", messageA, address: HERE }), "bad_request");
});

Deno.test("expired: finish() answers gone to a session of that PIN, not_found to others", () => {
  const { window, clock } = setUp();
  const { pin } = window.open();
  clock.advance(PIN_LIFETIME_MS - 1000);
  const phone = startPhone(window, { pin });
  clock.advance(1000);
  assertAppError(
    () => window.finish({ sessionId: "x", confirm: utf8("x"), address: HERE }),
    "not_found",
  );
  assertAppError(() => window.finish(phone), "gone");
  assertAppError(() => window.finish(phone), "not_found");
});

Deno.test("expired: open() draws a new PIN, cancel() does nothing", () => {
  const { window, clock, events } = setUp();
  const old = window.open().pin;
  clock.advance(PIN_LIFETIME_MS);
  window.cancel();
  const fresh = window.open().pin;
  assert.notEqual(fresh, old);
  assert.deepEqual(events, ["opened admin", "expired", "opened admin"]);
  window.close();
});
