// How the page reaches its device: the SDK with the addresses that follow from the page's own. The
// one place of the page that knows the SDK's functions, whose ciphers and curve begin with the first
// use: what is shown does not wait for them.

import type { Connection, Credentials } from "../sdk/connect.ts";

/** The time between two requests of pairing, in milliseconds (docs/protocol.md §9). */
export const PAIRING_PACE_MS = 1050;

const TRIES_LEFT = "Latchkey-Tries-Left";

/** Opens connections to the device that served the page. */
export interface DeviceDoor {
  /** Pairs; ClientError of the SDK, with `closedForS` where the device says how long. */
  pair(options: { pin: string; name: string }): Promise<Credentials>;
  /** Connects as a paired client, or without credentials as the device itself. */
  connect(
    credentials: Credentials | undefined,
    heard: (method: string, params: unknown) => void,
  ): Promise<Connection>;
  /** For how many seconds pairing stays closed, as the device said with its last refusal. */
  closedForS(): number | undefined;
  /** How many tries this phone has left, as the device said with its last refusal. */
  triesLeft(): number | undefined;
}

/** Options of {@linkcode createDoor}. */
export interface DoorOptions {
  /** The page's address, such as "http://192.168.1.5:7497/app/". */
  pageUrl: string;
  /** Sends requests. */
  fetch: (url: string, request: RequestInit) => Promise<Response>;
  /** Time, in milliseconds since some moment. */
  nowMs: () => number;
  /** Resolves later. */
  wait: (delayMs: number) => Promise<void>;
}

/** The door of the device that served the page. */
export function createDoor(options: DoorOptions): DeviceDoor {
  const { pageUrl, nowMs, wait } = options;
  const baseUrl = new URL("../", pageUrl).href;
  const url = new URL("api/v0.1", baseUrl.replace(/^http/, "ws")).href;
  let closedForS: number | undefined;
  let triesLeft: number | undefined;
  let nextRequestMs = 0;
  return {
    async pair({ pin, name }): Promise<Credentials> {
      closedForS = undefined;
      triesLeft = undefined;
      const { pair } = await import("../sdk/pair.ts");
      return await pair({
        baseUrl,
        pin,
        name,
        fetch: async (address, request) => {
          // The device takes one of these requests a second; browsers log each that it refuses.
          const waitMs = nextRequestMs - nowMs();
          if (waitMs > 0) await wait(waitMs);
          const response = await options.fetch(address, request);
          nextRequestMs = nowMs() + PAIRING_PACE_MS;
          const retryAfterS = Number(response.headers.get("Retry-After") ?? NaN);
          if (response.status === 400 && retryAfterS > 0) closedForS = retryAfterS;
          const left = response.headers.get(TRIES_LEFT) ?? "";
          if (response.status === 401 && /^\d$/.test(left)) triesLeft = Number(left);
          return response;
        },
      });
    },
    async connect(credentials, heard): Promise<Connection> {
      const { connect, connectPlain } = await import("../sdk/connect.ts");
      return credentials === undefined
        ? await connectPlain({ url, onNotification: heard })
        : await connect({ url, credentials, envelope: "binary", onNotification: heard });
    },
    closedForS: () => closedForS,
    triesLeft: () => triesLeft,
  };
}
