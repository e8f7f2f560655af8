// `kill -9` at any moment of a pairing and a session set-up leaves no client or a whole one, and a
// sound database.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { connectPhone, pairPhone, type PhonePairing } from "../support/reference_phone.ts";
import { openPairing, startService, withDataDir } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const KILLS = 20;

systemTest(`kill -9 at ${KILLS} moments of pairing and session set-up`, {
  whyNot: undefined,
  run: () =>
    withDataDir(async (dataDir) => {
      const known: PhonePairing[] = [];
      // The first life is killed after its first session; the others within the time that took.
      const wholeMs = await liveAndDie(dataDir, { known, delayMs: undefined });
      for (let i = 0; i < KILLS; i++) {
        await liveAndDie(dataDir, { known, delayMs: (i * wholeMs * 1.5) / KILLS });
        const database = new DatabaseSync(`${dataDir}/latchkey.sqlite`, { readOnly: true });
        assert.equal(database.prepare("PRAGMA quick_check").get()?.["quick_check"], "ok");
        const rows = database.prepare("SELECT client_id, pairing_key, auth_token FROM clients")
          .all();
        database.close();
        for (const row of rows) {
          assert.equal((row["pairing_key"] as Uint8Array).length, 32);
          assert.match(String(row["auth_token"]), /^[0-9a-f-]{36}$/);
        }
        // Whoever was told that it is paired is paired.
        for (const { clientId } of known) {
          assert.ok(rows.some((row) => row["client_id"] === clientId));
        }
      }
      const service = await startService({ dataDir });
      const last = known.at(-1);
      assert.ok(last !== undefined);
      const phone = await connectPhone(service.baseUrl, last);
      assert.ok("result" in await phone.request("version"));
      await phone.close();
      assert.equal(await service.stop(), 0);
    }),
});

async function liveAndDie(
  dataDir: string,
  options: { known: PhonePairing[]; delayMs: number | undefined },
): Promise<number> {
  const { known, delayMs } = options;
  const service = await startService({ dataDir });
  const pin = await openPairing(service.baseUrl);
  const startedAt = performance.now();
  const lived = Promise.withResolvers<void>();
  const life = (async () => {
    const pairing = await pairPhone(service.baseUrl, { pin });
    known.push(pairing);
    for (;;) {
      const phone = await connectPhone(service.baseUrl, pairing);
      await phone.request("version");
      lived.resolve();
      await phone.close();
    }
  })().catch(() => {});
  if (delayMs === undefined) await lived.promise;
  else await new Promise((resolve) => setTimeout(resolve, delayMs));
  const livedMs = performance.now() - startedAt;
  await service.stop("SIGKILL");
  await life;
  return livedMs;
}
