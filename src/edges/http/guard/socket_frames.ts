// WebSocket frames as a server reads and writes them (RFC 6455 §5): no extensions, so no reserved
// bits; frames of a client are masked, those of the device are not. What is read costs no more memory
// than twice what has come; how much may come is the account's business.

import { type Bytes, decodeUtf8, utf8 } from "../../../base/bytes.ts";
import type { WireMessage } from "../../../protocol/v1/frame.ts";

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const LAST = 0x80;
const MASKED = 0x80;
const RESERVED = 0x70;
const MAX_CONTROL_BYTES = 125;
const MAX_HEAD_BYTES = 14;
const FIRST_BUFFER_BYTES = 1024;

/** Why a connection fails (RFC 6455 §7.4.1). */
export const FAILURE_CODES = {
  /** A frame that breaks the rules. */
  protocol: 1002,
  /** A text that is not UTF-8. */
  notUtf8: 1007,
  /** A length that no number holds. */
  tooBig: 1009,
} as const;

/** Why a connection fails. */
export type FailureCode = (typeof FAILURE_CODES)[keyof typeof FAILURE_CODES];

/** What the frames of a peer say, in their order. */
export interface FrameEvents {
  /** A whole message. */
  message(message: WireMessage): void;
  /** A ping, which wants its bytes back. */
  ping(payload: Bytes): void;
  /** The peer closes; it may give no code. Nothing is read after it. */
  close(code: number | undefined): void;
  /** The peer breaks the rules. Nothing is read after it. */
  failure(code: FailureCode): void;
}

/** Reads the frames of one peer. */
export class FrameReader {
  readonly #events: FrameEvents;
  readonly #head = new Uint8Array(MAX_HEAD_BYTES);
  #headBytes = 0;
  /** The frame whose payload is being read. */
  #opcode = 0;
  #isLast = false;
  #leftBytes = 0;
  #maskAt = 0;
  #maskTurn = 0;
  #hasHead = false;
  /** The message whose frames are being read; 0 between two messages. */
  #messageOpcode = 0;
  /** What has come of a message or of a control frame that came in parts. */
  readonly #message = new Gathered();
  readonly #control = new Gathered();
  #isOver = false;

  /** Tells `events` what it reads. */
  constructor(events: FrameEvents) {
    this.#events = events;
  }

  /** Takes what came; its bytes are unmasked in place. */
  read(piece: Uint8Array): void {
    let at = 0;
    while (!this.#isOver) {
      if (!this.#hasHead) {
        if (at === piece.length) return;
        this.#takeHead(piece[at++] ?? 0);
        continue;
      }
      const end = Math.min(piece.length, at + this.#leftBytes);
      const part = piece.subarray(at, end);
      if (part.length === 0 && this.#leftBytes > 0) return;
      at = end;
      this.#unmask(part);
      this.#leftBytes -= part.length;
      this.#takePayload(part);
    }
  }

  #takeHead(byte: number): void {
    const head = this.#head;
    head[this.#headBytes++] = byte;
    if (this.#headBytes < 2) return;
    const [first = 0, second = 0] = head;
    if (this.#headBytes === 2 && !this.#isAllowed(first, second)) {
      return this.#fail(FAILURE_CODES.protocol);
    }
    const short = second & 0x7f;
    const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
    this.#maskAt = 2 + lengthBytes;
    if (this.#headBytes < this.#maskAt + 4) return;
    const length = lengthBytes === 0 ? short : readLength(head.subarray(2, this.#maskAt));
    if (!Number.isSafeInteger(length)) return this.#fail(FAILURE_CODES.tooBig);
    this.#headBytes = 0;
    this.#hasHead = true;
    this.#opcode = first & 0x0f;
    this.#isLast = (first & LAST) !== 0;
    this.#leftBytes = length;
    this.#maskTurn = 0;
    if (isControl(this.#opcode)) return;
    if (this.#opcode !== OPCODE.continuation) this.#messageOpcode = this.#opcode;
  }

  #isAllowed(first: number, second: number): boolean {
    const opcode = first & 0x0f;
    if ((first & RESERVED) !== 0 || (second & MASKED) === 0) return false;
    if (isControl(opcode)) {
      return opcode <= OPCODE.pong && (first & LAST) !== 0 && (second & 0x7f) <= MAX_CONTROL_BYTES;
    }
    const isInside = this.#messageOpcode !== 0;
    return opcode === OPCODE.continuation ? isInside : opcode <= OPCODE.binary && !isInside;
  }

  #unmask(part: Uint8Array): void {
    const { length } = part;
    const head = this.#head;
    let turn = this.#maskTurn;
    for (let i = 0; i < length; i++) {
      part[i] = (part[i] ?? 0) ^ (head[this.#maskAt + turn] ?? 0);
      turn = (turn + 1) & 3;
    }
    this.#maskTurn = turn;
  }

  #takePayload(part: Uint8Array): void {
    const isWhole = this.#leftBytes === 0;
    if (isWhole) this.#hasHead = false;
    if (isControl(this.#opcode)) {
      this.#control.add(part);
      if (isWhole) this.#endControl(this.#control.take());
      return;
    }
    const isEnd = isWhole && this.#isLast;
    if (isEnd && this.#message.isEmpty) return this.#endMessage(part);
    this.#message.add(part);
    if (isEnd) this.#endMessage(this.#message.take());
  }

  // `bytes` may be a part of what was read, which the next read writes over.
  #endMessage(bytes: Uint8Array): void {
    const opcode = this.#messageOpcode;
    this.#messageOpcode = 0;
    if (opcode === OPCODE.binary) return this.#events.message(new Uint8Array(bytes));
    const text = decodeUtf8(bytes);
    if (text === undefined) return this.#fail(FAILURE_CODES.notUtf8);
    this.#events.message(text);
  }

  #endControl(payload: Bytes): void {
    if (this.#opcode === OPCODE.ping) return this.#events.ping(payload);
    if (this.#opcode === OPCODE.pong) return;
    const [high, low] = payload;
    if (high === undefined) return this.#end(() => this.#events.close(undefined));
    const code = high * 256 + (low ?? 0);
    if (low === undefined || !isCloseCode(code)) return this.#fail(FAILURE_CODES.protocol);
    if (decodeUtf8(payload.subarray(2)) === undefined) return this.#fail(FAILURE_CODES.notUtf8);
    this.#end(() => this.#events.close(code));
  }

  #fail(code: FailureCode): void {
    this.#end(() => this.#events.failure(code));
  }

  #end(tell: () => void): void {
    this.#isOver = true;
    this.#message.take();
    tell();
  }
}

/** A message as one frame. */
export function encodeMessage(message: WireMessage): Bytes {
  if (typeof message !== "string") return encodeFrameOf(OPCODE.binary, message);
  // Written in place where a character is a byte, as in nearly all texts.
  const frame = frameFor(OPCODE.text, message.length);
  const body = frame.subarray(frame.length - message.length);
  const { read, written } = encoder.encodeInto(message, body);
  const isWhole = read === message.length && written === message.length;
  return isWhole ? frame : encodeFrameOf(OPCODE.text, utf8(message));
}

/** A ping without a payload. */
export function encodePing(): Bytes {
  return encodeFrameOf(OPCODE.ping, new Uint8Array(0));
}

/** The answer to a ping. */
export function encodePong(payload: Uint8Array): Bytes {
  return encodeFrameOf(OPCODE.pong, payload);
}

/** A close, with a code and a reason of at most 123 bytes or without either. */
export function encodeClose(code: number | undefined, reason = ""): Bytes {
  if (code === undefined) return encodeFrameOf(OPCODE.close, new Uint8Array(0));
  const text = utf8(reason);
  const payload = new Uint8Array(2 + text.length);
  if (payload.length > MAX_CONTROL_BYTES) throw new RangeError("Cannot close: reason too long");
  new DataView(payload.buffer).setUint16(0, code);
  payload.set(text, 2);
  return encodeFrameOf(OPCODE.close, payload);
}

const encoder = new TextEncoder();

function encodeFrameOf(opcode: number, payload: Uint8Array): Bytes {
  const frame = frameFor(opcode, payload.length);
  frame.set(payload, frame.length - payload.length);
  return frame;
}

// A frame with its head and room for its payload.
function frameFor(opcode: number, length: number): Bytes {
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = new Uint8Array(2 + lengthBytes + length);
  frame[0] = LAST | opcode;
  frame[1] = lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127;
  let left = length;
  for (let at = 1 + lengthBytes; at > 1; at--) {
    frame[at] = left % 256;
    left = Math.floor(left / 256);
  }
  return frame;
}

function readLength(bytes: Uint8Array): number {
  return bytes.reduce((length, byte) => length * 256 + byte, 0);
}

function isControl(opcode: number): boolean {
  return opcode >= OPCODE.close;
}

// Those that may be sent (RFC 6455 §7.4).
function isCloseCode(code: number): boolean {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
}

// Bytes that come in parts of any size, in a buffer that doubles: a thousand parts of one byte cost
// what one of a thousand bytes does.
class Gathered {
  #buffer = new Uint8Array(0);
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  add(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(
        Math.max(FIRST_BUFFER_BYTES, length, 2 * this.#buffer.length),
      );
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(part, this.#length);
    this.#length = length;
  }

  take(): Bytes {
    const taken = this.#buffer.subarray(0, this.#length);
    this.#buffer = new Uint8Array(0);
    this.#length = 0;
    return taken;
  }
}
