// Apps over the SDK and the real service in one process: both ends of a WebSocket without a network.

import type { WebSocketLike } from "../../src/sdk/connect.ts";
import type { WireMessage } from "../../src/protocol/v1/frame.ts";

type Request = (path: string, init: RequestInit & { from?: string }) => Promise<Response>;

/** Sockets between apps and a service in this process. */
export interface SdkSockets {
  /** What stands in for the platform's upgrade. */
  upgrade: typeof Deno.upgradeWebSocket;
  /** Makes an app's socket to the service behind `request`, from another host or the device itself. */
  webSocket(
    request: Request,
    from?: string,
    headers?: Readonly<Record<string, string>>,
  ): (url: string) => WebSocketLike;
}

class AppEnd implements WebSocketLike {
  binaryType = "arraybuffer";
  onopen: ((event: never) => unknown) | null = null;
  onmessage: ((event: never) => unknown) | null = null;
  onclose: ((event: never) => unknown) | null = null;
  onerror: ((event: never) => unknown) | null = null;
  device: DeviceEnd | undefined;

  send(message: WireMessage): void {
    this.device?.onmessage?.({ data: dataOf(message) });
  }

  close(): void {
    this.device?.closed();
  }
}

class DeviceEnd {
  readonly bufferedAmount = 0;
  binaryType = "arraybuffer";
  onopen: (() => void) | undefined;
  onmessage: ((event: { data: unknown }) => void) | undefined;
  onclose: (() => void) | undefined;
  #isClosed = false;
  readonly #app: AppEnd;

  constructor(app: AppEnd) {
    this.#app = app;
  }

  get readyState(): number {
    return this.#isClosed ? WebSocket.CLOSED : WebSocket.OPEN;
  }

  send(message: WireMessage): void {
    const data = dataOf(message);
    queueMicrotask(() => this.#app.onmessage?.({ data } as never));
  }

  close(code = 1005): void {
    if (this.#isClosed) return;
    this.closed();
    // Behind what was sent before.
    queueMicrotask(() => this.#app.onclose?.({ code } as never));
  }

  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.onclose?.();
  }
}

function dataOf(message: WireMessage): string | ArrayBuffer {
  return typeof message === "string" ? message : new Uint8Array(message).buffer;
}

/** Sockets for one service. */
export function sdkSockets(): SdkSockets {
  const waiting: AppEnd[] = [];
  return {
    upgrade: () => {
      const app = waiting.shift();
      if (app === undefined) throw new TypeError("No app asked for a socket");
      const device = new DeviceEnd(app);
      app.device = device;
      queueMicrotask(() => {
        device.onopen?.();
        app.onopen?.({} as never);
      });
      return {
        socket: device as unknown as WebSocket,
        response: new Response(null, { status: 101 }),
      };
    },
    webSocket: (request, from, more = {}) => (url) => {
      const app = new AppEnd();
      waiting.push(app);
      const headers = { ...more, Upgrade: "websocket", Connection: "Upgrade" };
      const init = from === undefined ? { headers } : { headers, from };
      void request(new URL(url).pathname, init).then(async (response) => {
        await response.body?.cancel();
        if (response.status === 101) return;
        // Nobody upgrades for it any more.
        waiting.splice(waiting.indexOf(app), 1);
        app.onerror?.({} as never);
      });
      return app;
    },
  };
}
