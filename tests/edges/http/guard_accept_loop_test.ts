import assert from "node:assert/strict";
import { type LogFields, silentLogger } from "../../../src/base/log.ts";
import { ACCEPT_RETRY_MS, AcceptLoop } from "../../../src/edges/http/guard/accept_loop.ts";
import { RareWarning } from "../../../src/edges/http/guard/rare_warning.ts";
import { FakeClock } from "../../support/fake_clock.ts";

// A listener whose next connection or failure the test hands in.
class FakeListener {
  isClosed = false;
  accepts = 0;
  #next = Promise.withResolvers<string>();
  #asked = Promise.withResolvers<void>();

  accept(): Promise<string> {
    this.accepts += 1;
    this.#asked.resolve();
    return this.#next.promise;
  }

  close(): void {
    this.isClosed = true;
    this.#next.promise.catch(() => {});
    this.#next.reject(new Deno.errors.BadResource("Listener has been closed"));
  }

  async give(outcome: string | Error): Promise<void> {
    await this.#asked.promise;
    const { resolve, reject } = this.#next;
    this.#next = Promise.withResolvers<string>();
    this.#asked = Promise.withResolvers<void>();
    if (outcome instanceof Error) reject(outcome);
    else resolve(outcome);
  }

  asked(): Promise<void> {
    return this.#asked.promise;
  }
}

function startLoop(admitted = Promise.resolve()): {
  clock: FakeClock;
  listener: FakeListener;
  connections: string[];
  warnings: LogFields[];
  paused: () => Promise<void>;
  loop: AcceptLoop<string>;
} {
  const clock = new FakeClock();
  const listener = new FakeListener();
  const connections: string[] = [];
  const warnings: LogFields[] = [];
  let pausing = Promise.withResolvers<void>();
  // The loop pauses by setting a timer, so that is what the test waits for.
  const loopClock = {
    wallMs: () => clock.wallMs(),
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs: number, run: () => void) => {
      pausing.resolve();
      pausing = Promise.withResolvers<void>();
      return clock.after(delayMs, run);
    },
  };
  const log = {
    ...silentLogger,
    warn: (_message: string, fields: LogFields = {}) => warnings.push(fields),
  };
  const loop = new AcceptLoop({
    listener,
    onConnection: async (connection) => {
      connections.push(connection);
      await admitted;
    },
    warning: new RareWarning({ message: "Cannot accept", log, clock }),
    clock: loopClock,
  });
  return { clock, listener, connections, warnings, paused: () => pausing.promise, loop };
}

const EMFILE = Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" });

const OF_ONE_PEER: [string, Error][] = [
  ["reset before it was accepted", new Deno.errors.NotConnected("Transport endpoint")],
  ["was aborted", new Deno.errors.ConnectionAborted("Software caused connection abort")],
  ["a firewall took away", new Deno.errors.PermissionDenied("Operation not permitted")],
];
for (const [what, error] of OF_ONE_PEER) {
  Deno.test(`AcceptLoop goes on at once after a connection that ${what}`, async () => {
    const { clock, listener, connections, warnings, loop } = startLoop();
    for (let i = 0; i < 1000; i++) {
      await listener.give(error);
    }
    await listener.give("next");
    await listener.asked();
    assert.deepEqual([connections, warnings, clock.timerCount], [["next"], [], 0]);
    loop.close();
    await loop.done;
  });
}

const PAUSES: Error[] = [
  ...["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"].map((code) =>
    Object.assign(new Error(code), { code })
  ),
  new Deno.errors.BadResource("Bad resource ID"),
];
for (const error of PAUSES) {
  Deno.test(`AcceptLoop pauses and warns after ${error.name} ${error.message}`, async () => {
    const { listener, warnings, paused, loop } = startLoop();
    const pause = paused();
    await listener.give(error);
    await pause;
    assert.deepEqual(warnings, [{ error }]);
    loop.close();
    await loop.done;
  });
}

Deno.test("AcceptLoop goes on 100 ms after it ran out of descriptors and warns once", async () => {
  const { clock, listener, connections, warnings, paused, loop } = startLoop();
  await listener.give("first");
  await listener.asked();
  for (let i = 0; i < 5; i++) {
    const pause = paused();
    await listener.give(EMFILE);
    await pause;
    const { accepts } = listener;
    clock.advance(ACCEPT_RETRY_MS - 1);
    assert.equal(listener.accepts, accepts);
    clock.advance(1);
    await listener.asked();
    assert.equal(listener.accepts, accepts + 1);
  }
  await listener.give("second");
  await listener.asked();
  assert.deepEqual(connections, ["first", "second"]);
  assert.deepEqual(warnings, [{ error: EMFILE }]);
  loop.close();
  await loop.done;
});

Deno.test("AcceptLoop ends while it waits for a connection, without a warning", async () => {
  const { listener, warnings, loop } = startLoop();
  await listener.asked();
  loop.close();
  loop.close();
  await loop.done;
  assert.equal(listener.isClosed, true);
  assert.deepEqual(warnings, []);
});

Deno.test("AcceptLoop ends in its pause and leaves no timer", async () => {
  const { clock, listener, paused, loop } = startLoop();
  const pause = paused();
  await listener.give(EMFILE);
  await pause;
  loop.close();
  await loop.done;
  assert.equal(clock.timerCount, 0);
  assert.equal(listener.accepts, 1);
});

Deno.test("AcceptLoop takes the next connection when the one before is dealt with", async () => {
  const admitted = Promise.withResolvers<void>();
  const { listener, connections, loop } = startLoop(admitted.promise);
  await listener.give("first");
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual([connections, listener.accepts], [["first"], 1]);
  admitted.resolve();
  await listener.give("second");
  await listener.asked();
  assert.deepEqual(connections, ["first", "second"]);
  loop.close();
  await loop.done;
});
