// A device in memory for tests of clients: pairs with one PIN and serves sessions, built from the
// protocol functions alone. It can be told to misbehave.

import {
  type Bytes,
  decodeBase64,
  decodeUtf8,
  encodeBase64,
  equalBytes,
  utf8,
} from "../../src/base/bytes.ts";
import { type JsonObject, parseJsonObject } from "../../src/base/json.ts";
import { type RandomSource, randomUuid } from "../../src/base/random.ts";
import { platformAead } from "../../src/edges/platform/sync_aead.ts";
import { createFrameCipher, type FrameCipher, type SyncAead } from "../../src/protocol/v1/aead.ts";
import {
  encodeFrame,
  type Envelope,
  type FirstFrame,
  parseBinaryFirstFrame,
  parseFrame,
  parseJsonFirstFrame,
  type WireMessage,
} from "../../src/protocol/v1/frame.ts";
import { derivePairingKeys, deriveSessionKeys } from "../../src/protocol/v1/key_schedule.ts";
import { createPinMasks, drawScalar, respondToClient } from "../../src/protocol/v1/pake.ts";
import { decodeClientMessage, encodeDeviceMessage } from "../../src/protocol/v1/pake_message.ts";
import { computeConfirm, encodeTranscript } from "../../src/protocol/v1/transcript.ts";
import { seededRandom } from "../support/seeded_random.ts";

// The device's cipher is its own: a test may take WebCrypto away from the client.
const syncAead: SyncAead = { ...platformAead, maxBytes: Infinity };

/** A client that has paired. */
export interface PairedClient {
  /** Its token. */
  readonly authToken: string;
  /** Its key. */
  readonly pairingKey: Bytes;
}

/** What a device does with its answer to a step before it goes out. */
export type Forgery = (step: "start" | "finish", answer: JsonObject) => JsonObject;

interface PairingSession {
  readonly clientConfirm: Bytes;
  readonly deviceConfirm: Bytes;
  readonly pairingKey: Bytes;
}

/** A device that shows a PIN. */
export class FakeDevice {
  /** The PIN on its screen. */
  readonly pin: string;
  /** Everybody who has paired, by token. */
  readonly clients = new Map<string, PairedClient>();
  /** Every pairing request so far, as "start" or "finish" with its body. */
  readonly requests: { step: string; body: JsonObject }[] = [];
  /** Statuses for the next requests; 200 lets one through. */
  readonly statuses: number[] = [];
  /** Changes the answers. */
  forge: Forgery = (_step, answer) => answer;
  readonly #random: RandomSource;
  readonly #sessions = new Map<string, PairingSession>();

  /** Shows the PIN; scalars and ids come from `random`. */
  constructor(pin = "024680", random = seededRandom(7)) {
    this.pin = pin;
    this.#random = random;
  }

  /** Answers a pairing request. */
  async handle(request: Request): Promise<Response> {
    const step = new URL(request.url).pathname.replace("/api/pair/", "");
    const body = parseJsonObject(await request.text()) ?? {};
    this.requests.push({ step, body });
    const status = this.statuses.shift() ?? 200;
    if (status !== 200) return refuse(status);
    if (step === "start") return this.#start(body);
    return step === "finish" ? this.#finish(body) : refuse(404);
  }

  /** `handle` in the shape of fetch. */
  readonly fetch = (url: string, request: RequestInit): Promise<Response> => {
    return this.handle(new Request(url, request));
  };

  #start(body: JsonObject): Response {
    const messageA = decodeBase64(String(body["pake"]));
    const x = messageA && decodeClientMessage(messageA);
    if (messageA === undefined || x === undefined) return refuse(400);
    const share = respondToClient(createPinMasks(this.pin), {
      x,
      scalar: drawScalar(this.#random),
      blinding: drawScalar(this.#random),
    });
    const messageB = encodeDeviceMessage(x, share.y);
    const exchange = { clientName: String(body["name"]), messageA, messageB };
    const keys = derivePairingKeys(share.sessionKey, exchange);
    const session = randomUuid(this.#random);
    this.#sessions.set(session, {
      clientConfirm: computeConfirm(keys.clientConfirmKey, encodeTranscript("client", exchange)),
      deviceConfirm: computeConfirm(keys.deviceConfirmKey, encodeTranscript("device", exchange)),
      pairingKey: keys.pairingKey,
    });
    return Response.json(this.forge("start", { session, pake: encodeBase64(messageB) }));
  }

  #finish(body: JsonObject): Response {
    const session = this.#sessions.get(String(body["session"]));
    const confirm = decodeBase64(String(body["confirm"]));
    if (session === undefined || confirm === undefined) return refuse(404);
    if (!equalBytes(session.clientConfirm, confirm)) return refuse(401);
    const authToken = randomUuid(this.#random);
    this.clients.set(authToken, { authToken, pairingKey: session.pairingKey });
    const answer = {
      authToken,
      clientId: randomUuid(this.#random),
      confirm: encodeBase64(session.deviceConfirm),
    };
    return Response.json(this.forge("finish", answer));
  }
}

/** How a fake session reaches its client. */
export interface FakeTransport {
  /** Delivers a message. */
  send(message: WireMessage): void;
  /** Closes the socket. */
  close(code: number): void;
}

/** Options of {@linkcode FakeSession}. */
export interface FakeSessionOptions {
  /** Who has paired. */
  clients: ReadonlyMap<string, PairedClient>;
  /** The way to the client. */
  transport: FakeTransport;
  /** Deals with a request; the session sends nothing by itself but pongs. */
  onRequest: (request: JsonObject, session: FakeSession) => void;
  /**
   * Whether plaintext is dealt with before a session exists.
   * @default {false}
   */
  takesPlaintext?: boolean;
}

/** The device's end of one connection. */
export class FakeSession {
  readonly #options: FakeSessionOptions;
  #incoming: Promise<void> = Promise.resolve();
  #outgoing: Promise<void> = Promise.resolve();
  #keys: { envelope: Envelope; incoming: FrameCipher; outgoing: FrameCipher } | undefined;
  #isClosed = false;

  /** Waits for the client. */
  constructor(options: FakeSessionOptions) {
    this.#options = options;
  }

  /** Takes a message of the client. */
  receive(message: WireMessage): void {
    this.#incoming = this.#incoming.then(async () => {
      if (this.#isClosed) return;
      const text = await this.#open(message);
      if (text === undefined) return this.close(1008);
      if (text === "ping") return this.send("pong");
      this.#options.onRequest(parseJsonObject(text) ?? {}, this);
    });
  }

  /** Sends a text, sealed where the session is; the frame as it travels may be changed. */
  send(text: string, change: (frame: WireMessage) => WireMessage[] = (frame) => [frame]): void {
    this.#outgoing = this.#outgoing.then(async () => {
      const { transport } = this.#options;
      for (const frame of change(await this.#seal(text))) transport.send(frame);
    });
  }

  /** Answers a request with a result. */
  answer(request: JsonObject, result: unknown): void {
    this.send(JSON.stringify({ jsonrpc: "2.0", id: request["id"], result }));
  }

  /** Tells something that nobody asked for. */
  notify(method: string, params: unknown): void {
    this.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  /** Resolves when everything received and sent so far is done. */
  async settled(): Promise<void> {
    await this.#incoming;
    await this.#outgoing;
  }

  /** Closes after what is queued. */
  close(code: number): void {
    this.#isClosed = true;
    this.#outgoing = this.#outgoing.then(() => this.#options.transport.close(code));
  }

  async #open(message: WireMessage): Promise<string | undefined> {
    if (this.#keys !== undefined) {
      const ciphertext = parseFrame(message, this.#keys.envelope);
      return decode(ciphertext && await this.#keys.incoming.open(ciphertext));
    }
    const isText = typeof message === "string";
    const frame = isText ? parseJsonFirstFrame(message) : parseBinaryFirstFrame(message);
    if (frame !== undefined) return await this.#openSession(frame);
    return isText && this.#options.takesPlaintext === true ? message : undefined;
  }

  async #openSession(frame: FirstFrame): Promise<string | undefined> {
    const { envelope, authToken, salt, ciphertext } = frame;
    const client = this.#options.clients.get(authToken);
    if (client === undefined || salt === undefined || ciphertext === undefined) return undefined;
    const keys = deriveSessionKeys(client.pairingKey, salt);
    const incoming = createFrameCipher(keys.clientToDevice, { authToken, syncAead });
    const outgoing = createFrameCipher(keys.deviceToClient, { authToken, syncAead });
    this.#keys = { envelope, incoming, outgoing };
    return decode(await incoming.open(ciphertext));
  }

  async #seal(text: string): Promise<WireMessage> {
    if (this.#keys === undefined) return text;
    return encodeFrame(await this.#keys.outgoing.seal(utf8(text)), this.#keys.envelope);
  }
}

function decode(plaintext: Bytes | undefined): string | undefined {
  return plaintext && decodeUtf8(plaintext);
}

function refuse(status: number): Response {
  return Response.json({ error: { code: "any", message: "Any text", request_id: "1" } }, {
    status,
  });
}
