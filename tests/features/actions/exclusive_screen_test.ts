import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import {
  ExclusiveScreen,
  type ScreenUse,
  STOP_GRACE_MS,
} from "../../../src/features/actions/exclusive_screen.ts";
import { settle } from "../../support/fake_actions.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { codeOf } from "./runner_world.ts";

interface FakeUse extends ScreenUse {
  readonly asked: number[];
  begin(): void;
  fail(): void;
  end(): void;
}

function fakeUse(name: string): FakeUse {
  const begun = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const asked: number[] = [];
  let isOver = false;
  return {
    media: {
      systemId: "",
      systemName: "",
      mediaName: name,
      mediaPath: name,
      launcherId: "",
      zapScript: "",
    },
    startedAtMs: 0,
    begun: begun.promise,
    over: over.promise,
    asked,
    get isOver() {
      return isOver;
    },
    endWithin: (graceMs) => {
      asked.push(graceMs);
      return over.promise;
    },
    begin: () => begun.resolve(),
    fail: () => {
      isOver = true;
      over.resolve();
      begun.reject(new AppError("not_found", "Nothing came of it"));
    },
    end: () => {
      isOver = true;
      over.resolve();
    },
  };
}

function world(): { screen: ExclusiveScreen; told: string[]; clock: FakeClock } {
  const clock = new FakeClock();
  const told: string[] = [];
  const screen = new ExclusiveScreen({
    events: {
      started: ({ mediaName }) => told.push(`+${mediaName}`),
      stopped: ({ mediaName }, elapsedMs) => told.push(`-${mediaName} ${elapsedMs}`),
    },
    clock,
  });
  return { screen, told, clock };
}

function take(screen: ExclusiveScreen, use: FakeUse): Promise<void> {
  return screen.take({ name: use.media.mediaName, inTheWay: [], start: () => use });
}

Deno.test("what has not begun has the screen, and nobody is told of it", async () => {
  const { screen, told, clock } = world();
  const [a, b] = [fakeUse("a"), fakeUse("b")];
  const taken = take(screen, a);
  await settle();
  assert.deepEqual([screen.current(), told], [undefined, []]);
  assert.equal(screen.adopt(b), false);
  a.begin();
  await taken;
  assert.deepEqual([screen.current(), told], [a, ["+a"]]);
  clock.advance(1234);
  a.end();
  await settle();
  assert.deepEqual([screen.current(), told], [undefined, ["+a", "-a 1234"]]);
});

Deno.test("what has not begun is not shown after what was before", async () => {
  const { screen, told } = world();
  const [a, b, c] = [fakeUse("a"), fakeUse("b"), fakeUse("c")];
  a.begin();
  await take(screen, a);
  a.end();
  const second = take(screen, b);
  await settle();
  assert.equal(screen.current(), undefined);
  // It is over before it has begun, and begins for nobody then.
  b.end();
  c.begin();
  await take(screen, c);
  b.begin();
  await second;
  await settle();
  assert.deepEqual([screen.current(), told], [c, ["+a", "-a 0", "+c"]]);
});

Deno.test("what never begins leaves the screen free and untold", async () => {
  const { screen, told } = world();
  const a = fakeUse("a");
  const taken = codeOf(take(screen, a));
  await settle();
  a.fail();
  assert.equal(await taken, "not_found");
  assert.deepEqual([screen.current(), told, await screen.free()], [undefined, [], false]);
});

Deno.test("who comes ends what has begun and what has not", async () => {
  const { screen, told } = world();
  const [a, b] = [fakeUse("a"), fakeUse("b")];
  const first = codeOf(take(screen, a));
  await settle();
  const second = take(screen, b);
  await settle();
  assert.deepEqual(a.asked, [STOP_GRACE_MS]);
  a.fail();
  b.begin();
  await second;
  assert.deepEqual([await first, told, screen.current()], ["not_found", ["+b"], b]);
});

Deno.test("a start that throws leaves the screen free", async () => {
  const { screen } = world();
  const failed = screen.take({
    name: "a",
    inTheWay: [],
    start: () => {
      throw new AppError("unavailable", "It cannot be started");
    },
  });
  assert.equal(await codeOf(failed), "unavailable");
  const b = fakeUse("b");
  b.begin();
  assert.equal(screen.adopt(b), true);
});

Deno.test("adopt() takes the screen from nobody who waits for it", async () => {
  const { screen } = world();
  const [a, b, c] = [fakeUse("a"), fakeUse("b"), fakeUse("c")];
  for (const use of [a, b, c]) use.begin();
  await take(screen, a);
  const waiting = take(screen, b);
  assert.equal(screen.adopt(c), false);
  a.end();
  await waiting;
  assert.equal(screen.current(), b);
  screen.close();
  b.end();
  assert.equal(screen.adopt(c), false);
  assert.equal(await codeOf(take(screen, c)), "unavailable");
});

Deno.test("adopt() does not take the screen that is being freed for another", async () => {
  const { screen } = world();
  const [a, b, c, slow] = [fakeUse("a"), fakeUse("b"), fakeUse("c"), fakeUse("slow")];
  for (const use of [a, b, c]) use.begin();
  await take(screen, a);
  const taken = screen.take({ name: "b", inTheWay: [slow], start: () => b });
  a.end();
  await settle();
  assert.equal(screen.adopt(c), false);
  slow.end();
  await taken;
  assert.equal(screen.current(), b);
});

function checked(
  screen: ExclusiveScreen,
  use: FakeUse,
): { taken: Promise<void>; check: PromiseWithResolvers<void> } {
  const check = Promise.withResolvers<void>();
  const taken = screen.take({
    name: use.media.mediaName,
    inTheWay: [],
    check: () => check.promise,
    start: () => use,
  });
  return { taken, check };
}

Deno.test("what cannot be started ends nothing, and lets others have the screen", async () => {
  const { screen, told } = world();
  const [a, b, c] = [fakeUse("a"), fakeUse("b"), fakeUse("c")];
  for (const use of [a, b, c]) use.begin();
  await take(screen, a);
  const { taken, check } = checked(screen, b);
  await settle();
  assert.deepEqual(a.asked, []);
  check.reject(new AppError("unavailable", "It does not answer"));
  assert.equal(await codeOf(taken), "unavailable");
  assert.deepEqual([screen.current(), a.asked, told], [a, [], ["+a"]]);
  a.end();
  assert.equal(screen.adopt(c), true);
});

Deno.test("what can be started ends what has the screen", async () => {
  const { screen, told } = world();
  const [a, b] = [fakeUse("a"), fakeUse("b")];
  for (const use of [a, b]) use.begin();
  await take(screen, a);
  const { taken, check } = checked(screen, b);
  check.resolve();
  await settle();
  assert.deepEqual(a.asked, [STOP_GRACE_MS]);
  a.end();
  await taken;
  assert.deepEqual([screen.current(), told], [b, ["+a", "-a 0", "+b"]]);
});

Deno.test("who comes, or stops, while it is found out whether something can be started wins", async () => {
  const { screen } = world();
  const [a, b] = [fakeUse("a"), fakeUse("b")];
  for (const use of [a, b]) use.begin();
  const replaced = checked(screen, a);
  await take(screen, b);
  assert.equal(await codeOf(replaced.taken), "conflict");
  const stopped = checked(screen, a);
  const free = screen.free();
  assert.equal(await codeOf(stopped.taken), "conflict");
  b.end();
  await free;
  // What is found out then comes too late.
  for (const { check } of [replaced, stopped]) check.resolve();
  await settle();
  assert.equal(screen.current(), undefined);
});

Deno.test("who could not take the screen does not keep it from what comes later", async () => {
  const { screen } = world();
  const [a, b] = [fakeUse("a"), fakeUse("b")];
  for (const use of [a, b]) use.begin();
  await take(screen, {
    ...a,
    get isOver() {
      return a.isOver;
    },
    endWithin: () => Promise.reject(new AppError("unavailable", "It does not end")),
  });
  assert.equal(await codeOf(take(screen, b)), "unavailable");
  a.end();
  assert.equal(screen.adopt(b), true);
});

Deno.test("what can be started when the service ends leaves what has the screen alone", async () => {
  const { screen } = world();
  const [a, b] = [fakeUse("a"), fakeUse("b")];
  for (const use of [a, b]) use.begin();
  await take(screen, a);
  const { taken, check } = checked(screen, b);
  check.resolve();
  screen.close();
  assert.equal(await codeOf(taken), "unavailable");
  assert.deepEqual([screen.current(), a.asked], [a, []]);
});

Deno.test("who was refused does not take the place of who waits", async () => {
  const { screen } = world();
  const [a, b, c, d] = [fakeUse("a"), fakeUse("b"), fakeUse("c"), fakeUse("d")];
  for (const use of [a, b, c, d]) use.begin();
  await take(screen, a);
  const refused = codeOf(checked(screen, b).taken);
  const waiting = codeOf(take(screen, c));
  assert.equal(await refused, "conflict");
  const newest = take(screen, d);
  assert.equal(await waiting, "conflict");
  a.end();
  await newest;
  assert.equal(screen.current(), d);
});

// What has begun elsewhere, and is found there as soon as the result is resolved.
function elsewhere(screen: ExclusiveScreen, use: FakeUse): PromiseWithResolvers<void> {
  const look = Promise.withResolvers<void>();
  screen.lookBy(async () => {
    await look.promise;
    if (!use.isOver) screen.adopt(use);
  });
  return look;
}

Deno.test("who comes, or stops, ends what nobody has yet seen to begin elsewhere", async () => {
  for (const comes of [true, false]) {
    const { screen, told } = world();
    const [a, b] = [fakeUse("a"), fakeUse("b")];
    for (const use of [a, b]) use.begin();
    const look = elsewhere(screen, a);
    const done = comes ? take(screen, b) : screen.free();
    look.resolve();
    await settle();
    assert.deepEqual([a.asked, told], [[STOP_GRACE_MS], ["+a"]]);
    a.end();
    assert.notEqual(await done, false);
    assert.deepEqual(told, ["+a", "-a 0", ...(comes ? ["+b"] : [])]);
  }
});

Deno.test("look() asks nothing where something has the screen, and finds what has begun elsewhere", async () => {
  const { screen } = world();
  const [a, b] = [fakeUse("a"), fakeUse("b")];
  for (const use of [a, b]) use.begin();
  await take(screen, b);
  elsewhere(screen, a);
  // Never answered.
  await screen.look();
  assert.equal(screen.current(), b);
  b.end();
  elsewhere(screen, a).resolve();
  await screen.look();
  assert.equal(screen.current(), a);
});

Deno.test("a stop that looks elsewhere leaves what comes meanwhile alone", async () => {
  const { screen } = world();
  const [a, b] = [fakeUse("a"), fakeUse("b")];
  a.end();
  b.begin();
  const look = elsewhere(screen, a);
  const freed = screen.free();
  screen.lookBy(() => Promise.resolve());
  await take(screen, b);
  look.resolve();
  assert.equal(await freed, true);
  assert.deepEqual([screen.current(), b.asked], [b, []]);
});

Deno.test("who was refused while looking elsewhere starts nothing", async () => {
  const { screen } = world();
  const [a, b] = [fakeUse("a"), fakeUse("b")];
  for (const use of [a, b]) use.begin();
  const look = elsewhere(screen, a);
  const taken = codeOf(take(screen, b));
  const freed = screen.free();
  assert.equal(await taken, "conflict");
  look.resolve();
  await settle();
  a.end();
  assert.deepEqual([await freed, screen.current(), b.asked], [true, undefined, []]);
});
