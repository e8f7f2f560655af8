import assert from "node:assert/strict";
import { decodeUtf8, utf8 } from "../../../src/base/bytes.ts";
import { GUARD_LIMITS } from "../../../src/edges/http/guard/guard_limits.ts";
import { encodeRefusal, Refusals } from "../../../src/edges/http/guard/refusal.ts";
import { LINGER_BYTES } from "../../../src/edges/http/guard/relay.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeStream } from "./guard_fake_stream.ts";

Deno.test("encodeRefusal() is a whole answer with the one error body", () => {
  const id = "0f0e0d0c-0b0a-4908-8706-050403020100";
  const [head = "", body = ""] = (decodeUtf8(encodeRefusal(id)) ?? "").split("\r\n\r\n");
  const [status, ...lines] = head.split("\r\n");
  assert.equal(status, "HTTP/1.1 503 Service Unavailable");
  assert.deepEqual(Object.fromEntries(lines.map((line) => line.split(": "))), {
    "Content-Type": "application/json",
    "Content-Length": String(utf8(body).length),
    "X-Request-ID": id,
    "Retry-After": "1",
    "Connection": "close",
  });
  assert.deepEqual(JSON.parse(body), {
    error: { code: "unavailable", message: "Too many connections", request_id: id },
  });
});

function startRefusals(): { clock: FakeClock; refusals: Refusals } {
  const clock = new FakeClock();
  const answer = (): Uint8Array => utf8("no");
  return { clock, refusals: new Refusals({ answer, limits: GUARD_LIMITS, clock }) };
}

Deno.test("a refused peer gets the answer and the end, and may close in its own time", async () => {
  const { clock, refusals } = startRefusals();
  const peer = new FakeStream();
  peer.arrive(utf8("GET / HTTP/1.1\r\n\r\n"));
  await refusals.refuse(peer);
  assert.deepEqual([peer.text, peer.isWriteClosed], ["no", true]);
  await peer.untilReading();
  clock.advance(999);
  assert.equal(peer.isClosed, false);
  peer.arrive("end");
  await peer.until(({ isClosed }) => isClosed);
  assert.equal(clock.timerCount, 0);
});

Deno.test("a refused peer that stays is closed after 1 s", async () => {
  const { clock, refusals } = startRefusals();
  const peer = new FakeStream();
  await refusals.refuse(peer);
  clock.advance(999);
  assert.equal(peer.isClosed, false);
  clock.advance(1);
  assert.equal(peer.isClosed, true);
  await refusals.close();
});

Deno.test("a refused peer that does not take the answer is closed after 1 s", async () => {
  const { clock, refusals } = startRefusals();
  const peer = new FakeStream();
  peer.take(0);
  const answered = refusals.refuse(peer);
  await peer.untilBlocked();
  clock.advance(1_000);
  await answered;
  assert.equal(peer.isClosed, true);
});

Deno.test("a refused peer that talks on is closed after 256 KiB", async () => {
  const { clock, refusals } = startRefusals();
  const peer = new FakeStream();
  await refusals.refuse(peer);
  peer.arrive(new Uint8Array(LINGER_BYTES - 1));
  await peer.untilReading();
  assert.equal(peer.isClosed, false);
  peer.arrive(utf8("x"));
  await peer.until(({ isClosed }) => isClosed);
  assert.equal(clock.timerCount, 0);
});

Deno.test("a refused peer that breaks is nobody's failure", async () => {
  const { clock, refusals } = startRefusals();
  const peer = new FakeStream();
  peer.writeError = new Deno.errors.BrokenPipe("pipe");
  await refusals.refuse(peer);
  assert.equal(peer.isClosed, true);
  const reader = new FakeStream();
  await refusals.refuse(reader);
  reader.arrive(new Deno.errors.ConnectionReset("reset"));
  await reader.until(({ isClosed }) => isClosed);
  assert.equal(clock.timerCount, 0);
});

Deno.test("Refusals lets 32 linger and closes further ones right after the answer", async () => {
  const { refusals } = startRefusals();
  const lingering = Array.from({ length: 32 }, () => new FakeStream());
  await Promise.all(lingering.map((peer) => refusals.refuse(peer)));
  const further = new FakeStream();
  await refusals.refuse(further);
  assert.deepEqual([further.text, further.isWriteClosed, further.isClosed], ["no", true, true]);
  assert.ok(lingering.every(({ isClosed }) => !isClosed));
  lingering[0]?.arrive("end");
  await lingering[0]?.until(({ isClosed }) => isClosed);
  const next = new FakeStream();
  await refusals.refuse(next);
  assert.equal(next.isClosed, false);
  await refusals.close();
  assert.ok([...lingering, next].every(({ isClosed }) => isClosed));
});
