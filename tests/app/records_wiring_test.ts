// The wiring of the stores: refusals go into their ring, the head of the audit log is anchored and told,
// and pairing asks the store before it shows a PIN.

import assert from "node:assert/strict";
import { AUDIT_HEAD_MS, startHousekeeping } from "../../src/app/housekeeping.ts";
import { openRecords } from "../../src/app/records.ts";
import { AppError } from "../../src/base/app_error.ts";
import { type LogFields, silentLogger } from "../../src/base/log.ts";
import { Notifications } from "../../src/features/rpc/notifications.ts";
import { LiveConnections } from "../../src/features/session/live_connections.ts";
import { ANCHOR_FILE } from "../../src/edges/sqlite/audit_anchor.ts";
import { openStores } from "../../src/edges/sqlite/stores.ts";
import { withTempFolder } from "../edges/sqlite/temp_folder.ts";
import { memoryStores, withAppInProcess } from "../support/app_in_process.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { seededRandom } from "../support/seeded_random.ts";

Deno.test("refusals go into their ring; the head is anchored and told every hour", async () => {
  await withTempFolder(async (dataDir) => {
    const stores = openStores({ dataDir, log: silentLogger });
    const clock = new FakeClock();
    const told: LogFields[] = [];
    const log = {
      ...silentLogger,
      info: (message: string, fields: LogFields = {}): void => {
        if (message === "Head of the audit log") told.push(fields);
      },
    };
    const live = new LiveConnections();
    const records = openRecords({
      ...{ stores, live, notifications: new Notifications() },
      ...{ clock, random: seededRandom(1), log },
    });
    records.audit.record("paired");
    records.audit.recordRefusal("pairing_failed", { address: "192.0.2.1" });
    assert.deepEqual(stores.audit.listNewest(9).map(({ event }) => event), ["paired"]);
    assert.deepEqual(stores.auditRefusals.listNewest(9).map(({ event }) => event), [
      "pairing_failed",
    ]);
    await records.audit.settled();
    const anchor = (await Deno.readTextFile(`${dataDir}/${ANCHOR_FILE}`)).trim();
    const stop = startHousekeeping({ stores, records, clock, log });
    clock.advance(AUDIT_HEAD_MS);
    assert.deepEqual(told, [{ anchor }]);
    stop();
    records.keyClock.close();
    stores.close();
  });
});

Deno.test("a service on a full disk shows no PIN and says why", async () => {
  const stores = memoryStores();
  const message = "No space left on the device";
  stores.clients.checkWritable = () => {
    throw new AppError("unavailable", message);
  };
  await withAppInProcess({ edges: { openStores: () => stores } }, async ({ request }) => {
    const answer = await request("/api", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"jsonrpc":"2.0","id":1,"method":"clients.pair.start"}',
    });
    assert.equal((await answer.json()).error.message, message);
  });
});
