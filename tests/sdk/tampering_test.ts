// A session ends with the first message that is not the device's next frame (docs/protocol.md §5).

import assert from "node:assert/strict";
import type { Envelope, WireMessage } from "../../src/protocol/v1/frame.ts";
import { settle } from "../support/fake_socket.ts";
import { setUpConnected } from "./connected.ts";
import { expectClientError } from "./expect_client_error.ts";

const ENVELOPES: readonly Envelope[] = ["json", "binary"];

type Tamper = (frame: WireMessage) => WireMessage[];

function flipLastByte(frame: WireMessage): WireMessage {
  const isText = typeof frame === "string";
  const bytes = isText ? Uint8Array.fromBase64(JSON.parse(frame)["e"]) : frame.slice();
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return isText ? JSON.stringify({ e: bytes.toBase64() }) : bytes;
}

const TAMPERS: [name: string, tamper: Tamper][] = [
  ["a changed tag", (frame) => [flipLastByte(frame)]],
  ["a frame left out", () => []],
  ["a frame twice", (frame) => [frame, frame]],
  ["an empty text", (frame) => ["", frame]],
  ["an empty binary message", (frame) => [new Uint8Array(0), frame]],
  ["plaintext", (frame) => ['{"jsonrpc":"2.0","id":1,"result":"forged"}', frame]],
  ["a frame of the other kind", (frame) => [
    typeof frame === "string"
      ? Uint8Array.fromBase64(JSON.parse(frame)["e"])
      : JSON.stringify({ e: frame.toBase64() }),
  ]],
];

for (const envelope of ENVELOPES) {
  for (const [name, tamper] of TAMPERS) {
    Deno.test(`${name} ends a ${envelope} connection for good`, async () => {
      const heard: string[] = [];
      const { socket, session, clock, connection } = await setUpConnected({
        envelope,
        onNotification: (method) => heard.push(method),
      });
      const calls = [connection.call("a"), connection.call("b"), connection.ping()];
      session.send('{"jsonrpc":"2.0","method":"before"}', tamper);
      session.send('{"jsonrpc":"2.0","method":"after"}');
      for (const call of calls) await expectClientError(call, "device_not_authentic");
      await settle();
      assert.ok(!heard.includes("after"), "A frame after the bad one was acted upon");
      const { error, isOwn, code } = await connection.closed;
      assert.deepEqual([error.code, isOwn, code], ["device_not_authentic", false, undefined]);
      assert.equal(socket.closeCount, 1);
      assert.equal(clock.timerCount, 0);
    });
  }
}
