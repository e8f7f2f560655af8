// One encrypted session with the device, frame by frame, so that a check can seal any of them wrongly
// (docs/protocol.md §4 and §5). Its own cipher calls: what is judged must not judge itself.

import { type Bytes, decodeUtf8, utf8 } from "../../base/bytes.ts";
import { asJsonObject, parseJsonObject } from "../../base/json.ts";
import { frameAad, frameNonce, TAG_BYTES } from "../../protocol/v1/aead.ts";
import {
  encodeFirstFrame,
  encodeFrame,
  type Envelope,
  parseFrame,
  type WireMessage,
} from "../../protocol/v1/frame.ts";
import {
  deriveSessionKeys,
  type DirectionKeys,
  SALT_BYTES,
  type SessionKeys,
} from "../../protocol/v1/key_schedule.ts";
import type { ConformStage, PairedClient } from "./conform_stage.ts";
import { demand, Deviation, quoted } from "./deviation.ts";
import type { JudgedSocket } from "./judged_socket.ts";

/** The request that checks send where any will do. */
export const VERSION_REQUEST = '{"jsonrpc":"2.0","id":"v","method":"version"}';

/** What a frame is sealed under; what is left out is right. */
export interface SealOptions {
  /** The frame's number. */
  counter: bigint;
  /** @default the client's keys */
  keys?: DirectionKeys;
  /** @default the token and ":ws" */
  additionalData?: Bytes;
}

/** The keys of one session, before anything was sent. */
export interface SessionSecrets {
  /** The session's salt. */
  readonly salt: Bytes;
  /** How frames travel. */
  readonly envelope: Envelope;
  /** The keys of both directions. */
  readonly keys: SessionKeys;
  /** The tagged ciphertext of a text. */
  seal(text: string, options: SealOptions): Promise<Bytes>;
  /** The message that would open the session, with this ciphertext. */
  firstFrame(ciphertext: Bytes): WireMessage;
}

/** Fresh secrets of a client. */
export function drawSession(
  { random }: Pick<ConformStage, "random">,
  client: PairedClient,
  { envelope = "json", salt = random(SALT_BYTES) }: { envelope?: Envelope; salt?: Bytes } = {},
): SessionSecrets {
  const { authToken, pairingKey } = client;
  const keys = deriveSessionKeys(pairingKey, salt);
  return {
    salt,
    envelope,
    keys,
    seal: (text, { counter, keys: under = keys.clientToDevice, additionalData }) =>
      crypt("encrypt", utf8(text), {
        keys: under,
        counter,
        additionalData: additionalData ?? frameAad(authToken),
      }),
    firstFrame: (ciphertext) => encodeFirstFrame(ciphertext, { envelope, authToken, salt }),
  };
}

async function crypt(
  what: "encrypt" | "decrypt",
  bytes: Bytes,
  options: { keys: DirectionKeys; counter: bigint; additionalData: Bytes },
): Promise<Bytes> {
  const { keys, counter, additionalData } = options;
  const key = await crypto.subtle.importKey("raw", keys.key, "AES-GCM", false, [what]);
  const iv = frameNonce(keys.nonceBase, counter);
  const params = { name: "AES-GCM", iv, additionalData, tagLength: TAG_BYTES * 8 };
  return new Uint8Array(await crypto.subtle[what](params, key, bytes));
}

/** A session that is open, or will be with its first frame. */
export interface SessionPeer {
  /** Its secrets. */
  readonly secrets: SessionSecrets;
  /** Its socket. */
  readonly socket: JudgedSocket;
  /** What the device told without being asked. */
  readonly notifications: string[];
  /** The next frame's number. */
  readonly counter: bigint;
  /** The next frame with this text, as it has to be. */
  frame(text: string): Promise<WireMessage>;
  /** Seals and sends a text. */
  send(text: string): Promise<void>;
  /** The next text that answers something; Deviation where it does not open. */
  answer(): Promise<string>;
  /** Waits until the device tells this, whatever it says meanwhile; the notification. */
  heard(method: string): Promise<Record<string, unknown>>;
  /** Waits until the device has closed; Deviation where it answers anything first. */
  endedInSilence(): Promise<{ readonly code: number }>;
  /** Sends a text and returns what answers it. */
  ask(text: string): Promise<string>;
}

/** A session of the stage's client on a socket. */
export function createSessionPeer(
  socket: JudgedSocket,
  client: PairedClient,
  secrets: SessionSecrets,
): SessionPeer {
  const { envelope, keys } = secrets;
  const additionalData = frameAad(client.authToken);
  const notifications: string[] = [];
  let sent = 0n;
  let received = 0n;
  async function frame(text: string): Promise<WireMessage> {
    const counter = sent;
    sent += 1n;
    const ciphertext = await secrets.seal(text, { counter });
    return counter === 0n ? secrets.firstFrame(ciphertext) : encodeFrame(ciphertext, envelope);
  }
  async function open(message: WireMessage): Promise<string> {
    const kind = typeof message === "string" ? "a text" : "a binary message";
    const ciphertext = parseFrame(message, envelope);
    demand(ciphertext !== undefined, `sent ${kind}, which is no frame of the ${envelope} envelope`);
    const counter = received;
    received += 1n;
    try {
      const options = { keys: keys.deviceToClient, counter, additionalData };
      return decodeUtf8(await crypt("decrypt", ciphertext, options)) ?? "";
    } catch (error) {
      if (error instanceof Deviation) throw error;
      throw new Deviation(`the device's frame ${counter} does not open`);
    }
  }
  // The text, kept and undefined where it answers nothing.
  function sort(text: string): string | undefined {
    const message = parseJsonObject(text);
    if (typeof message?.["method"] !== "string" || "id" in message) return text;
    notifications.push(text);
    return undefined;
  }
  async function answer(): Promise<string> {
    for (;;) {
      const text = sort(await open(await socket.nextMessage()));
      if (text !== undefined) return text;
    }
  }
  async function endedInSilence(): Promise<{ readonly code: number }> {
    for (;;) {
      const event = await socket.next();
      if (event.kind === "closed") return event;
      // In plaintext or sealed, anything but a notification is an answer.
      const text = sort(await open(event.message));
      demand(
        text === undefined,
        `answered ${quoted(text ?? "")}, expected a close without a message`,
      );
    }
  }
  async function heard(method: string): Promise<Record<string, unknown>> {
    for (;;) {
      const told = notifications.map(parseJsonObject).find((one) => one?.["method"] === method);
      if (told !== undefined) return told;
      const text = await open(await socket.nextMessage());
      notifications.push(text);
    }
  }
  const send = async (text: string): Promise<void> => socket.send(await frame(text));
  return {
    secrets,
    socket,
    notifications,
    get counter(): bigint {
      return sent;
    },
    frame,
    send,
    answer,
    heard,
    endedInSilence,
    async ask(text: string): Promise<string> {
      await send(text);
      return await answer();
    },
  };
}

/** The client whose sessions are judged. */
export function clientOf({ client }: ConformStage): PairedClient {
  if (client === undefined) throw new Error("Nobody is paired");
  return client;
}

/** Runs `use` with a session that has answered once, and closes it. */
export async function withSession<Result>(
  stage: ConformStage,
  use: (session: SessionPeer) => Promise<Result>,
  options: { envelope?: Envelope; salt?: Bytes } = {},
): Promise<Result> {
  return await withUnopened(stage, async (session) => {
    demandVersion(await session.ask(VERSION_REQUEST));
    return await use(session);
  }, options);
}

/** Runs `use` with a session whose first frame was not sent, and closes its socket. */
export async function withUnopened<Result>(
  stage: ConformStage,
  use: (session: SessionPeer) => Promise<Result>,
  options: { envelope?: Envelope; salt?: Bytes } = {},
): Promise<Result> {
  const client = clientOf(stage);
  return await stage.withSocket((socket) =>
    use(createSessionPeer(socket, client, drawSession(stage, client, options)))
  );
}

/** Requires the answer to {@linkcode VERSION_REQUEST}; the version in it. */
export function demandVersion(text: string): string {
  const answer = parseJsonObject(text);
  const version = asJsonObject(answer?.["result"])?.["version"];
  demand(
    answer?.["id"] === "v" && typeof version === "string",
    `answered ${text.slice(0, 100)}, expected the result of version`,
  );
  return version;
}

/** The bytes with one bit of them turned: of the byte at `at`, from the end where it is negative. */
export function flipBit(bytes: Bytes, at: number): Bytes {
  const flipped = bytes.slice();
  const index = at < 0 ? bytes.length + at : at;
  flipped[index] = (flipped[index] ?? 0) ^ 1;
  return flipped;
}
