// The vectors of pairing through the shipped code and through the reference
// (tests/vectors/README.md).

import assert from "node:assert/strict";
import { decodeBase64, encodeBase64, utf8 } from "../../../src/base/bytes.ts";
import { derivePairingKeys } from "../../../src/protocol/v1/key_schedule.ts";
import {
  type AffinePoint,
  computeClientShare,
  createPinMasks,
  FIELD_PRIME,
  finishClient,
  GROUP_ORDER,
  minimalBytes,
  pinScalar,
  POINT_U,
  POINT_V,
  respondToClient,
} from "../../../src/protocol/v1/pake.ts";
import {
  decodeClientMessage,
  decodeDeviceMessage,
  encodeClientMessage,
  encodeDeviceMessage,
} from "../../../src/protocol/v1/pake_message.ts";
import {
  computeConfirm,
  encodeTranscript,
  lengthPrefixed,
} from "../../../src/protocol/v1/transcript.ts";
import { REFERENCE_ORDER, REFERENCE_PRIME } from "../../support/reference_curve.ts";
import {
  ReferencePairingClient,
  ReferencePairingDevice,
} from "../../support/reference_protocol.ts";
import * as reference from "../../support/reference_wire.ts";
import {
  defineVectorTests,
  PAIRING_SECTIONS,
  type Row,
  SESSION_SECTIONS,
} from "../../support/vector_rows.ts";
import vectors from "../../vectors/v1.json" with { type: "json" };

// The vectors have no blinding, and none may show in what comes out.
const BLINDING = 0xb11d_0000_1234_5678_9abc_def0n ** 2n;

Deno.test("vectors: every section of the file is checked here or with the sessions", () => {
  const checked = ["about", ...PAIRING_SECTIONS, ...SESSION_SECTIONS];
  assert.deepEqual(Object.keys(vectors).sort(), checked.sort());
});

Deno.test("vectors: the curve is the one of the shipped code and of the reference", () => {
  const { p, n, U, V } = vectors.about.curve;
  assert.deepEqual([String(FIELD_PRIME), String(GROUP_ORDER)], [p, n]);
  assert.deepEqual([String(REFERENCE_PRIME), String(REFERENCE_ORDER)], [p, n]);
  for (const [pointU, pointV] of [[POINT_U, POINT_V], [reference.POINT_U, reference.POINT_V]]) {
    assert.deepEqual([String(pointU?.x), String(pointU?.y)], U);
    assert.deepEqual([String(pointV?.x), String(pointV?.y)], V);
  }
});

defineVectorTests(PAIRING_SECTIONS, {
  pake: checkPake,
  pake_unreduced: checkPake,
  pake_identity: checkIdentity,
  pake_messages: checkMessage,
  pairing: checkPairing,
  pairing_wrong_pin: checkWrongPin,
  minimal_bytes: checkMinimalBytes,
  length_prefix: checkLengthPrefix,
});

function checkPake(row: Row<"pake">): void {
  const { x, y, z } = { x: point(row.X), y: point(row.Y), z: point(row.Z) };
  assert.equal(hex(utf8(row.pin)), row.pin_ascii_hex);
  assert.equal(String(pinScalar(row.pin)), row.pw_scalar_dec);
  assert.equal(hex(reference.sha256(unhex(row.k_preimage_hex))), row.session_key_hex);
  const { Xx, Xy, Yx, Yy, Zx, Zy } = row.byte_lengths;
  const lengths = [Xx, Xy, Yx, Yy, Zx, Zy];
  const messageA = base64(row.msgA_b64);
  const messageB = base64(row.msgB_b64);
  assert.deepEqual(messageA, utf8(row.msgA));
  assert.deepEqual(messageB, utf8(row.msgB));

  const a = integer(row.alpha_a_hex) % GROUP_ORDER;
  const b = integer(row.alpha_b_hex) % GROUP_ORDER;
  const masks = createPinMasks(row.pin);
  assert.deepEqual(computeClientShare(masks, a), x);
  assert.deepEqual(decodeClientMessage(messageA), x);
  const share = respondToClient(masks, { x, scalar: b, blinding: BLINDING });
  assert.equal(share.isDegenerate, false);
  assert.deepEqual(share.y, y);
  assert.equal(hex(share.sessionKey), row.session_key_hex);
  assert.deepEqual(encodeDeviceMessage(x, y), messageB);
  assert.deepEqual(decodeDeviceMessage(messageB), y);
  assert.equal(hex(finishClient(masks, { scalar: a, x, y })), row.session_key_hex);
  const hashed = [x, y, z].flatMap((p) => [minimalBytes(p.x), minimalBytes(p.y)]);
  assert.deepEqual(hashed.map((bytes) => bytes.length), lengths);
  assert.equal(row.pin_ascii_hex + hashed.map(hex).join(""), row.k_preimage_hex);

  // The reference takes the scalars as they are, unreduced ones too.
  const client = new ReferencePairingClient(row.pin, "", integer(row.alpha_a_hex));
  const device = new ReferencePairingDevice(row.pin, integer(row.alpha_b_hex));
  const answer = device.answer(messageA, "");
  assert.ok(answer !== undefined);
  assert.deepEqual(answer.points, [x, y, z]);
  assert.equal(hex(answer.preimage), row.k_preimage_hex);
  assert.deepEqual(answer.messageB, messageB);
  const result = client.finish(messageB);
  assert.equal(hex(result.sessionKey), row.session_key_hex);
  assert.deepEqual(result.coordinateBytes, lengths);
  // One row has its members in Core's order: the same members, other bytes.
  const isCoreOrder = row.msgA.endsWith(`"role":0}`);
  for (const encoded of [encodeClientMessage(x), client.messageA]) {
    if (isCoreOrder) assert.deepEqual(members(encoded), members(messageA));
    else assert.deepEqual(encoded, messageA);
  }
}

function checkIdentity(row: Row<"pake_identity">): void {
  const messageA = base64(row.msgA_b64);
  const messageB = base64(row.msgB_b64);
  assert.deepEqual(messageA, utf8(row.msgA));
  assert.deepEqual(messageB, utf8(row.msgB));
  const scalar = integer(row.alpha_b_hex);
  const x = decodeClientMessage(messageA);
  assert.ok(x !== undefined);
  const share = respondToClient(createPinMasks(row.pin), { x, scalar, blinding: BLINDING });
  assert.equal(share.isDegenerate, true);
  assert.deepEqual(encodeDeviceMessage(x, share.y), messageB);
  assert.equal(hex(share.sessionKey), row.session_key_hex);
  const answer = new ReferencePairingDevice(row.pin, scalar).answer(messageA, "");
  assert.ok(answer !== undefined);
  assert.deepEqual(answer.messageB, messageB);
  assert.deepEqual(answer.points[2], { x: 0n, y: 0n });
  assert.equal(hex(answer.preimage), row.k_preimage_hex);
  assert.equal(hex(answer.sessionKey), row.session_key_hex);
}

function checkMessage(row: Row<"pake_messages">): void {
  const bytes = base64(row.msgA_b64);
  assert.deepEqual(bytes, utf8(row.msgA));
  assert.ok(row.status === 200 || row.status === 400);
  const isAccepted = row.status === 200;
  const x = decodeClientMessage(bytes);
  assert.equal(x !== undefined, isAccepted);
  const answer = new ReferencePairingDevice("123456", 1n).answer(bytes, "");
  assert.equal(answer !== undefined, isAccepted);
  assert.deepEqual(answer?.points[0], x);
}

function checkPairing(row: Row<"pairing">): void {
  const pake = vectors.pake.find(({ name }) => name === row.pake_case);
  assert.ok(pake !== undefined);
  assert.equal(pake.session_key_hex, row.session_key_hex);
  assert.equal(hex(utf8(row.client_name)), row.client_name_utf8_hex);
  assert.equal(row.start_request.name, row.client_name);
  assert.equal(row.start_request.pake, pake.msgA_b64);
  assert.equal(row.start_response.pake, pake.msgB_b64);
  const { authToken, clientId, confirm } = row.finish_response;
  const drawn = [row.start_response.session, row.finish_request.session, authToken, clientId];
  for (const text of drawn) assert.equal(text, "<uuid v4>");

  const exchange = {
    clientName: row.client_name,
    messageA: utf8(pake.msgA),
    messageB: utf8(pake.msgB),
  };
  const keys = derivePairingKeys(unhex(row.session_key_hex), exchange);
  assert.equal(hex(keys.clientConfirmKey), row.confirm_key_a_hex);
  assert.equal(hex(keys.deviceConfirmKey), row.confirm_key_b_hex);
  assert.equal(hex(keys.pairingKey), row.pairing_key_hex);
  const ofClient = encodeTranscript("client", exchange);
  const ofDevice = encodeTranscript("device", exchange);
  assert.equal(hex(ofClient), row.transcript_client_hex);
  assert.equal(hex(ofDevice), row.transcript_server_hex);
  const clientConfirm = computeConfirm(keys.clientConfirmKey, ofClient);
  const deviceConfirm = computeConfirm(keys.deviceConfirmKey, ofDevice);
  assert.equal(hex(clientConfirm), row.confirm_client_hex);
  assert.equal(hex(deviceConfirm), row.confirm_server_hex);
  assert.equal(encodeBase64(clientConfirm), row.finish_request.confirm);
  assert.equal(encodeBase64(deviceConfirm), confirm);

  const named = { ...exchange, name: row.client_name };
  assert.equal(
    hex(reference.pairingKeys(unhex(row.session_key_hex), named).prk),
    row.prk_hex,
  );
  assert.equal(hex(reference.transcript("client", named)), row.transcript_client_hex);
  assert.equal(hex(reference.transcript("server", named)), row.transcript_server_hex);
  const device = new ReferencePairingDevice(pake.pin, integer(pake.alpha_b_hex));
  const answer = device.answer(exchange.messageA, row.client_name);
  assert.ok(answer !== undefined);
  assert.equal(hex(answer.expectedClientConfirm), row.confirm_client_hex);
  assert.equal(hex(answer.confirm), row.confirm_server_hex);
  assert.equal(hex(answer.pairingKey), row.pairing_key_hex);
}

function checkWrongPin(row: Row<"pairing_wrong_pin">): void {
  assert.equal(row.expected_status, 401);
  const messageA = utf8(row.msgA);
  const messageB = utf8(row.msgB);
  const x = decodeClientMessage(messageA);
  const y = decodeDeviceMessage(messageB);
  assert.ok(x !== undefined && y !== undefined);
  const a = integer(row.alpha_a_hex);
  const b = integer(row.alpha_b_hex);
  const share = respondToClient(createPinMasks(row.device_pin), {
    x,
    scalar: b,
    blinding: BLINDING,
  });
  assert.deepEqual(share.y, y);
  assert.equal(hex(share.sessionKey), row.server_session_key_hex);
  const clientKey = finishClient(createPinMasks(row.typed_pin), { scalar: a, x, y });
  assert.equal(hex(clientKey), row.client_session_key_hex);
  // The row names no client; its confirms are over the name of the first pairing row.
  const name = vectors.pairing[0]?.client_name ?? "";
  const exchange = { clientName: name, messageA, messageB };
  const transcript = encodeTranscript("client", exchange);
  const confirm = (key: Uint8Array): string =>
    hex(computeConfirm(derivePairingKeys(key, exchange).clientConfirmKey, transcript));
  assert.equal(confirm(clientKey), row.client_sends_confirm_hex);
  assert.equal(confirm(share.sessionKey), row.server_expects_confirm_hex);
  assert.notEqual(row.client_sends_confirm_hex, row.server_expects_confirm_hex);

  const client = new ReferencePairingClient(row.typed_pin, name, a);
  const answer = new ReferencePairingDevice(row.device_pin, b).answer(messageA, name);
  assert.deepEqual(client.messageA, messageA);
  assert.deepEqual(answer?.messageB, messageB);
  assert.equal(hex(client.finish(messageB).confirm), row.client_sends_confirm_hex);
  assert.equal(hex(answer.expectedClientConfirm), row.server_expects_confirm_hex);
}

function checkMinimalBytes(row: Row<"minimal_bytes">): void {
  assert.equal(hex(minimalBytes(BigInt(row.dec))), row.hex);
  assert.equal(hex(reference.integerBytes(BigInt(row.dec))), row.hex);
}

function checkLengthPrefix(row: Row<"length_prefix">): void {
  assert.equal(hex(lengthPrefixed(unhex(row.hex_in))), row.hex_out);
  assert.equal(hex(reference.prefixLength(unhex(row.hex_in))), row.hex_out);
}

function members(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function point({ x, y }: { x: string; y: string }): AffinePoint {
  return { x: BigInt(x), y: BigInt(y) };
}

function integer(text: string): bigint {
  return BigInt(`0x${text}`);
}

function base64(text: string): Uint8Array {
  const bytes = decodeBase64(text);
  assert.ok(bytes !== undefined);
  return bytes;
}

function hex(bytes: Uint8Array): string {
  return bytes.toHex();
}

function unhex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text);
}
