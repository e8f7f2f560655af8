// The service on a card whose syncs hang or fail: others go on meanwhile, and nothing is answered that
// is not on the card.

import assert from "node:assert/strict";
import { connectPhone, pairPhone, postJson, startPairing } from "../support/reference_phone.ts";
import { callLocal, openPairing, startService, withDataDir } from "../support/service_process.ts";
import type { ServiceProcess } from "../support/service_process.ts";
import { buildSlowCard, type SlowCardOptions, whyNoSlowCard } from "../support/slow_card.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const whyNot = whyNoSlowCard();

interface World {
  readonly service: ServiceProcess;
  readonly dataDir: string;
  /** Has every sync wait from now on. */
  hold(): Promise<void>;
  /** Resolves when one waits. */
  isHeld(): Promise<void>;
  release(): Promise<void>;
  /** Has every sync fail, or none. */
  fail(isFailing: boolean): Promise<void>;
}

async function withSlowCard(
  options: Omit<SlowCardOptions, "holdFile" | "failFile">,
  test: (world: World) => Promise<void>,
): Promise<void> {
  await withDataDir(async (dataDir) => {
    const folder = await Deno.makeTempDir({ prefix: "latchkey_card_" });
    const [holdFile, failFile] = [`${folder}/hold`, `${folder}/fail`];
    const touch = (path: string): Promise<void> => Deno.writeTextFile(path, "");
    const release = (): Promise<void> => Deno.remove(holdFile).catch(() => {});
    const card = await buildSlowCard(folder);
    const env = card.env({ ...options, holdFile, failFile });
    const service = await startService({ dataDir, env });
    try {
      await test({
        service,
        dataDir,
        hold: () => touch(holdFile),
        isHeld: () => until("a sync waits", () => isThere(`${holdFile}.waiting`)),
        release,
        fail: (isFailing) => isFailing ? touch(failFile) : Deno.remove(failFile),
      });
    } finally {
      await release();
      await service.stop();
      await Deno.remove(folder, { recursive: true });
    }
  });
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function healthOf({ baseUrl }: ServiceProcess): Promise<{ state: unknown; ready: number }> {
  const [health, ready] = await Promise.all([
    fetch(`${baseUrl}/health`),
    fetch(`${baseUrl}/readyz`),
  ]);
  await ready.body?.cancel();
  return { state: (await health.json()).state, ready: ready.status };
}

systemTest("while a sync hangs, set-ups and changes wait for it and everybody else is answered", {
  whyNot,
  run: () =>
    withSlowCard({}, async ({ service, hold, isHeld, release }) => {
      const { baseUrl } = service;
      const pairing = await pairPhone(baseUrl, { pin: await openPairing(baseUrl) });
      const other = await connectPhone(baseUrl, pairing);
      await other.call("version");
      await hold();
      const answered: string[] = [];
      const note = (what: string) => (): void => void answered.push(what);
      const opening = await connectPhone(baseUrl, pairing);
      const waiting = [
        opening.call("version").then(note("session")),
        callLocal(baseUrl, "keys.new", { name: "a", scopes: ["rpc"] }).then(note("key")),
        callLocal(baseUrl, "clients.update", { clientId: pairing.clientId, clientName: "New" })
          .then(note("name")),
      ];
      await isHeld();
      for (let n = 0; n < 50; n++) {
        await other.call("version");
        await callLocal(baseUrl, "version");
      }
      assert.deepEqual(answered, []);
      await release();
      await Promise.all(waiting);
      assert.deepEqual(answered.toSorted(), ["key", "name", "session"]);
      await Promise.all([other.close(), opening.close()]);
    }),
});

systemTest("a sync that hangs for long is refused, and the service goes on when it is over", {
  whyNot,
  run: () =>
    withSlowCard({}, async ({ service, hold, isHeld, release }) => {
      const { baseUrl } = service;
      await callLocal(baseUrl, "version");
      await hold();
      const refused = assert.rejects(
        callLocal(baseUrl, "keys.new", { name: "a", scopes: ["rpc"] }),
        /unavailable.*|The device's storage does not answer/,
      );
      await isHeld();
      await refused;
      assert.deepEqual(await healthOf(service), { state: "failed", ready: 503 });
      assert.match(service.output(), /The device's storage does not answer/);
      await release();
      await until("it is ready", async () => (await healthOf(service)).ready === 200);
      assert.match(service.output(), /The device's storage answers again/);
      await callLocal(baseUrl, "keys.new", { name: "b", scopes: ["rpc"] });
    }),
});

systemTest("nothing is answered after a failed sync until the database was opened again", {
  whyNot,
  run: () =>
    withSlowCard({}, async ({ service, fail }) => {
      const { baseUrl } = service;
      const pairing = await pairPhone(baseUrl, { pin: await openPairing(baseUrl) });
      const other = await connectPhone(baseUrl, pairing);
      await other.call("version");
      const pin = await openPairing(baseUrl);
      const second = await startPairing(baseUrl, { pin, name: "Second" });
      await fail(true);
      // The salt was written and is not on the card: no session, and nothing of its request.
      const phone = await connectPhone(baseUrl, pairing);
      await assert.rejects(phone.call("version"), /The connection is closed/);
      assert.deepEqual([await phone.closed, phone.received], [1011, []]);
      assert.deepEqual(await healthOf(service), { state: "failed", ready: 503 });
      const { session, confirm } = second;
      const finish = await postJson(`${baseUrl}/api/pair/finish`, { session, confirm });
      assert.equal(finish.status, 500);
      await assert.rejects(
        callLocal(baseUrl, "keys.new", { name: "a", scopes: ["rpc"] }),
        /The device's storage fails/,
      );
      // Who has a session goes on reading.
      await other.call("version");
      await fail(false);
      await until("it is ready", async () => (await healthOf(service)).ready === 200);
      assert.match(service.output(), /Opened the database again/);
      const later = await connectPhone(baseUrl, pairing);
      await later.call("version");
      await callLocal(baseUrl, "keys.new", { name: "b", scopes: ["rpc"] });
      const third = await startPairing(baseUrl, { pin, name: "Third" });
      assert.equal(
        (await postJson(`${baseUrl}/api/pair/finish`, {
          session: third.session,
          confirm: third.confirm,
        })).status,
        200,
      );
      await Promise.all([other.close(), later.close()]);
    }),
});

systemTest("many open sessions at once on a card of 30 ms, and all are remembered", {
  whyNot,
  run: () =>
    withSlowCard({ delayMs: 30 }, async ({ service, dataDir }) => {
      const { baseUrl } = service;
      const pairing = await pairPhone(baseUrl, { pin: await openPairing(baseUrl) });
      await Promise.all(Array.from({ length: 40 }, async () => {
        const phone = await connectPhone(baseUrl, pairing);
        await phone.request("version").catch(() => {});
        await phone.close();
      }));
      // Killed, so that only what was written counts.
      await service.stop("SIGKILL");
      const again = await startService({ dataDir });
      const { entries } = await callLocal(again.baseUrl, "audit", { limit: 100 }) as {
        entries: { event: string }[];
      };
      const opened = entries.filter(({ event }) => event === "session_opened");
      const verdict = await callLocal(again.baseUrl, "audit.verify") as Record<string, unknown>;
      await again.stop();
      assert.equal(opened.length, 40);
      assert.deepEqual([verdict["brokenAt"], verdict["cutAt"]], [null, null]);
    }),
});
