// The main job against the real service, judged by a foreign phone: pair, talk encrypted, restart,
// replay, guess, revoke. Every test reads the whole log afterwards: no secret may be in it.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  connectPhone,
  openSocket,
  pairPhone,
  type PendingPairing,
  type PhonePairing,
  postJson,
  replay,
  startPairing,
} from "../support/reference_phone.ts";
import { ReferencePairingClient } from "../support/reference_protocol.ts";
import {
  callLocal,
  openPairing,
  type ServiceProcess,
  startService,
  withDataDir,
} from "../support/service_process.ts";
import vectors from "../vectors/v1.json" with { type: "json" };

function assertNoSecrets(service: ServiceProcess, ...secrets: readonly string[]): void {
  // There is no terminal, so nothing that the service wrote may have one.
  const output = service.output();
  assert.match(output, /DEBUG/);
  for (const secret of secrets) {
    assert.ok(secret.length >= 6);
    assert.ok(!output.includes(secret), "a secret was written");
  }
}

function secretsOf(pairing: PhonePairing): string[] {
  const key = Buffer.from(pairing.pairingKey);
  return [pairing.authToken, key.toString("base64"), key.toString("hex")];
}

for (const envelope of ["json", "binary"] as const) {
  Deno.test(`a phone pairs, talks in ${envelope}, and still can after a restart`, async () => {
    await withDataDir(async (dataDir) => {
      const settings = "encryption = true";
      let service = await startService({ dataDir, settings });
      const pin = await openPairing(service.baseUrl);
      const pairing = await pairPhone(service.baseUrl, { pin, name: "Téléphone" });
      const phone = await connectPhone(service.baseUrl, pairing, { envelope });
      const answer = await phone.request("version");
      assert.deepEqual((answer["result"] as { encryption: number[] }).encryption, [1]);
      phone.send("ping");
      assert.equal((await phone.waitFor(2))[1], "pong");
      const { clients } = await callLocal(service.baseUrl, "clients") as {
        clients: { clientName: string; role: string }[];
      };
      assert.deepEqual(clients.map(({ clientName, role }) => [clientName, role]), [
        ["Téléphone", "admin"],
      ]);
      const recorded = phone.firstFrame;
      assert.ok(recorded !== undefined);
      const closed = phone.closed;
      assert.deepEqual((await replay(service.baseUrl, [recorded])).received, []);
      assert.equal(await service.stop(), 0);
      assert.equal(await closed, 1001);
      assertNoSecrets(service, pin, ...secretsOf(pairing), "Téléphone");

      service = await startService({ dataDir, settings });
      assert.deepEqual((await replay(service.baseUrl, [recorded])).received, []);
      const again = await connectPhone(service.baseUrl, pairing, { envelope });
      assert.ok("result" in await again.request("health"));
      await again.close();
      assert.equal(await service.stop(), 0);
    });
  });

  Deno.test(`1,000 pipelined requests with answers up to 1 MiB arrive in order (${envelope})`, async () => {
    await withDataDir(async (dataDir) => {
      const service = await startService({ dataDir });
      const pairing = await pairPhone(service.baseUrl, {
        pin: await openPairing(service.baseUrl),
      });
      const phone = await connectPhone(service.baseUrl, pairing, { envelope });
      const large = "x".repeat(1024 * 1024);
      const ids = Array.from({ length: 1000 }, (_, i) => i % 100 === 50 ? `${i} ${large}` : i);
      for (const id of ids) {
        phone.send(JSON.stringify({ jsonrpc: "2.0", id, method: "version" }));
      }
      const answers = (await phone.waitFor(1000)).map((text) => JSON.parse(text));
      assert.ok(answers.every((answer) => answer.result?.version !== undefined));
      assert.deepEqual(
        answers.map(({ id }) => parseInt(id)).sort((a, b) => a - b),
        Array.from({ length: 1000 }, (_, i) => i),
      );
      await phone.close();
      assert.equal(await service.stop(), 0);
    });
  });
}

Deno.test("40 parallel wrong confirms of one address count twice, then a right one is refused", async () => {
  await withDataDir(async (dataDir) => {
    const service = await startService({ dataDir });
    const { baseUrl } = service;
    const pin = await openPairing(baseUrl);
    const wrong = pin === "000000" ? "000001" : "000000";
    const pending: PendingPairing[] = [];
    for (let i = 0; i < 15; i++) pending.push(await startPairing(baseUrl, { pin: wrong }));
    const right = await startPairing(baseUrl, { pin });
    const results = await Promise.all(Array.from({ length: 40 }, (_, i) => {
      const { session, confirm } = pending[i % pending.length] ?? right;
      return postJson(`${baseUrl}/api/pair/finish`, { session, confirm });
    }));
    const statuses = results.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [401, 401, ...Array<number>(38).fill(403)]);
    const { session, confirm } = right;
    const late = await postJson(`${baseUrl}/api/pair/finish`, { session, confirm });
    assert.deepEqual([late.status, late.body], [403, { error: "too many failed attempts" }]);
    const current = await callLocal(baseUrl, "clients.pair.current") as { pin: string };
    assert.equal(current.pin, pin);
    assert.deepEqual(await callLocal(baseUrl, "clients"), { clients: [] });
    await service.stop();
    assertNoSecrets(service, pin, confirm, ...pending.map((phone) => phone.confirm));
  });
});

Deno.test("X = pw·U is answered like any other and fails at finish", async () => {
  await withDataDir(async (dataDir) => {
    const service = await startService({ dataDir });
    const pin = await openPairing(service.baseUrl);
    // With the scalar n, which is 0, the masked share is the mask itself.
    const client = new ReferencePairingClient(pin, "x", 0n);
    const { status, body } = await postJson(`${service.baseUrl}/api/pair/start`, {
      pake: Buffer.from(client.messageA).toString("base64"),
      name: "x",
    });
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body).sort(), ["pake", "session"]);
    const result = client.finish(Buffer.from(String(body["pake"]), "base64"));
    const finished = await postJson(`${service.baseUrl}/api/pair/finish`, {
      session: body["session"],
      confirm: Buffer.from(result.confirm).toString("base64"),
    });
    assert.equal(finished.status, 401);
    await service.stop();
  });
});

Deno.test("the messages of the vectors get the statuses of the vectors", async () => {
  await withDataDir(async (dataDir) => {
    const service = await startService({ dataDir });
    await openPairing(service.baseUrl);
    for (const { name, msgA_b64, status } of vectors.pake_messages) {
      const answer = await postJson(`${service.baseUrl}/api/pair/start`, { pake: msgA_b64, name });
      assert.equal(answer.status, status, name);
    }
    await service.stop();
  });
});

Deno.test("deleting a client cuts its live connection at once", async () => {
  await withDataDir(async (dataDir) => {
    const service = await startService({ dataDir, settings: "encryption = true" });
    const pairing = await pairPhone(service.baseUrl, { pin: await openPairing(service.baseUrl) });
    const phone = await connectPhone(service.baseUrl, pairing);
    await phone.request("version");
    await callLocal(service.baseUrl, "clients.delete", { clientId: pairing.clientId });
    await phone.closed;
    const again = await connectPhone(service.baseUrl, pairing);
    again.send("ping");
    await again.closed;
    assert.deepEqual(again.received, []);
    await service.stop();
    assertNoSecrets(service, ...secretsOf(pairing));
  });
});

Deno.test("clients.paired is broadcast to everybody connected", async () => {
  await withDataDir(async (dataDir) => {
    const service = await startService({ dataDir });
    const local = await openSocket(service.baseUrl);
    // A local peer hears of nothing before it has said something.
    const answered = new Promise<void>((resolve) => {
      local.onmessage = () => resolve();
    });
    local.send("ping");
    await answered;
    const told: string[] = [];
    const heard = new Promise<string>((resolve) => {
      local.onmessage = ({ data }) => {
        told.push(JSON.parse(data).method);
        if (told.at(-1) === "clients.paired") resolve(data);
      };
    });
    const pairing = await pairPhone(service.baseUrl, {
      pin: await openPairing(service.baseUrl),
      name: "Heard",
    });
    assert.deepEqual(JSON.parse(await heard), {
      jsonrpc: "2.0",
      method: "clients.paired",
      params: { clientId: pairing.clientId, clientName: "Heard" },
    });
    assert.deepEqual(told, ["clients.pair.opened", "clients.paired"]);
    const closed = new Promise((resolve) => {
      local.onclose = resolve;
    });
    local.close();
    await closed;
    await service.stop();
  });
});
