import assert from "node:assert/strict";
import {
  LimitedLog,
  type LimitedLogOptions,
  LINE_RATE,
  MAX_LINE_BUCKETS,
} from "../../src/base/limited_log.ts";
import { type LogFields, silentLogger } from "../../src/base/log.ts";
import { FakeClock } from "../support/fake_clock.ts";

function setUp(more: Partial<LimitedLogOptions> = {}): {
  clock: FakeClock;
  lines: LogFields[];
  write: (of: string, message?: string) => boolean;
} {
  const clock = new FakeClock();
  const lines: LogFields[] = [];
  const log = {
    ...silentLogger,
    warn: (message: string, fields: LogFields = {}) => void lines.push({ message, ...fields }),
  };
  const limited = new LimitedLog({ clock, log, ...more });
  const write = (of: string, message = "It happened"): boolean =>
    limited.write({ level: "warn", message, of, fields: { of } });
  return { clock, lines, write };
}

Deno.test("LimitedLog writes a burst, then tells with the next line what it left out", () => {
  const { clock, lines, write } = setUp();
  for (let n = 0; n < 50; n++) assert.equal(write("a"), n < LINE_RATE.burst);
  const line = { message: "It happened", of: "a" };
  assert.deepEqual(lines.splice(0), Array(LINE_RATE.burst).fill(line));
  clock.advance(1000 / LINE_RATE.perSecond - 1);
  assert.equal(write("a"), false);
  clock.advance(1);
  assert.deepEqual([write("a"), write("a")], [true, false]);
  clock.advance(1000 / LINE_RATE.perSecond);
  assert.equal(write("a"), true);
  assert.deepEqual(lines, [{ ...line, unwritten: 41 }, { ...line, unwritten: 1 }]);
});

Deno.test("LimitedLog takes another rate, and counts others and other messages apart", () => {
  const { lines, write } = setUp({ rate: { burst: 1, perSecond: 1 } });
  assert.deepEqual([write("a"), write("a"), write("b"), write("a", "Other")], [
    true,
    false,
    true,
    true,
  ]);
  assert.equal(lines.length, 3);
});

Deno.test("LimitedLog remembers a bounded number of buckets", () => {
  const { write } = setUp({ rate: { burst: 1, perSecond: 1 } });
  for (let n = 0; n < MAX_LINE_BUCKETS; n++) write(String(n));
  assert.equal(write("0"), false);
  for (let n = 1; n <= MAX_LINE_BUCKETS; n++) write(String(n));
  assert.equal(write("0"), true);
});
