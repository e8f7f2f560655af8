// What guessing at a PIN gets: from one address, from many, with the mask of the PIN itself, and by
// many starts (docs/protocol.md §3).

import assert from "node:assert/strict";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8 } from "../../../src/base/bytes.ts";
import {
  type PairingOutcome,
  PairingWindow,
} from "../../../src/features/pairing/pairing_window.ts";
import { derivePairingKeys } from "../../../src/protocol/v1/key_schedule.ts";
import { createPinMasks, minimalBytes } from "../../../src/protocol/v1/pake.ts";
import { decodeDeviceMessage, encodeClientMessage } from "../../../src/protocol/v1/pake_message.ts";
import { computeConfirm, encodeTranscript } from "../../../src/protocol/v1/transcript.ts";
import { assertAppError } from "../../support/app_error.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { startPhone } from "../../support/pairing_phone.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { anotherAddress, guessWrong, HERE, setUp, wrongPin } from "./pairing_fixture.ts";

Deno.test("X = pw·U is answered like any other and can never finish, not even with its confirm", () => {
  const { window, events, clients } = setUp();
  const { pin } = window.open();
  const x = createPinMasks(pin).clientMask.toAffine();
  const messageA = encodeClientMessage(x);
  const { sessionId, messageB } = window.start({ clientName: "x", messageA, address: HERE });
  assert.ok(messageB.length > 400);
  // Who guessed right knows the shared point, which is the identity, and so every key.
  const y = decodeDeviceMessage(messageB) ?? assert.fail();
  const coordinates = [x.x, x.y, y.x, y.y].map(minimalBytes);
  const sessionKey = new Uint8Array(sha256(concatBytes(utf8(pin), ...coordinates)));
  const exchange = { clientName: "x", messageA, messageB };
  const keys = derivePairingKeys(sessionKey, exchange);
  const confirm = computeConfirm(keys.clientConfirmKey, encodeTranscript("client", exchange));
  assertAppError(() => window.finish({ sessionId, confirm, address: HERE }), "unauthorized");
  assert.equal(events.at(-1), "failed 1/3");
  assert.deepEqual(clients, []);
  window.close();
});

const SAME: [name: string, addresses: [string, string, string], isSame: boolean][] = [
  ["one IPv4 address", ["192.0.2.7", "192.0.2.7", "192.0.2.7"], true],
  ["its form inside IPv6", ["192.0.2.7", "::ffff:192.0.2.7", "192.0.2.7"], true],
  ["one /64 of IPv6", ["2001:db8:1:2::1", "2001:db8:1:2:ffff::", "2001:db8:1:2::9"], true],
  ["a third IPv4 address", ["192.0.2.7", "192.0.2.7", "192.0.2.8"], false],
  ["another /64", ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:3::1"], false],
];
for (const [name, [first, second, third], isSame] of SAME) {
  Deno.test(`${name} ${isSame ? "cannot" : "can"} burn a PIN with the third guess`, () => {
    const { window, events } = setUp();
    const { pin } = window.open();
    const waiting = startPhone(window, { pin: wrongPin(pin), scalar: 9n, address: third });
    assertAppError(() => guessWrong(window, pin, first), "unauthorized");
    assertAppError(() => guessWrong(window, pin, second), "unauthorized");
    assertAppError(() => window.finish(waiting), "forbidden");
    assert.equal(window.current()?.pin, isSame ? pin : undefined);
    assert.equal(events.at(-1), isSame ? `refused ${third}` : "too_many_failures");
    window.close();
  });
}

Deno.test("an address that failed twice is refused unheard until pairing is opened anew", () => {
  const { window, guesses, events } = setUp();
  const { pin } = window.open();
  const right = startPhone(window, { pin, scalar: 5n, address: HERE });
  assertAppError(() => guessWrong(window, pin, HERE), "unauthorized");
  assertAppError(() => guessWrong(window, pin, HERE), "unauthorized");
  assert.deepEqual(guesses, [HERE, HERE]);
  // The start, the finish of a right PIN, a session that is unknown: all the same.
  const refused = [
    () => startPhone(window, { pin, address: HERE }),
    () => window.finish(right),
    () => window.finish({ sessionId: "x", confirm: utf8("x"), address: HERE }),
  ];
  const before = events.length;
  for (const call of refused) {
    assert.throws(call, { code: "forbidden", message: "too many failed attempts" });
  }
  assert.deepEqual(events.slice(before), Array(refused.length).fill(`refused ${HERE}`));
  // The session is still there, and so is the last guess, for everybody else.
  window.finish({ ...right, address: "192.0.2.2" });

  const { pin: next } = window.open();
  window.finish(startPhone(window, { pin: next, address: HERE }));
});

Deno.test("the end of a burned PIN tells each address once", () => {
  const ends: PairingOutcome[] = [];
  const window = new PairingWindow({
    clock: new FakeClock(),
    random: seededRandom(7),
    clients: { limit: 50, maxNameBytes: 128, count: () => 0, add: () => {} },
    events: {
      opened: () => {},
      failed: () => {},
      refused: () => {},
      ended: (outcome) => ends.push(outcome),
    },
  });
  const { pin } = window.open();
  for (const address of ["192.0.2.7", "192.0.2.7", "192.0.2.8"]) {
    assert.throws(() => guessWrong(window, pin, address));
  }
  assert.deepEqual(ends, [{ kind: "too_many_failures", from: ["192.0.2.7", "192.0.2.8"] }]);
});

Deno.test("remote starts pass twice per second in all", () => {
  const { window, clock } = setUp();
  const admit = (): void => window.admitRemoteStart(anotherAddress());
  for (let second = 0; second < 3; second++) {
    admit();
    admit();
    assertAppError(admit, "rate_limited");
    clock.advance(999);
    assertAppError(admit, "rate_limited");
    clock.advance(1);
  }
});
