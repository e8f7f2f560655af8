// A foreign phone on the network: the reference implementation over fetch and WebSocket. It shares
// no code with src.

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import {
  type ReferenceMessage,
  ReferencePairingClient,
  ReferenceSession,
} from "./reference_protocol.ts";

/** What a phone keeps of a pairing. */
export interface PhonePairing {
  /** The token. */
  readonly authToken: string;
  /** The client id. */
  readonly clientId: string;
  /** The 32-byte key. */
  readonly pairingKey: Uint8Array;
}

/** A phone between start and finish. */
export interface PendingPairing {
  /** The pairing session. */
  readonly session: string;
  /** The client's confirm in base64. */
  readonly confirm: string;
  /** The device's confirm in base64. */
  readonly expectedConfirm: string;
  /** The key that both would keep. */
  readonly pairingKey: Uint8Array;
}

/** Posts JSON and returns the status and the parsed answer. */
export async function postJson(
  url: string,
  body: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

/** Runs start. */
export async function startPairing(
  baseUrl: string,
  options: { pin: string; name?: string },
): Promise<PendingPairing> {
  const { pin, name = "Reference phone" } = options;
  const client = new ReferencePairingClient(pin, name);
  const { status, body } = await postJson(`${baseUrl}/api/pair/start`, {
    pake: Buffer.from(client.messageA).toString("base64"),
    name,
  });
  if (status !== 200) throw new Error(`start answered ${status}: ${JSON.stringify(body)}`);
  const result = client.finish(Buffer.from(String(body["pake"]), "base64"));
  return {
    session: String(body["session"]),
    confirm: Buffer.from(result.confirm).toString("base64"),
    expectedConfirm: Buffer.from(result.expectedServerConfirm).toString("base64"),
    pairingKey: result.pairingKey,
  };
}

/** Pairs, verifying the device's confirm. */
export async function pairPhone(
  baseUrl: string,
  options: { pin: string; name?: string },
): Promise<PhonePairing> {
  const { session, confirm, expectedConfirm, pairingKey } = await startPairing(baseUrl, options);
  const { status, body } = await postJson(`${baseUrl}/api/pair/finish`, { session, confirm });
  if (status !== 200) throw new Error(`finish answered ${status}: ${JSON.stringify(body)}`);
  if (body["confirm"] !== expectedConfirm) throw new Error("The device's confirm is wrong");
  return { authToken: String(body["authToken"]), clientId: String(body["clientId"]), pairingKey };
}

/** A phone with an encrypted connection. */
export class ReferencePhone {
  /** Texts that came, in order. */
  readonly received: string[] = [];
  /** The first frame as it went out, for replays. */
  firstFrame: ReferenceMessage | undefined;
  /** Resolves with the close code when the connection is over. */
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #session: ReferenceSession;
  #isBroken = false;
  #onText: () => void = () => {};

  /** Wraps an open socket. */
  constructor(socket: WebSocket, session: ReferenceSession) {
    this.#socket = socket;
    this.#session = session;
    this.closed = new Promise((resolve) => {
      socket.onclose = ({ code }) => {
        this.#onText();
        resolve(code);
      };
    });
    socket.onerror = () => {};
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      const text = session.open(typeof data === "string" ? data : new Uint8Array(data));
      if (text === undefined) this.#isBroken = true;
      else this.received.push(text);
      this.#onText();
    };
  }

  /** Seals and sends a text. */
  send(text: string): void {
    const frame = this.#session.seal(text);
    this.firstFrame ??= frame;
    this.#socket.send(frame);
  }

  /** Sends a request and returns the answer to it; requests must be made one at a time. */
  async request(method: string, params?: unknown): Promise<Record<string, unknown>> {
    const id = `${method}-${this.received.length}`;
    this.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    for (;;) {
      const answer = this.received.map((text) => text === "pong" ? {} : JSON.parse(text))
        .find((message) => message.id === id);
      if (answer !== undefined) return answer;
      await this.#nextText();
    }
  }

  /** The result of a method; throws its error as JSON. One at a time, as request(). */
  async call(method: string, params?: unknown): Promise<unknown> {
    const { result, error } = await this.request(method, params);
    if (error !== undefined) throw new Error(JSON.stringify(error));
    return result;
  }

  /** Waits until that many texts have come. */
  async waitFor(count: number): Promise<readonly string[]> {
    while (this.received.length < count) await this.#nextText();
    return this.received;
  }

  /** Closes and waits until it is closed. */
  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }

  async #nextText(): Promise<void> {
    if (this.#isBroken) throw new Error("A message of the device does not open");
    if (this.#socket.readyState > WebSocket.OPEN) throw new Error("The connection is closed");
    await new Promise<void>((resolve) => {
      this.#onText = resolve;
    });
  }
}

/** Opens a socket to the device. */
export async function openSocket(baseUrl: string): Promise<WebSocket> {
  const socket = new WebSocket(`${baseUrl.replace("http", "ws")}/api/v0.1`);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  return socket;
}

/** Connects with a fresh salt. */
export async function connectPhone(
  baseUrl: string,
  pairing: PhonePairing,
  options: { envelope?: "json" | "binary" } = {},
): Promise<ReferencePhone> {
  const { envelope = "json" } = options;
  const { pairingKey, authToken } = pairing;
  const session = new ReferenceSession({ pairingKey, authToken, salt: randomBytes(16), envelope });
  return new ReferencePhone(await openSocket(baseUrl), session);
}

/** Sends recorded messages on a new connection; what came back, and the close code. */
export async function replay(
  baseUrl: string,
  messages: readonly ReferenceMessage[],
): Promise<{ code: number; received: unknown[] }> {
  const socket = await openSocket(baseUrl);
  const received: unknown[] = [];
  const closed = new Promise<number>((resolve) => {
    socket.onclose = ({ code }) => resolve(code);
  });
  socket.onerror = () => {};
  socket.onmessage = ({ data }) => received.push(data);
  for (const message of messages) socket.send(message);
  return { code: await closed, received };
}
