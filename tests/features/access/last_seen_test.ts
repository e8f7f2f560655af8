import assert from "node:assert/strict";
import { type LogFields, silentLogger } from "../../../src/base/log.ts";
import { LastSeen } from "../../../src/features/access/last_seen.ts";

interface Fixture {
  lastSeen: LastSeen;
  writes: [string, number][][];
  errors: LogFields[];
  fail: { with: Error | undefined };
}

function setUp(): Fixture {
  const writes: [string, number][][] = [];
  const errors: LogFields[] = [];
  const fail: Fixture["fail"] = { with: undefined };
  const lastSeen = new LastSeen({
    store: {
      saveLastSeen: (lastSeenAtMs) => {
        if (fail.with !== undefined) throw fail.with;
        writes.push([...lastSeenAtMs]);
      },
    },
    log: { ...silentLogger, error: (_message, fields = {}) => errors.push(fields) },
  });
  return { lastSeen, writes, errors, fail };
}

Deno.test("flush() writes the newest time of each client in one go, and once", () => {
  const { lastSeen, writes } = setUp();
  lastSeen.touch("a", 1);
  lastSeen.touch("b", 2);
  lastSeen.touch("a", 3);
  assert.equal(lastSeen.flush(), true);
  assert.equal(lastSeen.flush(), true);
  assert.deepEqual(writes, [[["a", 3], ["b", 2]]]);
});

Deno.test("flush() writes nothing where nothing was heard", () => {
  const { lastSeen, writes } = setUp();
  assert.equal(lastSeen.flush(), true);
  assert.deepEqual(writes, []);
});

Deno.test("unsaved() tells what is not yet written", () => {
  const { lastSeen } = setUp();
  assert.equal(lastSeen.unsaved("a"), undefined);
  lastSeen.touch("a", 1);
  lastSeen.touch("a", 2);
  assert.equal(lastSeen.unsaved("a"), 2);
  assert.equal(lastSeen.unsaved("b"), undefined);
  lastSeen.flush();
  assert.equal(lastSeen.unsaved("a"), undefined);
});

Deno.test("flush() that fails is logged and tried again with the next", () => {
  const { lastSeen, writes, errors, fail } = setUp();
  lastSeen.touch("a", 1);
  lastSeen.touch("b", 1);
  fail.with = new Error("disk full");
  assert.equal(lastSeen.flush(), false);
  assert.deepEqual(errors, [{ error: fail.with }]);
  assert.equal(lastSeen.unsaved("a"), 1);
  lastSeen.touch("a", 2);
  fail.with = undefined;
  assert.equal(lastSeen.flush(), true);
  assert.deepEqual(writes, [[["a", 2], ["b", 1]]]);
});
