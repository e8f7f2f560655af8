// Sessions over real sockets: a client that opens too many, and one that was deleted.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { DEFAULT_SESSIONS_PER_CLIENT } from "../../src/features/session/live_connections.ts";
import { connect, pair } from "../../src/sdk/connect.ts";
import { expectClientError } from "../sdk/expect_client_error.ts";
import { openSocket, pairPhone, ReferencePhone, replay } from "../support/reference_phone.ts";
import { ReferenceSession } from "../support/reference_protocol.ts";
import { callLocal, openPairing, withService } from "../support/service_process.ts";

Deno.test("the ninth session of a client closes its first with code 4000 and says why", async () => {
  await withService({}, async ({ baseUrl }) => {
    const pairing = await pairPhone(baseUrl, { pin: await openPairing(baseUrl) });
    const closes: string[] = [];
    const connectAs = async (name: string): Promise<ReferencePhone> => {
      const socket = await openSocket(baseUrl);
      socket.addEventListener("close", ({ code, reason }) => {
        closes.push(`${name}: ${code} ${reason}`);
      });
      const { authToken, pairingKey } = pairing;
      const salt = randomBytes(16);
      const session = new ReferenceSession({ pairingKey, authToken, salt, envelope: "json" });
      const phone = new ReferencePhone(socket, session);
      await phone.call("version");
      return phone;
    };
    const first = await connectAs("1");
    const others: ReferencePhone[] = [];
    for (let n = 2; n <= DEFAULT_SESSIONS_PER_CLIENT; n++) {
      others.push(await connectAs(String(n)));
    }
    assert.equal(DEFAULT_SESSIONS_PER_CLIENT, 8);
    assert.deepEqual(closes, []);
    others.push(await connectAs("9"));
    assert.equal(await first.closed, 4000);
    for (const phone of others) {
      await phone.call("version");
    }
    assert.deepEqual(closes, ["1: 4000 replaced by a newer connection"]);
    await Promise.all(others.map((phone) => phone.close()));
  });
});

for (const envelope of ["json", "binary"] as const) {
  Deno.test(`a deleted client hears -32002 to its first ${envelope} frame, and the SDK says to pair again`, async () => {
    await withService({}, async ({ baseUrl }) => {
      const pin = await openPairing(baseUrl);
      const credentials = await pair({ baseUrl, pin, name: "Phone" });
      const { clientId, authToken, pairingKey } = credentials;
      const url = `${baseUrl.replace("http", "ws")}/api/v0.1`;
      const connection = await connect({ url, credentials, envelope });
      await callLocal(baseUrl, "clients.delete", { clientId });
      await connection.closed;

      const salt = randomBytes(16);
      const session = new ReferenceSession({ pairingKey, authToken, salt, envelope });
      const { code, received } = await replay(baseUrl, [session.seal("ping")]);
      assert.equal(code, 1008);
      assert.equal(received.length, 1);
      const answer = JSON.parse(String(received[0]));
      assert.deepEqual([answer.id, answer.error.code], [null, -32002]);

      const connecting = connect({ url, credentials, envelope });
      const error = await expectClientError(connecting, "client_removed");
      assert.match(error.message, /pair again/);
    });
  });
}
