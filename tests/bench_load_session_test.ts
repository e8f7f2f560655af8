// The load client's side of a session, judged by the reference implementation's device.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { countedNonce } from "./bench/counted_nonce.ts";
import { createLoadSession } from "./bench/load/load_session.ts";
import { type ReferenceMessage, ReferenceSession } from "./support/reference_protocol.ts";
import { nonce, parseObject } from "./support/reference_wire.ts";

const TOKEN = "4f1c3c0e-98f1-4b0b-9c66-4ac71ab5c6a0";
const KEY = Buffer.alloc(32, 7);

function asMessage(sealed: string | Buffer): ReferenceMessage {
  return typeof sealed === "string" ? sealed : new Uint8Array(sealed);
}

function saltOf(first: ReferenceMessage): Uint8Array {
  if (typeof first !== "string") return first.subarray(1, 17);
  return Buffer.from(String(parseObject(first)?.["s"]), "base64");
}

for (const envelope of ["json", "binary"] as const) {
  Deno.test(`a load session in ${envelope} is one of the protocol, frame after frame`, () => {
    const pairing = { authToken: TOKEN, pairingKey: KEY.toString("hex") };
    const load = createLoadSession(pairing, envelope);
    const first = asMessage(load.seal("ping"));
    const device = new ReferenceSession({
      pairingKey: KEY,
      authToken: TOKEN,
      salt: saltOf(first),
      envelope,
      role: "device",
    });
    assert.equal(device.open(first), "ping");
    for (let frame = 0; frame < 300; frame++) {
      assert.equal(load.open(Buffer.from(device.seal(`pong ${frame} ä`))), `pong ${frame} ä`);
      assert.equal(device.open(asMessage(load.seal(`call ${frame} ä`))), `call ${frame} ä`);
    }
  });

  Deno.test(`a load session in ${envelope} refuses an answer that was changed`, () => {
    const load = createLoadSession({ authToken: TOKEN, pairingKey: "07".repeat(32) }, envelope);
    const salt = saltOf(asMessage(load.seal("ping")));
    const role = "device";
    const device = new ReferenceSession({
      pairingKey: KEY,
      authToken: TOKEN,
      salt,
      envelope,
      role,
    });
    device.seal("skipped");
    const second = device.seal("pong");
    assert.throws(() => load.open(Buffer.from(second)));
  });
}

Deno.test("sessions of one pairing have different salts", () => {
  const pairing = { authToken: TOKEN, pairingKey: KEY.toString("hex") };
  const salts = [1, 2].map(() => {
    const first = asMessage(createLoadSession(pairing, "json").seal("ping"));
    return Buffer.from(saltOf(first)).toString("hex");
  });
  assert.notEqual(salts[0], salts[1]);
});

Deno.test("a plain load session sends and reads bare text", () => {
  const load = createLoadSession({ authToken: TOKEN, pairingKey: "" }, "plain");
  assert.equal(load.seal("x"), "x");
  assert.equal(load.open(Buffer.from("x")), "x");
});

Deno.test("countedNonce() gives the protocol's nonces and ends before 2^32", () => {
  const base = Uint8Array.from({ length: 12 }, (_, i) => 250 - i);
  const next = countedNonce(base);
  for (let counter = 0n; counter < 70_000n; counter++) {
    if (counter % 997n > 1n) next();
    else assert.deepEqual(new Uint8Array(next()), nonce(base, counter));
  }
  const last = countedNonce(base, 2 ** 32 - 1);
  assert.deepEqual(new Uint8Array(last()), nonce(base, 2n ** 32n - 1n));
  assert.throws(last, RangeError);
});
