// The client's side of a pairing, step by step, so that a check can do any of it wrongly
// (docs/protocol.md §2 and §3). It uses the protocol's own functions for what must be right.

import { type Bytes, decodeBase64, encodeBase64, equalBytes, utf8 } from "../../base/bytes.ts";
import { derivePairingKeys, type PairingKeys } from "../../protocol/v1/key_schedule.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  type AffinePoint,
  computeClientShare,
  createPinMasks,
  drawScalar,
  finishClient,
} from "../../protocol/v1/pake.ts";
import { decodeDeviceMessage, encodeClientMessage } from "../../protocol/v1/pake_message.ts";
import { computeConfirm, encodeTranscript } from "../../protocol/v1/transcript.ts";
import type { ConformStage, PairedClient } from "./conform_stage.ts";
import { demand, demandObject, demandStatus, quoted } from "./deviation.ts";
import type { WireAnswer } from "./device_wire.ts";

/** What clients of the checks are called on the device. */
export const CLIENT_NAME = "latchkey conform";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A client's share that has not been sent. */
export interface ClientShare {
  /** The PIN that it is made with. */
  readonly pin: string;
  /** The secret scalar; 0 makes X = pw·U. */
  readonly scalar: bigint;
  /** X. */
  readonly x: AffinePoint;
  /** msgA. */
  readonly messageA: Bytes;
}

/** What start answered. */
export interface StartedAttempt {
  /** The pairing session. */
  readonly session: string;
  /** msgB. */
  readonly messageB: Bytes;
}

/** A pairing that could be finished. */
export interface ReadyAttempt extends StartedAttempt {
  /** The client's confirm. */
  readonly confirm: Bytes;
  /** The device's confirm. */
  readonly deviceConfirm: Bytes;
  /** The key that both would keep. */
  readonly pairingKey: Bytes;
  /** The client's name. */
  readonly name: string;
}

/** A share for a PIN; `write` makes msgA of X where it is not the usual text. */
export function drawShare(
  { random }: Pick<ConformStage, "random">,
  pin: string,
  write: (x: AffinePoint) => Bytes = encodeClientMessage,
): ClientShare {
  const scalar = drawScalar(random);
  const x = computeClientShare(createPinMasks(pin), scalar);
  return { pin, scalar, x, messageA: write(x) };
}

/** The share X = pw·U, which makes the device's Z the identity. */
export function identityShare(pin: string): ClientShare {
  const x = createPinMasks(pin).clientMask.toAffine();
  return { pin, scalar: 0n, x, messageA: encodeClientMessage(x) };
}

/** Posts to a step of pairing, with a body that is sent as it is. */
export function postPairing(
  stage: ConformStage,
  step: "start" | "finish",
  { body, timedAs }: { body: string; timedAs?: string | undefined },
): Promise<WireAnswer> {
  return stage.request(`/api/pair/${step}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  }, timedAs);
}

/** What start and finish are timed as. */
export const TIMED_STEPS = { start: "pairing: start", finish: "pairing: finish" } as const;

/** How a start is sent. */
export interface PostStartOptions {
  /** @default {CLIENT_NAME} */
  name?: string;
  /** @default not timed */
  timedAs?: string;
}

/** Posts msgA as start's body. */
export function postStart(
  stage: ConformStage,
  messageA: Bytes,
  { name = CLIENT_NAME, timedAs }: PostStartOptions = {},
): Promise<WireAnswer> {
  const body = JSON.stringify({ pake: encodeBase64(messageA), name });
  return postPairing(stage, "start", { body, timedAs });
}

/** Posts a confirm as finish's body. */
export function postFinish(
  stage: ConformStage,
  { session, confirm }: { session: string; confirm: Bytes },
  timedAs?: string,
): Promise<WireAnswer> {
  const body = JSON.stringify({ session, confirm: encodeBase64(confirm) });
  return postPairing(stage, "finish", { body, timedAs });
}

/** What a start that was accepted says; Deviation where it has another shape. */
export function parseStarted(answer: WireAnswer): StartedAttempt {
  demandStatus(answer, 200);
  const { session, pake } = demandObject(answer.text);
  demand(typeof session === "string" && UUID.test(session), "session is no UUID");
  const messageB = typeof pake === "string" ? decodeBase64(pake) : undefined;
  demand(messageB !== undefined, "pake is no base64");
  return { session, messageB };
}

/** Starts with a share and computes what both sides should know. */
export async function startAttempt(
  stage: ConformStage,
  share: ClientShare,
  name = CLIENT_NAME,
): Promise<ReadyAttempt> {
  const answer = await postStart(stage, share.messageA, { name });
  return readyAttempt(share, parseStarted(answer), name);
}

/** What both sides should know after an accepted start; Deviation where Y is none. */
export function readyAttempt(
  share: ClientShare,
  started: StartedAttempt,
  name = CLIENT_NAME,
): ReadyAttempt {
  const { messageA } = share;
  const { messageB } = started;
  const y = decodeDeviceMessage(messageB);
  demand(y !== undefined, `msgB is none: ${quoted(new TextDecoder().decode(messageB))}`);
  const exchange = { clientName: name, messageA, messageB };
  const keys: PairingKeys = derivePairingKeys(sessionKeyOf(share, y), exchange);
  return {
    ...started,
    name,
    confirm: computeConfirm(keys.clientConfirmKey, encodeTranscript("client", exchange)),
    deviceConfirm: computeConfirm(keys.deviceConfirmKey, encodeTranscript("device", exchange)),
    pairingKey: keys.pairingKey,
  };
}

// With X = pw·U the device's Z is the identity, whose coordinates count as 0 and are empty texts.
function sessionKeyOf({ pin, scalar, x }: ClientShare, y: AffinePoint): Bytes {
  if (scalar !== 0n) return finishClient(createPinMasks(pin), { scalar, x, y });
  const parts = [x.x, x.y, y.x, y.y].map((value) => hexBytes(value.toString(16)));
  const hash = sha256.create().update(utf8(pin));
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

function hexBytes(hex: string): Bytes {
  const even = hex.padStart(hex.length + hex.length % 2, "0");
  return Uint8Array.from(even.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** What a finish that was accepted says; Deviation where the device does not prove the PIN. */
export function parseFinished(
  stage: ConformStage,
  answer: WireAnswer,
  { deviceConfirm, pairingKey, name }: ReadyAttempt,
): PairedClient {
  demandStatus(answer, 200);
  const { authToken, clientId, confirm } = demandObject(answer.text);
  demand(typeof authToken === "string" && UUID.test(authToken), "authToken is no UUID");
  demand(typeof clientId === "string" && UUID.test(clientId), "clientId is no UUID");
  const client = { authToken, clientId, name, pairingKey };
  // It is there by now, whatever its confirm says.
  stage.paired.push(client);
  const bytes = typeof confirm === "string" ? decodeBase64(confirm) : undefined;
  demand(bytes?.length === 32, "confirm is no base64 of 32 bytes");
  demand(equalBytes(bytes, deviceConfirm), "the device's confirm is another one");
  return client;
}

/** Another PIN than this one. */
export function wrongPinFor(pin: string): string {
  const last = Number(pin.at(-1));
  return `${pin.slice(0, -1)}${(last + 1) % 10}`;
}
