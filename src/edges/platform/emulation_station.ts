// The HTTP API of the EmulationStation of the Batocera family, on this machine alone. Anybody may hold
// its port, so nothing is believed that is not of its form, and nothing is waited for without end.

import { AppError, toAppError } from "../../base/app_error.ts";
import type { Clock } from "../../base/clock.ts";
import { asJsonObject, parseJsonObject } from "../../base/json.ts";
import { oneLine } from "../../features/library/file_title.ts";
import type {
  Frontend,
  FrontendGame,
  FrontendSystem,
  RunningGame,
} from "../../features/library/frontend.ts";
import { splitJsonArray } from "../../features/library/json_array.ts";

/** Where it listens: by default on IPv4's loopback address alone. */
export const EMULATION_STATION_ORIGIN = "http://127.0.0.1:1234";

/** How long an answer may take, in milliseconds. */
export const ANSWER_LIMIT_MS = 2_000;

/** How long it may take until the next piece of a list comes, in milliseconds: lists are made first. */
export const LIST_PIECE_LIMIT_MS = 20_000;

/** How long a launched game may take until the frontend says that it runs, in milliseconds. */
export const LAUNCH_LIMIT_MS = 10_000;

/** How long a game may take to end, in milliseconds. */
export const GAME_END_LIMIT_MS = 10_000;

/** The time between two questions for what runs, in milliseconds. */
export const RUNNING_POLL_MS = 200;

/** How long an answer may be, in bytes. */
export const MAX_ANSWER_BYTES: number = 4 * 1024 * 1024;

/** How long the list of a system's games may be, in bytes. */
export const MAX_GAMES_BYTES: number = 64 * 1024 * 1024;

/** How long a shown line may be, in characters. */
export const MAX_NOTICE_CHARS = 200;

/** How many keys of a game's metadata are kept. */
export const MAX_METADATA_KEYS = 64;

/** Asks over the network. */
export type AskFrontend = (url: string, init: RequestInit) => Promise<Response>;

/** Options of {@linkcode createEmulationStation}. */
export interface EmulationStationOptions {
  fetch: AskFrontend;
  clock: Clock;
}

interface Request {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** The EmulationStation of this machine, whether it runs or not. */
export function createEmulationStation(options: EmulationStationOptions): Frontend {
  const { clock } = options;

  async function answerOf(request: Request): Promise<{ status: number; text: string }> {
    using limit = new Limit(clock, request.signal);
    limit.begin(ANSWER_LIMIT_MS);
    try {
      const response = await ask(request, { fetch: options.fetch, signal: limit.signal });
      let text = "";
      for await (const piece of piecesOf(response, { limit, maxBytes: MAX_ANSWER_BYTES })) {
        text += piece;
      }
      return { status: response.status, text };
    } catch (error) {
      throw refusalOf(error, request.signal);
    }
  }

  async function runningGame(signal?: AbortSignal): Promise<RunningGame | undefined> {
    const { status, text } = await answerOf({ method: "GET", path: "/runningGame", signal });
    const told = status === 200 || status === 201 ? parseJsonObject(text) : undefined;
    if (told?.["msg"] === "NO GAME RUNNING") return undefined;
    const { path, name, systemName } = told ?? {};
    if (typeof path !== "string" || !path.startsWith("/")) throw unusable();
    return {
      path,
      name: typeof name === "string" ? name : "",
      systemName: typeof systemName === "string" ? systemName : undefined,
    };
  }

  // Looks until it is so; undefined where that takes too long.
  async function waitForGame(
    isSo: (game: RunningGame | undefined) => boolean,
    { limitMs, signal }: { limitMs: number; signal: AbortSignal | undefined },
  ): Promise<{ game: RunningGame | undefined } | undefined> {
    const endMs = clock.monotonicMs() + limitMs;
    for (;;) {
      const game = await runningGame(signal);
      if (isSo(game)) return { game };
      if (clock.monotonicMs() >= endMs) return undefined;
      await pause(clock, RUNNING_POLL_MS, signal);
    }
  }

  async function tell(request: Request): Promise<void> {
    const { status } = await answerOf(request);
    if (status !== 200) throw unusable();
  }

  return {
    async systems(signal): Promise<FrontendSystem[]> {
      const { status, text } = await answerOf({ method: "GET", path: "/systems", signal });
      const told: unknown = status === 200 ? parseJson(text) : undefined;
      if (!Array.isArray(told)) throw unusable();
      return told.flatMap(systemOf);
    },

    async *games(systemName, signal): AsyncGenerator<FrontendGame> {
      using limit = new Limit(clock, signal);
      limit.begin(LIST_PIECE_LIMIT_MS);
      const path = `/systems/${encodeURIComponent(systemName)}/games`;
      try {
        const request: Request = { method: "GET", path, signal };
        const response = await ask(request, { fetch: options.fetch, signal: limit.signal });
        if (response.status !== 200) {
          await response.body?.cancel();
          throw response.status === 404 ? new AppError("not_found", "No such system") : unusable();
        }
        const pieces = piecesOf(response, { limit, maxBytes: MAX_GAMES_BYTES });
        for await (const text of splitJsonArray(pieces)) {
          const game = gameOf(parseJsonObject(text) ?? {});
          if (game !== undefined) yield game;
        }
      } catch (error) {
        throw refusalOf(error, signal);
      }
    },

    runningGame,

    async launch(path, signal): Promise<RunningGame> {
      const before = await runningGame(signal);
      await tell({ method: "POST", path: "/launch", body: path, signal });
      // The frontend may write a path in another way, so another game than before will do.
      const started = await waitForGame(
        (game) => game !== undefined && (game.path === path || game.path !== before?.path),
        { limitMs: LAUNCH_LIMIT_MS, signal },
      );
      if (started?.game !== undefined) return started.game;
      throw new AppError("not_found", "The frontend has started no game");
    },

    async stop(signal): Promise<void> {
      if (await runningGame(signal) === undefined) return;
      await tell({ method: "GET", path: "/emukill", signal });
      const ended = await waitForGame((game) => game === undefined, {
        limitMs: GAME_END_LIMIT_MS,
        signal,
      });
      if (ended === undefined) throw new AppError("conflict", "The game goes on");
    },

    async notify(text, signal): Promise<void> {
      const body = oneLine(text, MAX_NOTICE_CHARS);
      // An empty one is refused.
      if (body !== "") await tell({ method: "POST", path: "/notify", body, signal });
    },
  };
}

/** A time limit that begins anew with each piece, and ends with the caller's signal. */
class Limit {
  readonly signal: AbortSignal;
  readonly #clock: Clock;
  readonly #overdue = new AbortController();
  #cancel = (): void => {};

  constructor(clock: Clock, outer: AbortSignal | undefined) {
    this.#clock = clock;
    this.signal = outer === undefined
      ? this.#overdue.signal
      : AbortSignal.any([outer, this.#overdue.signal]);
  }

  begin(limitMs: number): void {
    this.end();
    this.#cancel = this.#clock.after(limitMs, () => this.#overdue.abort());
  }

  end(): void {
    this.#cancel();
  }

  [Symbol.dispose](): void {
    this.end();
  }
}

async function ask(
  { method, path, body }: Request,
  { fetch, signal }: { fetch: AskFrontend; signal: AbortSignal },
): Promise<Response> {
  signal.throwIfAborted();
  return await fetch(EMULATION_STATION_ORIGIN + path, {
    method,
    signal,
    redirect: "manual",
    ...(body === undefined ? {} : { body, headers: { "content-type": "text/plain" } }),
  });
}

// What is read counts, and the time between two pieces; not the time that the reader takes.
async function* piecesOf(
  response: Response,
  { limit, maxBytes }: { limit: Limit; maxBytes: number },
): AsyncGenerator<string> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let left = maxBytes;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      left -= value.length;
      if (left < 0) throw unusable();
      limit.end();
      yield decoder.decode(value, { stream: true });
      limit.begin(LIST_PIECE_LIMIT_MS);
    }
    yield decoder.decode();
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function systemOf(told: unknown): FrontendSystem[] {
  const { name, fullname, collection, gamesystem, groupsystem } = asJsonObject(told) ??
    {};
  if (typeof name !== "string" || name === "") return [];
  // Favourites and other lists of games that belong to other systems.
  if (isYes(collection) || isYes(groupsystem) || gamesystem === "false") return [];
  return [{
    name,
    fullName: typeof fullname === "string" && fullname !== "" ? fullname : name,
  }];
}

function gameOf(told: Readonly<Record<string, unknown>>): FrontendGame | undefined {
  const { path, name, ...others } = told;
  if (typeof path !== "string" || !path.startsWith("/")) return undefined;
  const texts = Object.entries(others)
    .filter((entry): entry is [string, string] => typeof entry[1] === "string")
    .slice(0, MAX_METADATA_KEYS);
  return {
    path,
    name: typeof name === "string" ? name : "",
    metadata: Object.fromEntries(texts),
  };
}

function isYes(value: unknown): boolean {
  return value === "true" || value === true;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// Who has ended the question hears of it as such.
function refusalOf(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  const refusal = toAppError(error);
  if (refusal.code !== "internal") return refusal;
  return new AppError("unavailable", "No EmulationStation answers", { cause: error });
}

function unusable(): AppError {
  return new AppError("unavailable", "What answers is no EmulationStation");
}

function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, () => {
    signal?.removeEventListener("abort", stop);
    resolve();
  });
  const stop = (): void => {
    cancel();
    reject(signal?.reason);
  };
  signal?.addEventListener("abort", stop, { once: true });
  return promise;
}
