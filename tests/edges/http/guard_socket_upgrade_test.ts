import assert from "node:assert/strict";
import { answerUpgrade, encodeUpgradeHead } from "../../../src/edges/http/guard/socket_upgrade.ts";

// The example of RFC 6455 §1.3.
const ASKED = {
  Upgrade: "WebSocket",
  Connection: "keep-alive, Upgrade",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
};

Deno.test("an upgrade is answered as in RFC 6455 §1.3", () => {
  const answer = answerUpgrade(new Request("http://device/", { headers: ASKED }));
  assert.ok(answer !== undefined);
  assert.equal(answer.status, 101);
  answer.headers.set("X-Request-ID", "abc");
  const head = new TextDecoder().decode(encodeUpgradeHead(answer));
  assert.deepEqual(head.split("\r\n").toSorted(), [
    "",
    "",
    "HTTP/1.1 101 Switching Protocols",
    "connection: Upgrade",
    "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    "upgrade: websocket",
    "x-request-id: abc",
  ]);
  assert.ok(head.startsWith("HTTP/1.1 101 ") && head.endsWith("\r\n\r\n"));
});

const NO_UPGRADES: [string, RequestInit][] = [
  ["without Upgrade", { headers: { ...ASKED, Upgrade: "" } }],
  ["to something else", { headers: { ...ASKED, Upgrade: "h2c" } }],
  ["without Connection", { headers: { ...ASKED, Connection: "keep-alive" } }],
  ["without a key", { headers: { ...ASKED, "Sec-WebSocket-Key": "" } }],
  ["of another version", { headers: { ...ASKED, "Sec-WebSocket-Version": "8" } }],
  ["by POST", { method: "POST", headers: ASKED }],
];
for (const [name, init] of NO_UPGRADES) {
  Deno.test(`an upgrade ${name} is none that the guard answers`, () => {
    assert.equal(answerUpgrade(new Request("http://device/", init)), undefined);
  });
}
