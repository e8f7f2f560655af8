// An EmulationStation of the Batocera family, as its own documentation has it: no authentication,
// HTML for what it does not know, 201 where nothing runs, and 200 for a launch whatever the path.

/** A game of the fake. */
export interface FakeGame {
  readonly path: string;
  readonly name: string;
  readonly [key: string]: string;
}

/** A system of the fake. */
export interface FakeSystem {
  readonly name: string;
  readonly fullname: string;
  readonly games: readonly FakeGame[];
  readonly collection?: boolean;
}

/** How the fake behaves instead of answering. */
export type FakeFault =
  /** Takes the question and says nothing. */
  | "hang"
  /** Begins its answer and says nothing more. */
  | "stall"
  /** Answers with a page, as a proxy or another program does. */
  | "html"
  /** Another program's JSON. */
  | "stranger"
  /** An answer without an end. */
  | "endless"
  /** Cuts its answer in the middle. */
  | "cut"
  /** Is not there. */
  | "refuse"
  /** Is closed to this address. */
  | "forbidden";

/** The fake; `fetch` asks it without a socket, and `handle` serves it. */
export class FakeEmulationStation {
  readonly systems: readonly FakeSystem[];
  /** What it was asked, as "METHOD /path". */
  readonly asked: string[] = [];
  /** What it has shown. */
  readonly notices: string[] = [];
  /** Every launched path, known or not. */
  readonly launched: string[] = [];
  /** The fault of each path; "*" is that of all. */
  readonly faults = new Map<string, FakeFault>();
  /** How many questions for what runs it takes until a launched game runs, or a killed one ends. */
  slowness = 0;
  /** How it writes the path of what runs. */
  spell = (path: string): string => path;
  /** Whether it cannot end games. */
  isStubborn = false;
  #running: FakeGame | undefined;
  #next: { game: FakeGame | undefined; questions: number } | undefined;

  constructor(systems: readonly FakeSystem[] = []) {
    this.systems = systems;
  }

  /** What runs. */
  get running(): FakeGame | undefined {
    return this.#running;
  }

  /** Starts or ends a game as the player does at the device. */
  play(game: FakeGame | undefined): void {
    this.#running = game;
  }

  /** Asks the fake as fetch would. */
  readonly fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const signal = init.signal ?? undefined;
    if (signal?.aborted === true) throw signal.reason;
    const { promise, reject } = Promise.withResolvers<never>();
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.catch(() => {});
    const { signal: _signal, ...others } = init;
    const response = await Promise.race([this.handle(new Request(url, others)), promise]);
    return endingWith(response, signal);
  };

  /** Answers a request as the real one does. */
  async handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    this.asked.push(`${request.method} ${pathname}`);
    const body = await request.text();
    const fault = this.faults.get(pathname) ?? this.faults.get("*");
    if (fault !== undefined) return await faulty(fault);
    if (request.method === "POST" && body === "" && /^\/(launch|notify)$/.test(pathname)) {
      return html("400 bad request - body is missing", 400);
    }
    const [, system, ending] = /^\/systems\/([^/]+)(\/games)?$/.exec(pathname) ?? [];
    if (system !== undefined && ending !== undefined) {
      return this.#games(decodeURIComponent(system));
    }
    switch (`${request.method} ${pathname}`) {
      case "GET /caps":
        return json({ Version: "41", SystemLoaded: true });
      case "GET /systems":
        return json(this.systems.map(describe));
      case "GET /runningGame":
        return this.#runningGame();
      case "GET /emukill":
        if (!this.isStubborn) this.#change(undefined);
        return new Response(null);
      case "POST /notify":
        this.notices.push(body);
        return new Response(null);
      case "POST /launch":
        this.#launch(body);
        return new Response(null);
      default:
        return html("404 not found", 404);
    }
  }

  #games(name: string): Response {
    const system = this.systems.find((one) => one.name === name);
    if (system === undefined) return html("404 system not found", 404);
    return json(system.games.map((game, at) => ({ id: `id${at}`, ...game })));
  }

  #runningGame(): Response {
    if (this.#next !== undefined && this.#next.questions-- <= 0) {
      this.#running = this.#next.game;
      this.#next = undefined;
    }
    if (this.#running === undefined) return json({ msg: "NO GAME RUNNING" }, 201);
    const system = this.systems.find(({ games }) =>
      games.some(({ path }) => path === this.#running?.path)
    );
    const { path } = this.#running;
    return json({ id: "id", systemName: system?.name, ...this.#running, path: this.spell(path) });
  }

  #launch(path: string): void {
    this.launched.push(path);
    const game = this.systems.flatMap(({ games }) => games).find((one) => one.path === path);
    if (game !== undefined) this.#change(game);
  }

  #change(game: FakeGame | undefined): void {
    this.#next = { game, questions: this.slowness };
  }
}

function describe(system: FakeSystem): object {
  const { name, fullname, games, collection = false } = system;
  return {
    name,
    fullname,
    hardwareType: "console",
    extensions: [".zip"],
    visible: "true",
    collection: String(collection),
    gamesystem: String(!collection),
    groupsystem: "false",
    totalGames: games.length,
  };
}

async function faulty(fault: FakeFault): Promise<Response> {
  switch (fault) {
    case "hang":
      return await new Promise<Response>(() => {});
    case "stall":
      return new Response(streamOf("[", () => {}));
    case "endless":
      return new Response(streamOf("[", (to) => to.enqueue(new Uint8Array(65_536).fill(32))));
    case "cut":
      return new Response(streamOf('[{"path": "/a", "na', (to) => to.close()));
    case "html":
      return html("<!DOCTYPE html><title>Sign in</title>", 200);
    case "stranger":
      return json({ error: "Unexpected endpoint or method" });
    case "forbidden":
      return html("403 - Forbidden", 403);
    case "refuse":
      throw new TypeError("error sending request: Connection refused");
  }
}

function streamOf(
  start: string,
  pull: (to: ReadableStreamDefaultController<Uint8Array>) => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (to) => to.enqueue(new TextEncoder().encode(start)),
    pull: async (to) => {
      await Promise.resolve();
      pull(to);
    },
  });
}

// As fetch does, a body ends with its signal.
function endingWith(response: Response, signal: AbortSignal | undefined): Response {
  if (response.body === null || signal === undefined) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    start(to): void {
      signal.addEventListener("abort", () => {
        reader.cancel().catch(() => {});
        to.error(signal.reason);
      }, { once: true });
    },
    async pull(to): Promise<void> {
      const { done, value } = await reader.read();
      if (signal.aborted) return;
      if (done) to.close();
      else to.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, { status: response.status, headers: response.headers });
}

function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value, null, 4), {
    status,
    headers: { "content-type": "application/json" },
  });
}

function html(text: string, status: number): Response {
  return new Response(text, { status, headers: { "content-type": "text/html" } });
}
