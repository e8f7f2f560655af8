import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import { Connection } from "../../../src/features/session/connection.ts";
import { type Holder, LiveConnections } from "../../../src/features/session/live_connections.ts";
import { CLOSE_CODES } from "../../../src/features/session/socket.ts";
import { StrangerRoom } from "../../../src/features/session/stranger_room.ts";
import { TurnBudget } from "../../../src/features/session/turn_budget.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeSocket } from "../../support/fake_socket.ts";

function open(live: LiveConnections, holder?: Holder): [FakeSocket, Connection] {
  const socket = new FakeSocket();
  const connection = new Connection({
    socket,
    address: "10.0.0.2",
    connectionId: "c",
    openSession: () => assert.fail("no frame is sent"),
    isPaired: () => true,
    requests: () => ({ handle: () => Promise.resolve(undefined), busy: () => undefined }),
    isLocal: false,
    strangers: new StrangerRoom(),
    mustEncrypt: () => false,
    plaintextErrors: { encryptionRequired: "", unsupportedVersion: "" },
    turn: new TurnBudget(new FakeClock()),
    clock: new FakeClock(),
    log: silentLogger,
    events: { onEnd: () => live.remove(connection) },
  });
  live.add(connection);
  if (holder !== undefined) live.hold(connection, holder);
  return [socket, connection];
}

function connect(live: LiveConnections, holder?: Holder): FakeSocket {
  return open(live, holder)[0];
}

Deno.test("hold() closes the oldest of a client or key that has too many, and no other", () => {
  const live = new LiveConnections(2);
  const stranger = connect(live);
  const other = connect(live, { clientId: "b" });
  const own = Array.from({ length: 4 }, () => connect(live, { clientId: "a" }));
  const keyed = Array.from({ length: 3 }, () => connect(live, { keyId: "a" }));
  const closed = [stranger, other, ...own, ...keyed].map(({ closedWith }) => closedWith);
  const { replaced } = CLOSE_CODES;
  const open = undefined;
  assert.deepEqual(closed, [open, open, replaced, replaced, open, open, replaced, open, open]);
  assert.equal(own[0]?.closeReason, "replaced by a newer connection");
  assert.equal(live.counts().open, 6);
});

Deno.test("a connection that has ended counts no longer", () => {
  const live = new LiveConnections(2);
  const holder = { clientId: "a" };
  const oldest = connect(live, holder);
  for (let i = 0; i < 3; i++) {
    const [, connection] = open(live, holder);
    connection.ended();
  }
  assert.equal(oldest.closedWith, undefined);
  connect(live, holder);
  assert.equal(oldest.closedWith, undefined);
  connect(live, holder);
  assert.equal(oldest.closedWith, CLOSE_CODES.replaced);
});
