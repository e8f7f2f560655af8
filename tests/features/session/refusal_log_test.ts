import assert from "node:assert/strict";
import { LINE_RATE, MAX_LINE_BUCKETS } from "../../../src/base/limited_log.ts";
import { type LogFields, silentLogger } from "../../../src/base/log.ts";
import { RefusalLog } from "../../../src/features/session/refusal_log.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const PERIOD_MS = 1000 / LINE_RATE.perSecond;

interface Fixture {
  clock: FakeClock;
  lines: LogFields[];
  refuse: (address: string, times?: number) => void;
}

function setUp(): Fixture {
  const clock = new FakeClock();
  const lines: LogFields[] = [];
  const log = {
    ...silentLogger,
    info: (message: string, fields: LogFields = {}) => {
      assert.equal(message, "Session refused");
      lines.push(fields);
    },
  };
  const refusals = new RefusalLog({ clock, log });
  return {
    clock,
    lines,
    refuse: (address, times = 1) => {
      for (let i = 0; i < times; i++) {
        refusals.write({ connection: "c", address, reason: "unknown_token", clientId: null });
      }
    },
  };
}

Deno.test("RefusalLog writes a burst per address, then tells with the next line what it left out", () => {
  const { clock, lines, refuse } = setUp();
  refuse("192.0.2.7", 1000);
  const line = { connection: "c", address: "192.0.2.7", reason: "unknown_token" };
  assert.deepEqual(lines, Array(LINE_RATE.burst).fill(line));
  clock.advance(PERIOD_MS - 1);
  refuse("192.0.2.7");
  assert.equal(lines.length, LINE_RATE.burst);
  clock.advance(1);
  refuse("192.0.2.7");
  assert.deepEqual(lines.at(-1), { ...line, unwritten: 1001 - LINE_RATE.burst });
  clock.advance(PERIOD_MS);
  refuse("192.0.2.7");
  assert.deepEqual(lines.at(-1), line);
});

Deno.test("RefusalLog counts a /64 of IPv6 as one address, and other addresses apart", () => {
  const { lines, refuse } = setUp();
  for (let i = 0; i < 100; i++) refuse(`2001:db8:1:2::${i.toString(16)}`);
  assert.equal(lines.length, LINE_RATE.burst);
  refuse("2001:db8:1:3::1");
  refuse("192.0.2.7");
  assert.equal(lines.length, LINE_RATE.burst + 2);
});

Deno.test("RefusalLog remembers a bounded number of addresses", () => {
  const { lines, refuse } = setUp();
  const addressOf = (n: number): string => `10.0.${n >> 8}.${n & 255}`;
  refuse(addressOf(0), LINE_RATE.burst);
  for (let n = 1; n < MAX_LINE_BUCKETS; n++) refuse(addressOf(n));
  const before = lines.length;
  refuse(addressOf(0));
  assert.equal(lines.length, before);
  // Pushes out the second address, not the first, which was just heard of.
  refuse(addressOf(MAX_LINE_BUCKETS));
  refuse(addressOf(0));
  assert.equal(lines.length, before + 1);
  for (let n = 1; n <= MAX_LINE_BUCKETS; n++) refuse(addressOf(n));
  const all = lines.length;
  refuse(addressOf(0));
  assert.equal(lines.length, all + 1);
});

Deno.test("RefusalLog names the client where there is one", () => {
  const { lines } = setUp();
  const log = {
    ...silentLogger,
    info: (_: string, fields: LogFields = {}) => void lines.push(fields),
  };
  const refusals = new RefusalLog({ clock: new FakeClock(), log });
  refusals.write({ connection: "c", address: "192.0.2.7", reason: "used_salt", clientId: "id" });
  assert.equal(lines[0]?.["clientId"], "id");
});
