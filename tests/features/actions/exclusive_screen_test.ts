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
