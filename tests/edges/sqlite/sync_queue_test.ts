import assert from "node:assert/strict";
import { STALLED_MESSAGE, SYNC_LIMIT_MS, SyncQueue } from "../../../src/edges/sqlite/sync_queue.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { settle } from "../../support/fake_socket.ts";

interface Fixture {
  queue: SyncQueue;
  clock: FakeClock;
  /** The syncs that were begun. */
  syncs: PromiseWithResolvers<void>[];
  told: string[];
  /** Commits, and notes what becomes of the waiter. */
  wait(name: string, options?: { commits?: boolean }): void;
}

function setUp(): Fixture {
  const clock = new FakeClock();
  const syncs: PromiseWithResolvers<void>[] = [];
  const told: string[] = [];
  const queue = new SyncQueue({
    sync: () => {
      const sync = Promise.withResolvers<void>();
      syncs.push(sync);
      return sync.promise;
    },
    clock,
    onStalled: () => told.push("stalled"),
    onRecovered: () => told.push("recovered"),
    onFailed: () => told.push("failed"),
  });
  return {
    queue,
    clock,
    syncs,
    told,
    wait(name, { commits = true } = {}): void {
      if (commits) queue.committed();
      queue.durable().then(
        () => told.push(name),
        (error: unknown) => told.push(`no ${name}: ${(error as Error).message}`),
      );
    },
  };
}

Deno.test("durable() shares one sync among all that was committed in one breath", async () => {
  const { syncs, told, wait } = setUp();
  for (const name of ["a", "b", "c"]) wait(name);
  await settle();
  assert.deepEqual([syncs.length, told], [1, []]);
  syncs[0]?.resolve();
  await settle();
  assert.deepEqual([syncs.length, told], [1, ["a", "b", "c"]]);
});

Deno.test("a commit during a sync waits for the next one, in the order of the commits", async () => {
  const { syncs, told, wait } = setUp();
  wait("a");
  await settle();
  wait("b");
  wait("c");
  await settle();
  assert.equal(syncs.length, 1);
  syncs[0]?.resolve();
  await settle();
  assert.deepEqual([syncs.length, told], [2, ["a"]]);
  syncs[1]?.resolve();
  await settle();
  assert.deepEqual([syncs.length, told], [2, ["a", "b", "c"]]);
});

Deno.test("who committed nothing since waits for the running sync, or for none", async () => {
  const { syncs, told, wait } = setUp();
  wait("nothing to wait for", { commits: false });
  await settle();
  assert.deepEqual([syncs.length, told], [0, ["nothing to wait for"]]);
  wait("a");
  await settle();
  wait("also a", { commits: false });
  syncs[0]?.resolve();
  await settle();
  assert.deepEqual([syncs.length, told.slice(1)], [1, ["a", "also a"]]);
});

Deno.test("a failed sync refuses who waits for it, who waits for the next and who comes after", async () => {
  const { queue, syncs, told, wait } = setUp();
  wait("a");
  await settle();
  wait("b");
  syncs[0]?.reject(Object.assign(new Error("x"), { code: "EIO" }));
  await settle();
  wait("c");
  wait("d", { commits: false });
  await settle();
  const refused = ["a", "b", "c", "d"].map((name) => `no ${name}: The device's storage fails`);
  assert.deepEqual([syncs.length, told], [1, ["failed", ...refused]]);
  assert.equal(queue.hasFailed, true);
  assert.equal(queue.refusal?.code, "unavailable");
});

Deno.test("restart() counts all that was committed as kept, and begins anew", async () => {
  const { queue, syncs, told, wait } = setUp();
  wait("a");
  await settle();
  syncs[0]?.reject(new Error("x"));
  await settle();
  queue.restart();
  assert.deepEqual([queue.refusal, queue.hasFailed], [undefined, false]);
  told.length = 0;
  wait("old", { commits: false });
  wait("new");
  await settle();
  syncs[1]?.resolve();
  await settle();
  assert.deepEqual([syncs.length, told], [2, ["old", "new"]]);
});

Deno.test("a sync that does not come back refuses its waiters after its time, and all others", async () => {
  const { queue, clock, syncs, told, wait } = setUp();
  wait("a");
  await settle();
  wait("b");
  clock.advance(SYNC_LIMIT_MS - 1);
  await settle();
  assert.deepEqual(told, []);
  clock.advance(1);
  await settle();
  wait("c");
  await settle();
  const refused = ["a", "b", "c"].map((name) => `no ${name}: ${STALLED_MESSAGE}`);
  assert.deepEqual([told, queue.hasFailed], [["stalled", ...refused], false]);
  // After ten seconds in all it comes back: what it covers is kept, and the rest is synced.
  clock.advance(5_000);
  syncs[0]?.resolve();
  await settle();
  assert.deepEqual([told.at(-1), queue.refusal], ["recovered", undefined]);
  wait("d", { commits: false });
  await settle();
  assert.equal(syncs.length, 2);
  syncs[1]?.resolve();
  await settle();
  assert.deepEqual(told.at(-1), "d");
  assert.equal(clock.timerCount, 0);
});

Deno.test("a sync that fails after it did not come back is a failed one", async () => {
  const { queue, clock, syncs, told, wait } = setUp();
  wait("a");
  await settle();
  clock.advance(SYNC_LIMIT_MS);
  syncs[0]?.reject(new Error("x"));
  await settle();
  assert.deepEqual([told.at(-1), queue.hasFailed], ["failed", true]);
});

Deno.test("attempt() fails with the queue, and does not count what was begun before a restart", async () => {
  const { queue, told } = setUp();
  assert.equal(await queue.attempt(() => Promise.resolve()), true);
  const late = Promise.withResolvers<void>();
  const before = queue.attempt(() => late.promise);
  assert.equal(await queue.attempt(() => Promise.reject(new Error("x"))), false);
  assert.deepEqual(told, ["failed"]);
  queue.restart();
  late.reject(new Error("x"));
  assert.equal(await before, false);
  assert.deepEqual([told, queue.refusal], [["failed"], undefined]);
});

Deno.test("close() lets waiters go where all is kept, and refuses everybody after", async () => {
  for (const error of [undefined, new Error("x")]) {
    const { queue, told, wait } = setUp();
    wait("a");
    await settle();
    wait("b");
    queue.close(error);
    wait("c");
    await settle();
    assert.equal(
      told.filter((text) => !text.startsWith("no ")).length,
      error === undefined ? 2 : 0,
    );
    assert.ok(told.includes("no c: The service is stopping"));
  }
});
