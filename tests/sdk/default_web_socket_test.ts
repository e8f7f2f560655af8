// What makes sockets where the app names nothing.

import assert from "node:assert/strict";
import { connectPlain, provideWebSocket } from "../../src/sdk/connect.ts";
import { expectClientError } from "./expect_client_error.ts";
import { FakeWebSocket } from "./fake_web_socket.ts";

Deno.test("without the platform's WebSocket that which was provided is used, and else the error says so", async () => {
  const url = "ws://192.168.1.5:7497/api/v0.1";
  const platform = globalThis.WebSocket;
  Reflect.deleteProperty(globalThis, "WebSocket");
  try {
    await expectClientError(connectPlain({ url }), "no_web_socket");
    const socket = new FakeWebSocket();
    socket.peer = () => socket.deliver("pong");
    const made: string[] = [];
    provideWebSocket((address) => {
      made.push(address);
      queueMicrotask(() => socket.open());
      return socket;
    });
    const connection = await connectPlain({ url });
    assert.deepEqual(made, [url]);
    connection.close();

    const used: string[] = [];
    class PlatformSocket extends FakeWebSocket {
      constructor(address: string) {
        super();
        used.push(address);
        this.peer = () => this.deliver("pong");
        queueMicrotask(() => this.open());
      }
    }
    globalThis.WebSocket = PlatformSocket as unknown as typeof WebSocket;
    (await connectPlain({ url })).close();
    assert.deepEqual([used, made], [[url], [url]], "The platform's own comes first");
  } finally {
    globalThis.WebSocket = platform;
  }
});
