import assert from "node:assert/strict";
import {
  ANCHOR_PAUSE_MS,
  AnchorKeeper,
  type AuditCheckpoint,
} from "../../../src/features/access/anchor_keeper.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { settle } from "../../support/fake_socket.ts";

interface Fixture {
  keeper: AnchorKeeper;
  clock: FakeClock;
  written: number[];
  errors: string[];
  /** Ends the wait for the disk. */
  syncs: PromiseWithResolvers<void>[];
  failWrites: (isFailing: boolean) => void;
}

function setUp(): Fixture {
  const clock = new FakeClock();
  const written: number[] = [];
  const errors: string[] = [];
  const syncs: PromiseWithResolvers<void>[] = [];
  let isFailing = false;
  const keeper = new AnchorKeeper({
    anchor: {
      read: () => undefined,
      write: ({ id }) => {
        if (isFailing) throw new Error("disk full");
        written.push(id);
      },
    },
    durable: () => {
      const sync = Promise.withResolvers<void>();
      syncs.push(sync);
      return sync.promise;
    },
    clock,
    log: { ...silentLogger, error: (message) => errors.push(message) },
  });
  return { keeper, clock, written, errors, syncs, failWrites: (failing) => isFailing = failing };
}

function head(id: number): AuditCheckpoint {
  return { id, hash: new Uint8Array(32).fill(id) };
}

Deno.test("an entry is remembered when it is on the disk, and not before", async () => {
  const { keeper, written, syncs } = setUp();
  keeper.note(head(1));
  await settle();
  assert.deepEqual([syncs.length, written], [1, []]);
  // Not yet on the disk when that sync began.
  keeper.note(head(2));
  syncs[0]?.resolve();
  await settle();
  assert.deepEqual(written, [1]);
});

Deno.test("entries that follow each other fast are remembered together after a pause", async () => {
  const { keeper, clock, written, syncs } = setUp();
  keeper.note(head(1));
  syncs[0]?.resolve();
  await settle();
  for (const id of [2, 3, 4]) keeper.note(head(id));
  clock.advance(ANCHOR_PAUSE_MS - 1);
  await settle();
  assert.deepEqual([syncs.length, written], [1, [1]]);
  clock.advance(1);
  syncs[1]?.resolve();
  await settle();
  assert.deepEqual(written, [1, 4]);
  // Nothing is written where nothing is new.
  clock.advance(10 * ANCHOR_PAUSE_MS);
  await settle();
  assert.deepEqual([syncs.length, written, clock.timerCount], [2, [1, 4], 0]);
});

Deno.test("an entry that did not get onto the disk is not remembered; the next try comes", async () => {
  const { keeper, clock, written, errors, syncs } = setUp();
  keeper.note(head(1));
  syncs[0]?.reject(new Error("x"));
  await settle();
  assert.deepEqual([written, errors], [[], ["Cannot write the anchor of the audit log"]]);
  clock.advance(ANCHOR_PAUSE_MS);
  syncs[1]?.reject(new Error("x"));
  await settle();
  assert.equal(errors.length, 1);
  clock.advance(ANCHOR_PAUSE_MS);
  syncs[2]?.resolve();
  await settle();
  assert.deepEqual(written, [1]);
  clock.advance(ANCHOR_PAUSE_MS);
  keeper.note(head(2));
  syncs[3]?.reject(new Error("x"));
  await settle();
  assert.equal(errors.length, 2);
});

Deno.test("settled() waits for the newest entry, and leaves no timer", async () => {
  const { keeper, clock, written, syncs, failWrites } = setUp();
  await keeper.settled();
  keeper.note(head(1));
  keeper.note(head(2));
  const settled = keeper.settled();
  syncs[0]?.resolve();
  await settle();
  assert.deepEqual([syncs.length, written], [2, [1]]);
  syncs[1]?.resolve();
  await settled;
  assert.deepEqual([written, clock.timerCount], [[1, 2], 0]);
  failWrites(true);
  keeper.note(head(3));
  const failed = keeper.settled();
  for (const sync of [2, 3]) {
    syncs[sync]?.resolve();
    await settle();
  }
  await failed;
  assert.equal(clock.timerCount, 0);
});
