// The app's side of pairing (docs/protocol.md §2 and §3).

import { type Bytes, decodeBase64, encodeBase64, equalBytes, utf8 } from "../base/bytes.ts";
import { asJsonObject, type JsonObject } from "../base/json.ts";
import { type RandomSource, systemRandom } from "../base/random.ts";
import { derivePairingKeys } from "../protocol/key_schedule.ts";
import { computeClientShare, createPinMasks, drawScalar, finishClient } from "../protocol/pake.ts";
import { decodeDeviceMessage, encodeClientMessage } from "../protocol/pake_message.ts";
import { computeConfirm, encodeTranscript } from "../protocol/transcript.ts";
import { ClientError, type ClientErrorCode } from "./client_error.ts";
import type { Credentials } from "./credentials.ts";

/** How long to wait after "too many requests": the device lets one pass per second. */
export const RETRY_DELAY_MS = 1100;

/** How often a request is tried. */
export const MAX_TRIES = 4;

const MAX_NAME_BYTES = 128;

/** Options of {@linkcode pair}. */
export interface PairOptions {
  /** Where the device listens, such as "http://192.168.1.20:7497". */
  baseUrl: string;
  /** The six digits that the device shows. */
  pin: string;
  /** The app's name for the device's owner, 1 to 128 bytes of UTF-8. */
  name: string;
  /**
   * Sends requests.
   * @default {fetch}
   */
  fetch?: typeof fetch;
  /**
   * Draws the secret scalar.
   * @default {systemRandom}
   */
  random?: RandomSource;
  /**
   * Waits before a request is tried again.
   * @default a timer
   */
  wait?: (delayMs: number) => Promise<void>;
  /** Gives up. */
  signal?: AbortSignal;
}

const CODE_OF_STATUS: Readonly<Record<number, ClientErrorCode>> = {
  401: "wrong_pin",
  403: "too_many_attempts",
  410: "pairing_expired",
  429: "rate_limited",
};

/**
 * Pairs with a device that shows a PIN. The PIN never leaves this process. Throws RangeError for
 * a PIN that is not six digits or a name that does not fit, and ClientError for everything else.
 */
export async function pair(options: PairOptions): Promise<Credentials> {
  const { pin, name, random = systemRandom } = options;
  const nameBytes = utf8(name).length;
  if (nameBytes === 0 || nameBytes > MAX_NAME_BYTES) {
    throw new RangeError(`Cannot use name: expected 1 to ${MAX_NAME_BYTES} bytes of UTF-8`);
  }
  const masks = createPinMasks(pin);
  const scalar = drawScalar(random);
  const x = computeClientShare(masks, scalar);
  const messageA = encodeClientMessage(x);
  const started = await post(options, "start", { pake: encodeBase64(messageA), name });

  const session = started["session"];
  const messageB = decodeField(started, "pake");
  const y = messageB && decodeDeviceMessage(messageB);
  if (typeof session !== "string" || messageB === undefined || y === undefined) throw badAnswer();
  const exchange = { clientName: name, messageA, messageB };
  const keys = derivePairingKeys(finishClient(masks, { scalar, x, y }), exchange);
  const confirm = computeConfirm(keys.clientConfirmKey, encodeTranscript("client", exchange));
  const finished = await post(options, "finish", { session, confirm: encodeBase64(confirm) });

  const expected = computeConfirm(keys.deviceConfirmKey, encodeTranscript("device", exchange));
  const { authToken, clientId } = finished;
  if (!equalBytes(expected, decodeField(finished, "confirm") ?? new Uint8Array(0))) {
    throw new ClientError("device_not_authentic", "The device does not know the PIN it shows");
  }
  if (typeof authToken !== "string" || typeof clientId !== "string") throw badAnswer();
  return { clientId, authToken, pairingKey: keys.pairingKey };
}

async function post(
  options: PairOptions,
  step: "start" | "finish",
  body: JsonObject,
): Promise<JsonObject> {
  const { baseUrl, fetch: send = fetch, wait = defaultWait, signal } = options;
  const request: RequestInit = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: signal ?? null,
  };
  for (let tries = 1;; tries++) {
    // deno-lint-ignore no-await-in-loop -- a try begins when the one before was refused
    const response = await reach(() => send(`${baseUrl}/api/pair/${step}`, request));
    // deno-lint-ignore no-await-in-loop -- as above
    const answer = asJsonObject(await reach(() => response.json()));
    if (response.ok && answer !== undefined) return answer;
    if (response.status !== 429 || tries === MAX_TRIES) {
      throw refusal(response.status, { step, answer });
    }
    // deno-lint-ignore no-await-in-loop -- as above
    await wait(RETRY_DELAY_MS);
  }
}

async function reach<Result>(action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw new ClientError("unreachable", "The device cannot be reached", { cause: error });
  }
}

function refusal(
  status: number,
  details: { step: string; answer: JsonObject | undefined },
): ClientError {
  const { step, answer } = details;
  const isNoPairing = status === 400 && step === "start";
  const code = isNoPairing ? "no_pairing" : CODE_OF_STATUS[status] ?? "refused";
  const message = asJsonObject(answer?.["error"])?.["message"];
  return new ClientError(code, typeof message === "string" ? message : `Status ${status}`);
}

function decodeField(object: JsonObject, name: string): Bytes | undefined {
  const value = object[name];
  return typeof value === "string" ? decodeBase64(value) : undefined;
}

function badAnswer(): ClientError {
  return new ClientError("bad_answer", "The device's answer is not of the protocol");
}

function defaultWait(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
