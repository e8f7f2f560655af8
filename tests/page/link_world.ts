// A link of the page without a device: time, chance, the SDK and the browser's store are the test's.

import assert from "node:assert/strict";
import { DeviceLink } from "../../src/page/device_link.ts";
import {
  ClientError,
  type ClientErrorCode,
  type CloseInfo,
  type Connection,
  type Credentials,
} from "../../src/sdk/connect.ts";

/** What a phone has from pairing. */
export const CREDENTIALS: Credentials = {
  clientId: "client-1",
  clientName: "Phone",
  authToken: "token-1",
  pairingKey: new Uint8Array(32),
};
/** What it has from another one. */
export const OTHER: Credentials = { ...CREDENTIALS, clientId: "client-2" };

/** A connection that the test ends. */
export class FakeConnection implements Connection {
  readonly #closed = Promise.withResolvers<CloseInfo>();
  readonly closed = this.#closed.promise;
  isClosed = false;
  pings = 0;
  call(): Promise<never> {
    return Promise.resolve(null as never);
  }
  ping(): Promise<void> {
    this.pings++;
    return Promise.resolve();
  }
  notifications(): ReturnType<Connection["notifications"]> {
    throw new Error("Not read here");
  }
  close(): void {
    this.isClosed = true;
    this.end("connection_closed");
  }
  end(error: ClientErrorCode, code?: number): void {
    this.#closed.resolve({ error: new ClientError(error, ""), code, isOwn: false });
  }
}

/** A link, and all that it meets. */
export interface World {
  readonly link: DeviceLink;
  /** What each next try meets. */
  readonly answers: (FakeConnection | ClientErrorCode)[];
  /** With what each try was made. */
  readonly tries: (Credentials | undefined)[];
  readonly timers: { delayMs: number; run: () => void }[];
  kept: Credentials | undefined;
  /** Whether the browser keeps nothing. */
  isForgetful: boolean;
  changes: number;
  readonly heard: string[];
  notify: (method: string) => void;
}

/** A link that has not begun. */
export function world(
  { kept, isLocal = false, random = 1 }: {
    kept?: Credentials;
    isLocal?: boolean;
    random?: number;
  } = {},
): World {
  const one: World = {
    link: undefined as unknown as DeviceLink,
    answers: [],
    tries: [],
    timers: [],
    kept,
    isForgetful: false,
    changes: 0,
    heard: [],
    notify: () => {},
  };
  const link = new DeviceLink({
    door: {
      pair: ({ name }) => Promise.resolve({ ...CREDENTIALS, clientName: name }),
      connect: (credentials, heard) => {
        one.tries.push(credentials);
        one.notify = (method) => heard(method, {});
        const answer = one.answers.shift() ?? "unreachable";
        return typeof answer === "string"
          ? Promise.reject(new ClientError(answer, ""))
          : Promise.resolve(answer);
      },
      closedForS: () => undefined,
      triesLeft: () => undefined,
    },
    vault: {
      read: () => Promise.resolve(one.kept),
      write: (credentials) => {
        one.kept = credentials;
        return Promise.resolve(!one.isForgetful);
      },
      clear: () => {
        one.kept = undefined;
        return Promise.resolve();
      },
    },
    isLocal,
    heard: (method) => one.heard.push(method),
    changed: () => one.changes++,
    after: (delayMs, run) => {
      const timer = { delayMs, run };
      one.timers.push(timer);
      return () => {
        const at = one.timers.indexOf(timer);
        if (at >= 0) one.timers.splice(at, 1);
      };
    },
    random: () => random,
  });
  return Object.assign(one, { link });
}

/** Lets all go on that waits for nothing. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** Runs the only timer; its delay. */
export async function nextTry({ timers }: World): Promise<number> {
  assert.equal(timers.length, 1);
  const [{ delayMs, run } = { delayMs: 0, run: () => {} }] = timers.splice(0);
  run();
  await settle();
  return delayMs;
}
