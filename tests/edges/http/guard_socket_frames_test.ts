// The frames of RFC 6455 §5, row by row, in one piece and in all others.

import assert from "node:assert/strict";
import { type Bytes, concatBytes, utf8 } from "../../../src/base/bytes.ts";
import {
  encodeClose,
  encodeMessage,
  encodePing,
  encodePong,
  FrameReader,
} from "../../../src/edges/http/guard/socket_frames.ts";
import { FUZZ_SEED, SEED_NOTE } from "../../support/fuzz_seed.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const MASK = [0x12, 0x34, 0x56, 0x78];

interface FrameParts {
  readonly opcode: number;
  readonly payload?: Uint8Array;
  readonly isLast?: boolean;
  readonly reserved?: number;
  readonly isMasked?: boolean;
  /** How many bytes the length takes, where it is not as few as possible. */
  readonly lengthBytes?: number;
}

// A client's frame, written from the RFC alone.
function frame(parts: FrameParts): Bytes {
  const { opcode, payload = new Uint8Array(0), isLast = true, reserved = 0, isMasked = true } =
    parts;
  const { length } = payload;
  const { lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8 } = parts;
  const short = [length, , 126, , , , , , 127][lengthBytes] ?? 0;
  const long = Array.from(
    { length: lengthBytes },
    (_, i) => Number(BigInt(length) >> BigInt(8 * (lengthBytes - 1 - i)) & 0xffn),
  );
  return concatBytes(
    Uint8Array.of((isLast ? 0x80 : 0) | reserved | opcode, (isMasked ? 0x80 : 0) | short, ...long),
    isMasked ? Uint8Array.from(MASK) : new Uint8Array(0),
    isMasked ? payload.map((byte, at) => byte ^ (MASK[at % 4] ?? 0)) : payload,
  );
}

function text(value: string, rest: Partial<FrameParts> = {}): Bytes {
  return frame({ opcode: 1, payload: utf8(value), ...rest });
}

function closing(code: number, reason: Uint8Array = new Uint8Array(0)): Bytes {
  return frame({ opcode: 8, payload: concatBytes(Uint8Array.of(code >> 8, code & 255), reason) });
}

function readAll(pieces: readonly Uint8Array[]): string[] {
  const events: string[] = [];
  const reader = new FrameReader({
    message: (message) =>
      events.push(
        typeof message === "string" ? `text ${message}` : `binary ${message.toHex()}`,
      ),
    ping: (payload) => events.push(`ping ${payload.toHex()}`),
    close: (code) => events.push(`close ${code}`),
    failure: (code) => events.push(`failure ${code}`),
  });
  for (const piece of pieces) reader.read(piece.slice());
  return events;
}

const LONG = "x".repeat(70_000);
const ROWS: [string, Bytes[], string[]][] = [
  ["a text", [text("hello")], ["text hello"]],
  ["an empty text", [text("")], ["text "]],
  ["a text beyond ASCII", [text("Grüße 🎮")], ["text Grüße 🎮"]],
  ["a text with a byte order mark", [text("\ufeffa")], ["text \ufeffa"]],
  ["a text of 125 bytes", [text(LONG.slice(0, 125))], [`text ${LONG.slice(0, 125)}`]],
  ["a text of 126 bytes", [text(LONG.slice(0, 126))], [`text ${LONG.slice(0, 126)}`]],
  ["a text of 70,000 bytes", [text(LONG)], [`text ${LONG}`]],
  ["a long length for a short text", [text("a", { lengthBytes: 8 })], ["text a"]],
  ["bytes", [frame({ opcode: 2, payload: Uint8Array.of(0, 255) })], ["binary 00ff"]],
  ["no bytes", [frame({ opcode: 2 })], ["binary "]],
  ["a text in parts", [
    text("a", { isLast: false }),
    text("", { opcode: 0, isLast: false }),
    text("b", { opcode: 0 }),
    text("c"),
  ], ["text ab", "text c"]],
  ["a character in two parts", [
    frame({ opcode: 1, payload: utf8("ü").slice(0, 1), isLast: false }),
    frame({ opcode: 0, payload: utf8("ü").slice(1) }),
  ], ["text ü"]],
  ["bytes in parts that begin empty", [
    frame({ opcode: 2, isLast: false }),
    frame({ opcode: 0, payload: Uint8Array.of(7) }),
  ], ["binary 07"]],
  ["a ping inside a text", [
    text("a", { isLast: false }),
    frame({ opcode: 9, payload: Uint8Array.of(1, 2) }),
    text("b", { opcode: 0 }),
  ], ["ping 0102", "text ab"]],
  ["a pong, which nobody waits for", [frame({ opcode: 10, payload: utf8("x") }), text("a")], [
    "text a",
  ]],
  ["a ping of 125 bytes", [frame({ opcode: 9, payload: new Uint8Array(125) })], [
    `ping ${"00".repeat(125)}`,
  ]],
  ["a close without a code, and nothing after it", [frame({ opcode: 8 }), text("a")], [
    "close undefined",
  ]],
  ["a close with a reason", [closing(4999, utf8("bye"))], ["close 4999"]],
  ...[1000, 1001, 1003, 1007, 1011, 1014, 3000].map((code): [string, Bytes[], string[]] => [
    `a close with ${code}`,
    [closing(code)],
    [`close ${code}`],
  ]),
  ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535].map((
    code,
  ): [string, Bytes[], string[]] => [
    `a close with ${code}, which nobody may send`,
    [closing(code)],
    ["failure 1002"],
  ]),
  ["a close with half a code", [frame({ opcode: 8, payload: Uint8Array.of(3) })], ["failure 1002"]],
  ["a close whose reason is not UTF-8", [closing(1000, Uint8Array.of(0xff))], ["failure 1007"]],
  ["a frame without a mask, and nothing after it", [text("a", { isMasked: false }), text("b")], [
    "failure 1002",
  ]],
  ...[0x40, 0x20, 0x10].map((reserved): [string, Bytes[], string[]] => [
    `the reserved bit ${reserved}`,
    [text("a", { reserved })],
    ["failure 1002"],
  ]),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, Bytes[], string[]] => [
    `the opcode ${opcode}`,
    [text("a", { opcode })],
    ["failure 1002"],
  ]),
  ["a continuation of nothing", [text("a", { opcode: 0 })], ["failure 1002"]],
  ["a text inside a text", [text("a", { isLast: false }), text("b")], ["failure 1002"]],
  ["a ping in parts", [frame({ opcode: 9, isLast: false })], ["failure 1002"]],
  ["a ping of 126 bytes", [frame({ opcode: 9, payload: new Uint8Array(126) })], ["failure 1002"]],
  ["a text that is not UTF-8", [frame({ opcode: 1, payload: Uint8Array.of(0xff) }), text("a")], [
    "failure 1007",
  ]],
  ["a length that no number holds", [
    Uint8Array.of(0x81, 0xff, 0, 0x20, 0, 0, 0, 0, 0, 0, ...MASK),
  ], ["failure 1009"]],
  ["a length with the highest bit", [
    Uint8Array.of(0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, ...MASK),
  ], ["failure 1009"]],
];
for (const [name, frames, events] of ROWS) {
  Deno.test(`FrameReader reads ${name}, in one piece, byte by byte and in two pieces`, () => {
    const bytes = concatBytes(...frames);
    assert.deepEqual(readAll([bytes]), events);
    assert.deepEqual(readAll(Array.from(bytes, (byte) => Uint8Array.of(byte))), events);
    for (let at = 1; at < Math.min(bytes.length, 300); at++) {
      assert.deepEqual(readAll([bytes.subarray(0, at), bytes.subarray(at)]), events);
    }
  });
}

Deno.test(`FrameReader reads the same in pieces of any sizes ${SEED_NOTE}`, () => {
  const random = seededRandom(FUZZ_SEED);
  const draw = (below: number): number => {
    const [high = 0, low = 0] = random(2);
    return (high * 256 + low) % below;
  };
  const valid = ROWS.filter(([, , events]) => !/failure|close/.test(events.join()));
  for (let round = 0; round < 50; round++) {
    const rows = Array.from({ length: 1 + draw(8) }, () => valid[draw(valid.length)] ?? valid[0]);
    const bytes = concatBytes(...rows.flatMap((row) => row?.[1] ?? []));
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + draw(draw(2) === 0 ? 20 : 20_000);
      pieces.push(bytes.subarray(at, end));
      at = end;
    }
    assert.deepEqual(readAll(pieces), rows.flatMap((row) => row?.[2] ?? []));
  }
});

Deno.test(`FrameReader takes whatever comes without an exception ${SEED_NOTE}`, () => {
  const random = seededRandom(FUZZ_SEED);
  for (let round = 0; round < 3000; round++) {
    const bytes = random(2 + (random(1)[0] ?? 0));
    // Most would fail at their first byte.
    if (round % 2 === 0) {
      bytes.set([[0x81, 0x82, 0x01, 0x89, 0x88][round % 5] ?? 0, 0x80 | round & 127]);
    }
    const events = readAll([bytes]);
    const ends = events.filter((event) => /^(failure|close)/.test(event));
    assert.ok(ends.length <= 1 && (ends.length === 0 || events.at(-1) === ends[0]));
  }
});

Deno.test("a message of FrameReader keeps its bytes when the buffer is used again", () => {
  const messages: unknown[] = [];
  const reader = new FrameReader({
    message: (message) => messages.push(message),
    ping: () => assert.fail("ping"),
    close: () => assert.fail("close"),
    failure: () => assert.fail("failure"),
  });
  const buffer = frame({ opcode: 2, payload: Uint8Array.of(1, 2, 3) });
  reader.read(buffer);
  buffer.fill(9);
  assert.deepEqual(messages, [Uint8Array.of(1, 2, 3)]);
});

const SENT: [string, Bytes, number[], number][] = [
  ["an empty text", encodeMessage(""), [0x81, 0], 0],
  ["a text of 125 bytes", encodeMessage("x".repeat(125)), [0x81, 125], 125],
  ["a text of 126 bytes", encodeMessage("x".repeat(126)), [0x81, 126, 0, 126], 126],
  ["a text of 65,535 bytes", encodeMessage("x".repeat(65_535)), [0x81, 126, 255, 255], 65_535],
  ["a text of 65,536 bytes", encodeMessage("x".repeat(65_536)), [
    ...[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0],
  ], 65_536],
  ["a text beyond ASCII", encodeMessage("üü"), [0x81, 4], 4],
  ["a text that is one character of four bytes", encodeMessage("🎮"), [0x81, 4], 4],
  ["bytes", encodeMessage(new Uint8Array(3)), [0x82, 3], 3],
  ["a ping", encodePing(), [0x89, 0], 0],
  ["a pong", encodePong(new Uint8Array(2)), [0x8a, 2], 2],
  ["a close", encodeClose(1001, "bye"), [0x88, 5, 3, 0xe9], 3],
  ["a close without a code", encodeClose(undefined), [0x88, 0], 0],
];
for (const [name, bytes, head, payloadBytes] of SENT) {
  Deno.test(`${name} is written as one frame without a mask`, () => {
    assert.deepEqual([...bytes.subarray(0, head.length)], head);
    assert.equal(bytes.length, head.length + payloadBytes);
  });
}

Deno.test("a text that is written is the text that is read", () => {
  for (const value of ["", "a", "ü", "🎮", "\ud800", "a".repeat(1000) + "€"]) {
    const written = encodeMessage(value);
    const at = written.length - utf8(value).length;
    assert.deepEqual(written.subarray(at), utf8(value));
  }
});

Deno.test("encodeClose() refuses a reason of more than 123 bytes", () => {
  assert.equal(encodeClose(1000, "x".repeat(123)).length, 127);
  assert.throws(() => encodeClose(1000, "x".repeat(124)), RangeError);
});
