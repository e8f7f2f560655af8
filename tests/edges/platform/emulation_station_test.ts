// The client of EmulationStation's HTTP API against a fake one: its answers, its faults, and others
// that hold its port.

import assert from "node:assert/strict";
import { AppError, type ErrorCode } from "../../../src/base/app_error.ts";
import {
  ANSWER_LIMIT_MS,
  createEmulationStation,
  GAME_END_LIMIT_MS,
  LAUNCH_LIMIT_MS,
  LIST_PIECE_LIMIT_MS,
  MAX_ANSWER_BYTES,
  MAX_GAMES_BYTES,
  MAX_METADATA_KEYS,
  MAX_NOTICE_CHARS,
  RUNNING_POLL_MS,
} from "../../../src/edges/platform/emulation_station.ts";
import type { Frontend, FrontendGame } from "../../../src/features/library/frontend.ts";
import { MAX_ARRAY_OBJECT_CHARS } from "../../../src/features/library/json_array.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeEmulationStation, type FakeFault } from "../../support/fake_emulation_station.ts";
import { ODD_NAMES } from "../../support/odd_names.ts";
import { until } from "../../support/until.ts";

const ZELDA = { path: "/userdata/roms/snes/Zelda.zip", name: "Zelda", desc: "A link" };
const METROID = { path: "/userdata/roms/snes/Metroid.zip", name: "Metroid" };

interface World {
  readonly station: FakeEmulationStation;
  readonly frontend: Frontend;
  readonly clock: FakeClock;
  readonly never: AbortSignal;
}

function world(): World {
  const station = new FakeEmulationStation([
    { name: "snes", fullname: "Super Nintendo", games: [ZELDA, METROID] },
    { name: "favorites", fullname: "Favorites", games: [ZELDA], collection: true },
  ]);
  const clock = new FakeClock();
  const frontend = createEmulationStation({ fetch: station.fetch, clock });
  return { station, frontend, clock, never: new AbortController().signal };
}

/** The result of some work while time goes on. */
async function whileTimePasses<Value>(clock: FakeClock, work: Promise<Value>): Promise<Value> {
  let isDone = false;
  const end = (): void => void (isDone = true);
  work.then(end, end);
  await until("the work is done", () => {
    if (!isDone) clock.advance(RUNNING_POLL_MS);
    return isDone;
  }, { pollMs: 0 });
  return await work;
}

async function gamesOf(games: AsyncIterable<FrontendGame>): Promise<FrontendGame[]> {
  const all: FrontendGame[] = [];
  for await (const game of games) all.push(game);
  return all;
}

async function assertRefuses(work: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code);
    return true;
  });
}

Deno.test("systems() gives the systems that have games of their own", async () => {
  const { frontend, never } = world();
  assert.deepEqual(await frontend.systems(never), [
    { name: "snes", fullName: "Super Nintendo" },
  ]);
});

Deno.test("games() gives a system's games with their metadata", async () => {
  const { frontend, never } = world();
  assert.deepEqual(await gamesOf(frontend.games("snes", never)), [
    { path: ZELDA.path, name: "Zelda", metadata: { id: "id0", desc: "A link" } },
    { path: METROID.path, name: "Metroid", metadata: { id: "id1" } },
  ]);
});

Deno.test("games() says that a system is not there", async () => {
  const { frontend, never, station } = world();
  await assertRefuses(gamesOf(frontend.games("../caps", never)), "not_found");
  assert.deepEqual(station.asked, ["GET /systems/..%2Fcaps/games"]);
});

Deno.test("games() leaves out what is too long or has no path, and bounds metadata", async () => {
  const many = Object.fromEntries(
    Array.from({ length: MAX_METADATA_KEYS + 9 }, (_, at) => [`k${at}`, "x"]),
  );
  const games = [
    { path: "/a", name: "a", desc: "x".repeat(MAX_ARRAY_OBJECT_CHARS) },
    { path: "relative", name: "b" },
    { path: "/c", name: "c", ...many },
  ];
  const station = new FakeEmulationStation([{ name: "s", fullname: "S", games }]);
  const frontend = createEmulationStation({ fetch: station.fetch, clock: new FakeClock() });
  const [game, ...others] = await gamesOf(frontend.games("s", new AbortController().signal));
  assert.deepEqual([game?.path, others], ["/c", []]);
  assert.equal(Object.keys(game?.metadata ?? {}).length, MAX_METADATA_KEYS);
});

Deno.test("runningGame() tells what the player plays", async () => {
  const { frontend, station } = world();
  assert.equal(await frontend.runningGame(), undefined);
  station.play(ZELDA);
  assert.deepEqual(await frontend.runningGame(), {
    path: ZELDA.path,
    name: "Zelda",
    systemName: "snes",
  });
  station.play({ path: "/elsewhere", name: "" });
  assert.equal((await frontend.runningGame())?.systemName, undefined);
});

Deno.test("launch() returns when the game runs", async () => {
  for (const slowness of [0, 3]) {
    const { frontend, station, clock } = world();
    station.slowness = slowness;
    const game = await whileTimePasses(clock, frontend.launch(ZELDA.path));
    assert.deepEqual([game.path, station.running], [ZELDA.path, ZELDA]);
    assert.deepEqual(station.launched, [ZELDA.path]);
    assert.equal(clock.timerCount, 0);
  }
});

Deno.test("launch() takes another game than before for the launched one", async () => {
  const { frontend, station, clock } = world();
  station.spell = (path) => `/mnt${path}`;
  station.play(METROID);
  const game = await whileTimePasses(clock, frontend.launch(ZELDA.path));
  assert.equal(game.path, `/mnt${ZELDA.path}`);
});

Deno.test("runningGame() believes no path that is none", async () => {
  const { frontend, station } = world();
  station.play({ path: "relative", name: "x" });
  await assertRefuses(frontend.runningGame(), "unavailable");
});

Deno.test("the client follows no redirection", async () => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/x") return Response.json(ZELDA);
    return Response.redirect(new URL("/x", url));
  });
  const frontend = createEmulationStation({
    clock: new FakeClock(),
    fetch: (url, init) => fetch(url.replace(":1234/", `:${server.addr.port}/`), init),
  });
  await assertRefuses(frontend.runningGame(), "unavailable");
  await server.shutdown();
});

Deno.test("launch() hands every odd name on as it is", async () => {
  const games = ODD_NAMES.map((name) => ({ path: `/roms/${name}`, name }));
  const station = new FakeEmulationStation([{ name: "s", fullname: "S", games }]);
  const clock = new FakeClock();
  const frontend = createEmulationStation({ fetch: station.fetch, clock });
  for (const { path } of games) {
    assert.equal((await whileTimePasses(clock, frontend.launch(path))).path, path);
  }
  assert.deepEqual(station.launched, games.map(({ path }) => path));
});

Deno.test("launch() says that an unknown path starts nothing, though it is answered with 200", async () => {
  for (const running of [undefined, METROID]) {
    const { frontend, station, clock } = world();
    station.play(running);
    const startMs = clock.monotonicMs();
    await assertRefuses(whileTimePasses(clock, frontend.launch("/userdata/x.zip")), "not_found");
    const tookMs = clock.monotonicMs() - startMs;
    assert.ok(tookMs >= LAUNCH_LIMIT_MS && tookMs < LAUNCH_LIMIT_MS + 5 * RUNNING_POLL_MS);
    assert.equal(station.running, running);
  }
});

Deno.test("stop() returns when nothing runs any more", async () => {
  const { frontend, station, clock } = world();
  await frontend.stop();
  assert.deepEqual(station.asked, ["GET /runningGame"]);
  station.play(ZELDA);
  station.slowness = 2;
  await whileTimePasses(clock, frontend.stop());
  assert.equal(station.running, undefined);
});

Deno.test("stop() says that a game goes on", async () => {
  const { frontend, station, clock } = world();
  station.play(ZELDA);
  station.isStubborn = true;
  const startMs = clock.monotonicMs();
  await assertRefuses(whileTimePasses(clock, frontend.stop()), "conflict");
  assert.ok(clock.monotonicMs() - startMs >= GAME_END_LIMIT_MS);
});

Deno.test("notify() shows one line that is not too long", async () => {
  const { frontend, station } = world();
  await frontend.notify("a\nb \u001b[1m c");
  await frontend.notify("x".repeat(MAX_NOTICE_CHARS + 1));
  await frontend.notify(" \n ");
  assert.deepEqual(station.notices, ["a b [1m c", "x".repeat(MAX_NOTICE_CHARS)]);
});

const QUESTIONS: [string, (frontend: Frontend, signal: AbortSignal) => Promise<unknown>][] = [
  ["systems", (frontend, signal) => frontend.systems(signal)],
  ["games", (frontend, signal) => gamesOf(frontend.games("snes", signal))],
  ["runningGame", (frontend, signal) => frontend.runningGame(signal)],
  ["launch", (frontend, signal) => frontend.launch(ZELDA.path, signal)],
  ["stop", (frontend, signal) => frontend.stop(signal)],
];
const FAULTS: FakeFault[] = ["hang", "stall", "html", "stranger", "cut", "refuse", "forbidden"];
for (const [name, question] of QUESTIONS) {
  for (const fault of FAULTS) {
    Deno.test(`${name}() is unavailable where the frontend behaves like "${fault}"`, async () => {
      const { frontend, station, clock, never } = world();
      station.faults.set("*", fault);
      const startMs = clock.monotonicMs();
      await assertRefuses(whileTimePasses(clock, question(frontend, never)), "unavailable");
      const limitMs = name === "games" ? LIST_PIECE_LIMIT_MS : ANSWER_LIMIT_MS;
      const tookMs = clock.monotonicMs() - startMs;
      assert.ok(tookMs <= LIST_PIECE_LIMIT_MS + 5 * RUNNING_POLL_MS, `${tookMs} ms`);
      if (fault === "hang") assert.ok(tookMs >= limitMs && tookMs <= limitMs + RUNNING_POLL_MS);
      assert.equal(clock.timerCount, 0);
    });
  }

  Deno.test(`${name}() ends with its signal`, async () => {
    const { frontend, station, clock } = world();
    station.faults.set("*", "hang");
    const stop = new AbortController();
    const work = question(frontend, stop.signal);
    const reason = new Error("enough");
    stop.abort(reason);
    await assert.rejects(work, reason);
    await assert.rejects(question(frontend, stop.signal), reason);
    assert.equal(clock.timerCount, 0);
  });
}

Deno.test("launch() and stop() end with their signal while they wait", async () => {
  const { frontend, station, clock } = world();
  station.slowness = 100;
  const stop = new AbortController();
  const launched = frontend.launch(ZELDA.path, stop.signal);
  await until("it waits", () => clock.timerCount === 1 && station.launched.length === 1);
  stop.abort(new Error("enough"));
  await assert.rejects(launched, /enough/);
  assert.equal(clock.timerCount, 0);
});

Deno.test("endless answers are read up to their bound", async () => {
  for (
    const [name, maxBytes, ask] of [
      ["systems", MAX_ANSWER_BYTES, (of: Frontend, signal: AbortSignal) => of.systems(signal)],
      [
        "games",
        MAX_GAMES_BYTES,
        (of: Frontend, signal: AbortSignal) => gamesOf(of.games("snes", signal)),
      ],
    ] as const
  ) {
    let sent = 0;
    const block = new Uint8Array(1024 ** 2).fill(32);
    block[0] = 91;
    const frontend = createEmulationStation({
      clock: new FakeClock(),
      fetch: () =>
        Promise.resolve(
          new Response(
            new ReadableStream({
              pull(to): void {
                sent += block.length;
                to.enqueue(block.slice());
                block[0] = 32;
              },
            }),
          ),
        ),
    });
    await assertRefuses(ask(frontend, new AbortController().signal), "unavailable");
    assert.ok(sent <= maxBytes + 4 * block.length, `${name}: ${sent} bytes`);
  }
});

Deno.test("the client speaks to a real socket, and to loopback alone", async () => {
  const { station } = world();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => station.handle(request),
  );
  const urls: string[] = [];
  const frontend = createEmulationStation({
    clock: new FakeClock(),
    fetch: (url, init) => {
      urls.push(url);
      return fetch(url.replace(":1234/", `:${server.addr.port}/`), init);
    },
  });
  station.play(ZELDA);
  assert.equal((await frontend.runningGame())?.path, ZELDA.path);
  assert.equal((await frontend.systems(new AbortController().signal)).length, 1);
  await frontend.notify("Größe ゼ");
  assert.deepEqual(station.notices, ["Größe ゼ"]);
  for (const url of urls) assert.match(url, /^http:\/\/127\.0\.0\.1:1234\//);
  await server.shutdown();
});
