// What the checks of one run share: the way to the device, time, and what was learned on the way.

import { asError } from "../../base/app_error.ts";
import type { Clock } from "../../base/clock.ts";
import type { Bytes } from "../../base/bytes.ts";
import type { RandomSource } from "../../base/random.ts";
import { Deviation, quoted, Unjudged } from "./deviation.ts";
import type { DeviceWire, WireAnswer, WireRequest } from "./device_wire.ts";
import { type JudgedSocket, listenToSocket } from "./judged_socket.ts";

/** The path of the API that the checks use where it does not matter. */
export const API_PATH = "/api/v0.1";

/** How long to wait before a request that was one too many is made again, in milliseconds. */
export const PATIENCE_MS = 1100;

const MAX_TRIES = 30;

/** What a pairing leaves. */
export interface PairedClient {
  /** The token. */
  readonly authToken: string;
  /** The id by which the owner knows it. */
  readonly clientId: string;
  /** Its name. */
  readonly name: string;
  /** The 32-byte key. */
  readonly pairingKey: Bytes;
}

/** What was measured, in milliseconds, by what it is. */
export type Samples = Map<string, number[]>;

/** Options of {@linkcode createStage}. */
export interface StageOptions {
  /** The way to the device. */
  wire: DeviceWire;
  /** The next PIN that the device shows, undefined where there is none. */
  nextPin: () => Promise<string | undefined>;
  clock: Clock;
  random: RandomSource;
  /** How long the device may take to answer or to close, in milliseconds. */
  limitMs: number;
  /** How many starts of each kind are compared by their time. */
  timedStarts: number;
  /** How many sessions are opened to be timed. */
  timedSessions: number;
  /** How many calls are made to be timed. */
  timedCalls: number;
}

/** What the checks of a run share. */
export interface ConformStage extends StageOptions {
  /** Times by what they are of. */
  readonly samples: Samples;
  /** Clients that were paired, and are to be removed in the end. */
  readonly paired: PairedClient[];
  /** What `version` said, where it was answered. */
  serverVersion: string | undefined;
  /** The client whose sessions are judged. */
  client: PairedClient | undefined;
  /** Whether sessions of that client open. */
  opensSessions: boolean;
  /** Whether the device has let this address wait. */
  wasPaced: boolean;
  /**
   * Sends a request, again where it is one too many; `timedAs` keeps how long the answer took.
   * Deviation where nobody answers.
   */
  request(path: string, request?: WireRequest, timedAs?: string): Promise<WireAnswer>;
  /** Opens a socket; Deviation where the device refuses it. */
  socket(options?: { path?: string; origin?: string }): Promise<JudgedSocket>;
  /** Whether the device accepts a socket. */
  accepts(options: { path?: string; origin?: string }): Promise<boolean>;
  /** Runs `use` with a socket, and closes it. */
  withSocket<Result>(use: (socket: JudgedSocket) => Promise<Result>): Promise<Result>;
  /** Does something and keeps how long it took. */
  timed<Result>(what: string, act: () => Promise<Result>): Promise<Result>;
}

/** A stage on which nothing was learned yet. */
export function createStage(options: StageOptions): ConformStage {
  const { wire, clock, limitMs } = options;
  const samples: Samples = new Map();
  const open = (path: string, origin: string | undefined): Promise<JudgedSocket | undefined> =>
    listenToSocket(wire.openSocket(path, { origin }), { clock, limitMs });
  async function ask(path: string, request?: WireRequest): Promise<WireAnswer> {
    try {
      return await wire.request(path, request);
    } catch (error) {
      throw new Deviation(`gave no answer to ${path}: ${quoted(asError(error).message)}`);
    }
  }
  async function socket(
    { path = API_PATH, origin }: { path?: string; origin?: string } = {},
  ): Promise<JudgedSocket> {
    const peer = await open(path, origin);
    if (peer !== undefined) return peer;
    throw new Deviation(`refused the WebSocket at ${path}`);
  }
  const keep = (what: string, tookMs: number): void => {
    samples.set(what, [...samples.get(what) ?? [], tookMs]);
  };
  return {
    ...options,
    samples,
    paired: [],
    serverVersion: undefined,
    client: undefined,
    opensSessions: false,
    wasPaced: false,
    async request(path, request, timedAs): Promise<WireAnswer> {
      for (let tries = 1;; tries++) {
        const beganMs = clock.monotonicMs();
        const answer = await ask(path, request);
        if (answer.status !== 429) {
          if (timedAs !== undefined) keep(timedAs, clock.monotonicMs() - beganMs);
          return answer;
        }
        this.wasPaced = true;
        if (tries === MAX_TRIES) throw new Unjudged("the device has had too many requests");
        await new Promise<void>((resolve) => clock.after(PATIENCE_MS, resolve));
      }
    },
    socket,
    async accepts({ path = API_PATH, origin }): Promise<boolean> {
      const peer = await open(path, origin);
      peer?.close();
      return peer !== undefined;
    },
    async withSocket<Result>(use: (socket: JudgedSocket) => Promise<Result>): Promise<Result> {
      const peer = await socket();
      try {
        return await use(peer);
      } finally {
        peer.close();
      }
    },
    async timed<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
      const beganMs = clock.monotonicMs();
      const result = await act();
      keep(what, clock.monotonicMs() - beganMs);
      return result;
    },
  };
}

/** Why no session can be judged; undefined where they open. */
export function whyNoSession({ client, opensSessions }: ConformStage): string | undefined {
  if (client === undefined) return "not paired";
  return opensSessions ? undefined : "no session opens";
}

/** Whether the device calls itself Latchkey, which is then held to all that it promises. */
export function isLatchkey({ serverVersion }: Pick<ConformStage, "serverVersion">): boolean {
  return serverVersion?.startsWith("latchkey-") === true;
}
