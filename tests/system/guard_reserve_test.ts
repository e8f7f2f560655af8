// What the guard does with its reserves for pairing and for addresses of clients; on real sockets.

import assert from "node:assert/strict";
import { guardTest, until } from "./guard_fixture.ts";
import { ask, askFrom, RawPeer, requestBytes } from "./guard_peer.ts";

guardTest("a pairing request has a slot of its own until it is answered", {
  maxUnknown: 2,
  reservedForPairing: 1,
  reservedForFamiliar: 0,
}, async (server) => {
  const phone = await RawPeer.connect(server.port);
  await phone.send(requestBytes("/pairing"));
  await server.firstRequest;
  const stranger = await askFrom("127.0.0.2", server.port);
  const { unknown, evicted } = server.guard.counts();
  assert.deepEqual([unknown, evicted], [2, 0]);
  await phone.until((text) => text.endsWith("paired"));
  // Answered, it is one of the strangers again, for whom there is one slot.
  await until(() => server.guard.counts().evicted === 1);
  assert.equal(server.guard.counts().unknown, 1);
  stranger.close();
  phone.close();
});

guardTest("an address from which a client came has the reserve beside its own share", {
  maxUnknownPerAddress: 1,
  reservedForFamiliar: 1,
}, async (server) => {
  const client = await ask(server.port, "/remember");
  client.close();
  await (await server.firstRequest).connection.closed;
  const first = await ask(server.port, "/address");
  const second = await ask(server.port, "/address");
  assert.equal(server.guard.counts().evicted, 0);
  const third = await ask(server.port, "/address");
  assert.equal(server.guard.counts().evicted, 1);
  for (const peer of [first, second, third]) peer.close();
});
