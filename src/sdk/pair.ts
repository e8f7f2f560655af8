// The app's side of pairing (docs/protocol.md §2 and §3). The PIN and the secret scalar live in one
// call and never travel; the device must prove the PIN before anything is returned.

import { type Bytes, decodeBase64, encodeBase64, equalBytes, utf8 } from "../base/bytes.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { type JsonObject, parseJsonObject } from "../base/json.ts";
import { type RandomSource, systemRandom } from "../base/random.ts";
import { derivePairingKeys } from "../protocol/v1/key_schedule.ts";
import {
  type AffinePoint,
  computeClientShare,
  createPinMasks,
  drawScalar,
  finishClient,
  type PinMasks,
} from "../protocol/v1/pake.ts";
import { decodeDeviceMessage, encodeClientMessage } from "../protocol/v1/pake_message.ts";
import { computeConfirm, encodeTranscript } from "../protocol/v1/transcript.ts";
import { type Credentials, survivingJson } from "./credentials.ts";
import { ClientError, type ClientErrorCode } from "./client_error.ts";
import { DEFAULT_TIMEOUT_MS } from "./default_timeout.ts";
import { deviceBaseUrl } from "./device_address.ts";
import { currentPageUrl, nameCause } from "./unreachable_cause.ts";
import { untilAborted } from "./until_aborted.ts";

/** How long to wait after "too many requests", in milliseconds: the device lets one pass a second. */
export const RETRY_DELAY_MS = 1100;

/** How often a request is tried in all. */
export const MAX_TRIES = 4;

const MAX_NAME_BYTES = 128;

/** Options of {@linkcode pair}. */
export interface PairOptions {
  /** Where the device listens, such as "http://192.168.1.5:7497" or "192.168.1.5" alone. */
  baseUrl: string;
  /** The PIN that the device shows; spaces are left out, as people type "123 456". */
  pin: string;
  /** The app's name for the device's owner, 1 to 128 bytes of UTF-8. */
  name: string;
  /**
   * Sends requests.
   * @default the platform's fetch
   */
  fetch?: (url: string, request: RequestInit) => Promise<Response>;
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
  /** Gives up; `pair` then throws its reason. */
  signal?: AbortSignal;
  /**
   * How long the device may take to answer a request, in milliseconds.
   * @default {DEFAULT_TIMEOUT_MS}
   */
  timeoutMs?: number;
  /**
   * Time.
   * @default {systemClock}
   */
  clock?: Clock;
}

type Step = "start" | "finish";

interface PairingAnswer {
  readonly status: number;
  readonly text: string;
  /** From the header of that name. */
  readonly retryAfterS: number | undefined;
}

// The device's words tell most (docs/protocol.md §3); a device that has others, the status.
const REFUSALS: Readonly<Record<string, [ClientErrorCode, string]>> = {
  "no pairing in progress": ["no_pairing", "No pairing is open on the device"],
  "pairing expired": ["pairing_expired", "The PIN has expired"],
  "too many failed attempts": ["too_many_attempts", "The PIN was wrong too often"],
  "maximum paired clients reached": ["no_place", "The device has no place for another client"],
  "unknown pairing session": ["no_pairing", "The pairing is no longer open on the device"],
  "wrong PIN": ["wrong_pin", "The PIN was wrong"],
  "This origin is not allowed": [
    "origin_not_allowed",
    "The device does not answer pages of this origin",
  ],
  "rate limited": ["rate_limited", "The device has too many pairing requests"],
  "start 400": ["no_pairing", "No pairing is open on the device"],
  "start 410": ["pairing_expired", "The PIN has expired"],
  "finish 401": ["wrong_pin", "The PIN was wrong"],
  "finish 403": ["too_many_attempts", "The PIN was wrong too often, or the device has no place"],
  "finish 404": ["no_pairing", "The pairing is no longer open on the device"],
  "finish 410": ["pairing_expired", "The pairing has expired"],
  "start 429": ["rate_limited", "The device has too many pairing requests"],
  "finish 429": ["rate_limited", "The device has too many pairing requests"],
};

// Other refusals of Core's, which the status alone would misname.
const REFUSED_REQUESTS: ReadonlySet<string> = new Set([
  "client name required",
  "client name too long",
  "PAKE message too long",
  "invalid PAKE message",
]);

/**
 * Pairs with a device that shows a PIN. Throws RangeError for a text that is no address or no PIN or
 * a name that does not fit, and ClientError where pairing fails.
 */
export async function pair(options: PairOptions): Promise<Credentials> {
  const { name, random = systemRandom } = options;
  const baseUrl = deviceBaseUrl(options.baseUrl);
  const nameBytes = utf8(name).length;
  if (nameBytes === 0 || nameBytes > MAX_NAME_BYTES) {
    throw new RangeError(`Cannot use name: expected 1 to ${MAX_NAME_BYTES} bytes of UTF-8`);
  }
  const masks = createPinMasks(options.pin.replaceAll(" ", ""));
  const scalar = drawScalar(random);
  const x = computeClientShare(masks, scalar);
  const messageA = encodeClientMessage(x);

  const started = await post({ ...options, baseUrl }, "start", {
    pake: encodeBase64(messageA),
    name,
  });
  const session = textField(started, "session");
  const messageB = bytesField(started, "pake");
  const y = decodeDeviceMessage(messageB);
  if (y === undefined) throw badAnswer();
  const exchange = { clientName: name, messageA, messageB };
  const keys = derivePairingKeys(computeSessionKey(masks, { scalar, x, y }), exchange);

  const confirm = computeConfirm(keys.clientConfirmKey, encodeTranscript("client", exchange));
  const finished = await post({ ...options, baseUrl }, "finish", {
    session,
    confirm: encodeBase64(confirm),
  });
  const expected = computeConfirm(keys.deviceConfirmKey, encodeTranscript("device", exchange));
  if (!equalBytes(expected, bytesField(finished, "confirm"))) throw notAuthentic();
  return survivingJson({
    clientId: textField(finished, "clientId"),
    clientName: name,
    authToken: textField(finished, "authToken"),
    pairingKey: keys.pairingKey,
  });
}

function computeSessionKey(
  masks: PinMasks,
  options: { scalar: bigint; x: AffinePoint; y: AffinePoint },
): Bytes {
  try {
    return finishClient(masks, options);
  } catch (error) {
    throw notAuthentic({ cause: error });
  }
}

async function post(options: PairOptions, step: Step, body: JsonObject): Promise<JsonObject> {
  const { wait = waitOnTimer, signal } = options;
  for (let tries = 1;; tries++) {
    const answer = await send(options, step, body);
    if (answer.status === 200) return parseAnswer(answer.text);
    if (answer.status !== 429 || tries === MAX_TRIES) throw refusal(step, answer);
    await untilAborted(() => wait(RETRY_DELAY_MS), signal);
  }
}

async function send(
  options: PairOptions,
  step: Step,
  body: JsonObject,
): Promise<PairingAnswer> {
  const {
    baseUrl,
    fetch: request = (url, init) => fetch(url, init),
    signal,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    clock = systemClock,
  } = options;
  signal?.throwIfAborted();
  const ending = new AbortController();
  const giveUp = (): void => ending.abort(signal?.reason);
  signal?.addEventListener("abort", giveUp);
  const cancel = clock.after(timeoutMs, () => {
    ending.abort(new ClientError("timeout", `The device has not answered in ${timeoutMs} ms`));
  });
  try {
    const response = await request(`${baseUrl}/api/pair/${step}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: ending.signal,
    });
    const retryAfter = response.headers.get("Retry-After") ?? "";
    return {
      status: response.status,
      text: await response.text(),
      retryAfterS: /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : undefined,
    };
  } catch (error) {
    ending.signal.throwIfAborted();
    const unreachable = new ClientError("unreachable", "The device cannot be reached", {
      cause: error,
    });
    throw await nameCause(unreachable, {
      url: baseUrl,
      pageUrl: currentPageUrl(),
      fetch: request,
      signal,
    });
  } finally {
    cancel();
    signal?.removeEventListener("abort", giveUp);
  }
}

function refusal(step: Step, { status, text, retryAfterS }: PairingAnswer): ClientError {
  const said = parseJsonObject(text)?.["error"];
  const words = typeof said === "string" ? said : "";
  const isRefusedRequest = REFUSED_REQUESTS.has(words);
  const known = Object.hasOwn(REFUSALS, words) ? REFUSALS[words] : undefined;
  const byStatus = isRefusedRequest ? undefined : REFUSALS[`${step} ${status}`];
  const [code, message] = known ?? byStatus ??
    ["refused", `The device refused to pair: status ${status}`] as const;
  return new ClientError(code, message, { retryAfterS });
}

function parseAnswer(text: string): JsonObject {
  const answer = parseJsonObject(text);
  if (answer === undefined) throw badAnswer();
  return answer;
}

function textField(answer: JsonObject, name: string): string {
  const value = answer[name];
  if (typeof value !== "string" || value === "") throw badAnswer();
  return value;
}

function bytesField(answer: JsonObject, name: string): Bytes {
  const bytes = decodeBase64(textField(answer, name));
  if (bytes === undefined) throw badAnswer();
  return bytes;
}

function badAnswer(): ClientError {
  return new ClientError("bad_answer", "The device's answer is not of the protocol");
}

function notAuthentic(options: ErrorOptions = {}): ClientError {
  const message = "Whoever answers does not know the PIN: it is not the device";
  return new ClientError("device_not_authentic", message, options);
}

function waitOnTimer(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
