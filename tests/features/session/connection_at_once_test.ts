// A small frame that nothing waits before is answered at once; size, order and counters never depend
// on which way a frame goes (docs/protocol.md §5).

import assert from "node:assert/strict";
import type { Eventual } from "../../../src/base/eventual.ts";
import { MAX_SYNC_BYTES } from "../../../src/protocol/v1/aead.ts";
import { type Envelope, MAX_FRAME_BYTES } from "../../../src/protocol/v1/frame.ts";
import { MAX_AT_ONCE_BYTES, MAX_INBOUND_BYTES } from "../../../src/features/session/inbox.ts";
import { MAX_QUEUED_FRAMES, MAX_STALL_MS } from "../../../src/features/session/outbox.ts";
import {
  MAX_RUNNING_REQUESTS,
  MAX_WAITING_REQUESTS,
} from "../../../src/features/session/request_queue.ts";
import { CLOSE_CODES } from "../../../src/features/session/socket.ts";
import { settle } from "../../support/fake_socket.ts";
import { FUZZ_SEED, SEED_NOTE } from "../../support/fuzz_seed.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { open, setUp, texts } from "./connection_fixture.ts";

const ENVELOPES: readonly Envelope[] = ["json", "binary"];
const LARGE = "x".repeat(MAX_SYNC_BYTES + 1);
const echo = (text: string): string => `re:${text}`;

for (const envelope of ENVELOPES) {
  Deno.test(`a small ${envelope} request is answered before receive() returns`, async () => {
    const fixture = setUp({ handle: echo });
    const phone = await open(fixture, { envelope });
    const { connection, socket, events } = fixture;
    const frames = [await phone.seal("a"), await phone.seal("ping"), await phone.seal("b")];
    frames.forEach((frame, index) => {
      connection.receive(frame);
      assert.equal(socket.sent.length, index + 2);
    });
    connection.notify("news");
    assert.equal(socket.sent.length, 5);
    assert.deepEqual(await texts(fixture, phone), ["re:a", "pong", "re:b", "news"]);
    assert.equal(events.filter((event) => event === "frame").length, 4);
    connection.ended();
  });

  Deno.test(`a ${envelope} request behind a large one waits for its turn`, async () => {
    const fixture = setUp({ handle: (text) => text.slice(0, 3) });
    const phone = await open(fixture, { envelope });
    const frames = [
      await phone.seal(`1. ${LARGE}`),
      await phone.seal("2. "),
      await phone.seal("3. "),
    ];
    for (const frame of frames) fixture.connection.receive(frame);
    assert.deepEqual([fixture.handled, fixture.socket.sent.length], [[], 1]);
    while (fixture.socket.sent.length < 4) await settle(1);
    assert.deepEqual(await texts(fixture, phone), ["1. ", "2. ", "3. "]);
    const last = await phone.seal("4. ");
    fixture.connection.receive(last);
    assert.equal(fixture.socket.sent.length, 5);
    fixture.connection.ended();
  });

  Deno.test(`a small ${envelope} answer behind a large one waits for its turn`, async () => {
    const fixture = setUp({ handle: (text) => text === "large" ? LARGE : text });
    const phone = await open(fixture, { envelope });
    for (const text of ["large", "small"]) fixture.connection.receive(await phone.seal(text));
    fixture.connection.notify("news");
    assert.deepEqual(fixture.handled, ["session large", "session small"]);
    while (fixture.socket.sent.length < 4) await settle(1);
    assert.deepEqual(await texts(fixture, phone), [LARGE, "small", "news"]);
    fixture.connection.ended();
  });
}

Deno.test("a method that answers later holds up none that answers at once", async () => {
  const gate = Promise.withResolvers<string>();
  const fixture = setUp({ handle: (text) => text === "later" ? gate.promise : echo(text) });
  const phone = await open(fixture);
  for (const text of ["later", "now"]) fixture.connection.receive(await phone.seal(text));
  assert.equal(fixture.socket.sent.length, 2);
  gate.resolve("at last");
  await settle(1);
  assert.deepEqual(await texts(fixture, phone), ["re:now", "at last"]);
  fixture.connection.ended();
});

const FATAL: [string, (frame: Uint8Array) => Uint8Array<ArrayBuffer>, number][] = [
  [
    "with a wrong tag",
    (frame) => frame.map((byte, at) => at === 0 ? byte ^ 1 : byte).slice(),
    1008,
  ],
  ["that is repeated", (frame) => frame.slice(), 1008],
  ["without a tag", () => new Uint8Array(15), 1008],
  ["over the limit", () => new Uint8Array(MAX_FRAME_BYTES + 1), 1009],
];
for (const [name, spoil, code] of FATAL) {
  Deno.test(`a frame ${name} ends a session that answers at once, and nothing more runs`, async () => {
    const fixture = setUp({ handle: echo });
    const phone = await open(fixture, { envelope: "binary" });
    const { connection, socket, handled } = fixture;
    const frame = await phone.seal("once");
    assert.ok(frame instanceof Uint8Array);
    connection.receive(frame);
    const next = await phone.seal("after");
    assert.ok(next instanceof Uint8Array);
    connection.receive(spoil(name === "that is repeated" ? frame : next));
    connection.receive(next);
    await settle();
    assert.equal(socket.closedWith, code);
    assert.deepEqual(handled, ["session once"]);
    assert.equal(socket.sent.length, 2);
  });
}

for (const length of [MAX_AT_ONCE_BYTES, MAX_AT_ONCE_BYTES + 1]) {
  const isAtOnce = length <= MAX_AT_ONCE_BYTES;
  Deno.test(`a message of ${length} bytes is looked at ${isAtOnce ? "at once" : "in turn"}`, async () => {
    const fixture = setUp();
    await open(fixture);
    fixture.connection.receive("x".repeat(length));
    assert.equal(fixture.socket.closedWith !== undefined, isAtOnce);
    await settle();
    assert.equal(fixture.socket.closedWith, CLOSE_CODES.policy);
  });
}

Deno.test("plaintext is never dealt with at once: who is unknown is bounded by what waits", async () => {
  const fixture = setUp({ handle: echo });
  fixture.connection.receive("hello");
  assert.deepEqual(fixture.handled, []);
  await settle();
  assert.deepEqual(fixture.socket.sent, ["re:hello"]);
  fixture.connection.ended();
});

Deno.test("what is dealt with at once gives its bytes back", async () => {
  const fixture = setUp({ handle: () => undefined });
  const phone = await open(fixture, { envelope: "binary" });
  const text = "x".repeat(1800);
  const count = Math.ceil(MAX_INBOUND_BYTES / text.length);
  for (let i = 0; i < count; i++) fixture.connection.receive(await phone.seal(text));
  assert.equal(fixture.socket.isAborted, false);
  assert.equal(fixture.handled.length, count);
  fixture.connection.ended();
});

Deno.test("a mistake of ours in a frame that is dealt with at once closes with 1011", async () => {
  let frames = 0;
  const fixture = setUp({
    onFrame: () => {
      frames += 1;
      if (frames === 2) throw new Error("ours");
    },
  });
  const phone = await open(fixture);
  fixture.connection.receive(await phone.seal("x"));
  assert.equal(fixture.socket.closedWith, CLOSE_CODES.internal);
  assert.deepEqual(fixture.handled, []);
});

Deno.test("answers at once wait for a slow reader, which is cut where it takes nothing", async () => {
  const fixture = setUp({ handle: echo });
  const phone = await open(fixture, { envelope: "binary" });
  const { connection, socket, clock, handled } = fixture;
  socket.isRead = false;
  const frames = [];
  const most = MAX_QUEUED_FRAMES / 2 + MAX_RUNNING_REQUESTS + MAX_WAITING_REQUESTS;
  for (let i = 0; i <= most; i++) frames.push(await phone.seal(`r${i}`));
  for (const frame of frames) connection.receive(frame);
  // Half of the queue is full, what runs waits for room, and so does everything behind it.
  assert.equal(socket.sent.length, 1 + MAX_QUEUED_FRAMES / 2);
  assert.equal(handled.length, MAX_QUEUED_FRAMES / 2 + MAX_RUNNING_REQUESTS);
  assert.equal(socket.isAborted, false);
  for (let i = 0; i < 60 && socket.sent.length <= most + 1; i++) {
    socket.bufferedBytes = 0;
    clock.advance(16);
    await settle(1);
  }
  const expected = frames.map((_, i) => `re:r${i}`).slice(0, most);
  assert.deepEqual(
    (await texts(fixture, phone)).toSorted(),
    [...expected, `busy:r${most}`].toSorted(),
  );
  const more = [];
  for (let i = 0; i < MAX_QUEUED_FRAMES; i++) more.push(await phone.seal("more"));
  for (const frame of more) connection.receive(frame);
  clock.advance(MAX_STALL_MS + 100);
  assert.ok(socket.isAborted);
});

for (const envelope of ENVELOPES) {
  Deno.test(`${envelope} frames of all sizes, answered now or later, keep order and counters ${SEED_NOTE}`, async () => {
    const random = seededRandom(FUZZ_SEED);
    const draw = (below: number): number => {
      const [high = 0, low = 0] = random(2);
      return (high * 256 + low) % below;
    };
    const drawLength = (): number =>
      [0, 20, MAX_SYNC_BYTES, MAX_SYNC_BYTES + 1, 9000][draw(5)] ?? 0;
    const later: (() => void)[] = [];
    const handle = (text: string): Eventual<string | undefined> => {
      const [kind, name, length] = text.split(" ");
      const answer = kind === "silent" ? undefined : `${name}`.padEnd(Number(length), ".");
      if (kind !== "later") return answer;
      return new Promise((resolve) => later.push(() => resolve(answer)));
    };
    const fixture = setUp({ handle });
    const phone = await open(fixture, { envelope });
    const { connection, handled, socket } = fixture;
    let unanswered = 0;
    const answer = (ends: readonly (() => void)[]): void => {
      unanswered -= ends.length;
      for (const end of ends) end();
    };
    const asked: string[] = [];
    const expected: Record<string, string[]> = { now: [], later: [], news: [] };
    for (let step = 0; step < 300; step++) {
      // Few run at once, so that none has to wait for another's answer, and a heartbeat passes none:
      // what is still opened counts, and who is answered gives its place back a little later.
      while (unanswered >= MAX_RUNNING_REQUESTS - 1) {
        answer(later.splice(draw(Math.max(1, later.length)), 1));
        await settle(1);
      }
      const kind = ["now", "now", "now", "later", "silent", "news", "ping", "turn"][draw(8)] ?? "";
      if (kind === "turn") {
        answer(later.splice(0, draw(3)));
        await settle(1);
      } else if (kind === "news") {
        const news = `news${step}`.padEnd(drawLength(), ".");
        expected["news"]?.push(news);
        connection.notify(news);
      } else if (kind === "ping") {
        expected["now"]?.push("pong");
        connection.receive(await phone.seal("ping"));
      } else {
        const length = drawLength();
        const request = `${kind} ${kind}${step} ${length} `.padEnd(drawLength(), "-");
        asked.push(`session ${request}`);
        if (kind === "later") unanswered += 1;
        expected[kind]?.push(`${kind}${step}`.padEnd(length, "."));
        connection.receive(await phone.seal(request));
      }
    }
    const count = 1 + Object.values(expected).flat().length;
    while (socket.sent.length < count) {
      later.splice(0).forEach((end) => end());
      await settle(1);
    }
    assert.deepEqual(handled, asked);
    // Every frame opens under the next counter, or it would be "(broken)".
    const answers = await texts(fixture, phone);
    const of = (...kinds: readonly string[]): string[] =>
      answers.filter((text) => kinds.some((kind) => text.startsWith(kind)));
    assert.deepEqual(of("now", "pong"), expected["now"]);
    assert.deepEqual(of("news"), expected["news"]);
    assert.deepEqual(of("later").toSorted(), expected["later"]?.toSorted());
    assert.equal(answers.length, count - 1);
    connection.ended();
  });
}
