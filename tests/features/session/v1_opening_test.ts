// The order of docs/protocol.md §5, a test per step, and the vectors of broken first frames.

import assert from "node:assert/strict";
import { platformAead } from "../../../src/edges/platform/sync_aead.ts";
import type { Bytes } from "../../../src/base/bytes.ts";
import type { SyncAead } from "../../../src/protocol/v1/aead.ts";
import { parseBinaryFirstFrame, parseJsonFirstFrame } from "../../../src/protocol/v1/frame.ts";
import type { FirstFrame, WireMessage } from "../../../src/protocol/v1/frame.ts";
import { type FirstFrameOutcome, openByVersion } from "../../../src/features/session/opening.ts";
import { V1Opening } from "../../../src/features/session/v1_opening.ts";
import { Throttle, THROTTLE_FAILURES } from "../../../src/features/session/throttle.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryLedger } from "../../support/memory_ledger.ts";
import { createPhone, testClient } from "../../support/session_phone.ts";
import vectors from "../../vectors/v1.json" with { type: "json" };

const ADDRESS = "10.0.0.2";
const REMOVED = "33333333-3333-4333-8333-333333333333";
const SALT = new Uint8Array(16).fill(3);

function setUp(client = testClient(), syncAead: SyncAead = platformAead): {
  open: (frame: FirstFrame, address: string) => Promise<FirstFrameOutcome>;
  ledger: MemoryLedger;
  clock: FakeClock;
} {
  const clock = new FakeClock();
  const ledger = new MemoryLedger(client.clientId);
  const opening = new V1Opening({
    clients: { findByToken: (token) => token === client.authToken ? client : undefined },
    removed: { wasRemoved: (token) => token === REMOVED },
    ledger,
    recordSession: ({ clientId, salt }) => Promise.resolve(ledger.record(clientId, salt)),
    throttle: new Throttle(),
    syncAead,
    clock,
  });
  return { open: openByVersion([opening]), ledger, clock };
}

function parse(message: WireMessage): FirstFrame {
  const frame = typeof message === "string"
    ? parseJsonFirstFrame(message)
    : parseBinaryFirstFrame(message);
  assert.ok(frame !== undefined);
  return frame;
}

async function firstFrame(text: string, salt = SALT): Promise<FirstFrame> {
  const phone = createPhone(testClient(), { salt });
  return parse(await phone.seal(text));
}

function reasonOf(outcome: FirstFrameOutcome): string {
  return outcome.kind === "refused" ? outcome.reason : outcome.kind;
}

for (const envelope of ["json", "binary"] as const) {
  Deno.test(`open() opens a session from a ${envelope} first frame, and both ways work`, async () => {
    const { open, ledger } = setUp();
    const phone = createPhone(testClient(), { salt: SALT, envelope });
    const outcome = await open(parse(await phone.seal("hello")), ADDRESS);
    assert.ok(outcome.kind === "opened");
    assert.equal(outcome.text, "hello");
    assert.equal(outcome.session.clientId, testClient().clientId);
    assert.ok(ledger.has(testClient().clientId, SALT));
    assert.equal(await outcome.session.open(await phone.seal("second")), "second");
    assert.equal(await phone.open(await outcome.session.seal("answer")), "answer");
    assert.equal(await phone.open(await outcome.session.seal("ünïcode")), "ünïcode");
  });
}

Deno.test("a session seals and opens its small frames with the platform's cipher", async () => {
  const used: string[] = [];
  const { open } = setUp(testClient(), {
    seal(plaintext, params): Bytes {
      used.push("seal");
      return platformAead.seal(plaintext, params);
    },
    open(ciphertext, params): Bytes | undefined {
      used.push("open");
      return platformAead.open(ciphertext, params);
    },
  });
  const phone = createPhone(testClient(), { salt: SALT });
  const outcome = await open(parse(await phone.seal("hello")), ADDRESS);
  assert.ok(outcome.kind === "opened");
  assert.equal(await phone.open(await outcome.session.seal("answer")), "answer");
  assert.deepEqual(used, ["open", "seal"]);
});

Deno.test("open() refuses another version before anything else", async () => {
  const { open } = setUp();
  const frame = { ...await firstFrame("x"), version: 2, authToken: "nobody" };
  assert.deepEqual(await open(frame, ADDRESS), { kind: "unsupported_version" });
});

Deno.test("open() refuses an unknown token and counts nothing", async () => {
  const { open, ledger } = setUp();
  const frame = { ...await firstFrame("x"), authToken: "nobody" };
  for (let i = 0; i < THROTTLE_FAILURES + 1; i++) {
    // Each frame must be judged before the next.
    assert.equal(reasonOf(await open(frame, ADDRESS)), "unknown_token");
  }
  assert.equal(reasonOf(await open(await firstFrame("x"), ADDRESS)), "opened");
  assert.equal(ledger.count(testClient().clientId), 1);
});

Deno.test("open() compares tokens exactly", async () => {
  const { open } = setUp(testClient({ authToken: "abcdef" }));
  const frame = { ...await firstFrame("x"), authToken: "ABCDEF" };
  assert.equal(reasonOf(await open(frame, ADDRESS)), "unknown_token");
});

Deno.test("open() counts a salt that is not 16 bytes", async () => {
  const { open } = setUp();
  const good = await firstFrame("x");
  const salts = [undefined, new Uint8Array(15), new Uint8Array(17)];
  const outcomes = await Promise.all(
    salts.map((salt) => open({ ...good, salt }, ADDRESS)),
  );
  assert.deepEqual(outcomes.map(reasonOf), ["bad_salt", "bad_salt", "bad_salt"]);
  for (let failures = 4; failures <= THROTTLE_FAILURES; failures++) {
    const outcome = await open({ ...good, salt: undefined }, ADDRESS);
    assert.ok(outcome.kind === "refused");
    assert.equal(outcome.beganThrottle, failures === THROTTLE_FAILURES);
  }
});

Deno.test("open() knows the token of a client that was removed here, and counts nothing", async () => {
  const { open, ledger } = setUp();
  const outcome = await open({ ...await firstFrame("x"), authToken: REMOVED }, ADDRESS);
  assert.equal(reasonOf(outcome), "removed_token");
  assert.equal(ledger.count(testClient().clientId), 0);
});

Deno.test("open() refuses a used salt without counting it", async () => {
  const { open } = setUp();
  const frame = await firstFrame("x");
  assert.equal(reasonOf(await open(frame, ADDRESS)), "opened");
  for (let i = 0; i < THROTTLE_FAILURES + 1; i++) {
    assert.equal(reasonOf(await open(frame, ADDRESS)), "used_salt");
  }
  const fresh = await firstFrame("x", new Uint8Array(16).fill(4));
  assert.equal(reasonOf(await open(fresh, ADDRESS)), "opened");
});

Deno.test("open() counts a broken ciphertext and leaves its salt unused", async () => {
  const { open, ledger } = setUp();
  const frame = await firstFrame("x");
  const broken = { ...frame, ciphertext: frame.ciphertext?.map((byte) => byte ^ 1) };
  assert.equal(reasonOf(await open(broken, ADDRESS)), "bad_ciphertext");
  const missing = { ...frame, ciphertext: undefined };
  assert.equal(reasonOf(await open(missing, ADDRESS)), "bad_ciphertext");
  assert.equal(ledger.count(testClient().clientId), 0);
  assert.equal(reasonOf(await open(frame, ADDRESS)), "opened");
});

Deno.test("open() throttles after ten failures, but a right frame a second later wins", async () => {
  const { open, clock } = setUp();
  const frame = await firstFrame("x");
  const broken = { ...frame, ciphertext: new Uint8Array(40) };
  const began: boolean[] = [];
  for (let i = 0; i < THROTTLE_FAILURES; i++) {
    const outcome = await open(broken, ADDRESS);
    began.push(outcome.kind === "refused" && outcome.beganThrottle);
  }
  assert.deepEqual(began, [...Array<boolean>(THROTTLE_FAILURES - 1).fill(false), true]);
  assert.equal(reasonOf(await open(frame, ADDRESS)), "throttled");
  assert.equal(reasonOf(await open(frame, "10.0.0.3")), "opened");
  const other = await firstFrame("x", new Uint8Array(16).fill(5));
  clock.advance(1000);
  assert.equal(reasonOf(await open(other, ADDRESS)), "opened");
});

Deno.test("open() acts on the ledger's word when frames race", async () => {
  const { open } = setUp();
  const frame = await firstFrame("x");
  const outcomes = await Promise.all([open(frame, ADDRESS), open(frame, ADDRESS)]);
  assert.deepEqual(outcomes.map(reasonOf).sort(), ["opened", "used_salt"]);
});

Deno.test("open() refuses when the ledger is full or the client was removed meanwhile", async () => {
  const { open, ledger } = setUp();
  const frame = await firstFrame("x");
  ledger.override = "full";
  assert.equal(reasonOf(await open(frame, ADDRESS)), "ledger_full");
  ledger.override = "unknown_client";
  assert.equal(reasonOf(await open(frame, ADDRESS)), "client_removed");
});

for (const vector of vectors.first_frame_negative) {
  Deno.test(`first frame vector: ${vector.name}`, async () => {
    const session = vectors.session_keys.find(({ name }) => name === vector.session);
    assert.ok(session !== undefined);
    const client = testClient({
      pairingKey: Uint8Array.fromHex(session.pairing_key_hex),
      authToken: "550e8400-e29b-41d4-a716-446655440000",
    });
    const { open, ledger } = setUp(client);
    const frame = parseJsonFirstFrame(vector.frame);
    if (vector.expect.startsWith("not an encrypted frame")) {
      assert.equal(frame, undefined);
      return;
    }
    assert.ok(frame !== undefined);
    const outcome = await open(frame, ADDRESS);
    if (vector.expect.startsWith("accepted")) assert.equal(outcome.kind, "opened");
    else if (vector.expect.startsWith("plaintext -32001")) {
      assert.equal(outcome.kind, "unsupported_version");
    } else {
      const counted = vector.expect === "close, one failure recorded";
      const reason = reasonOf(outcome);
      assert.equal(["bad_salt", "bad_ciphertext"].includes(reason), counted, reason);
      assert.equal(ledger.count(client.clientId), 0);
    }
  });
}
