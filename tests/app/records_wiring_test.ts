// The wiring of the stores: refusals go into their ring, the head of the audit log is anchored and told,
// and pairing asks the store before it shows a PIN.

import assert from "node:assert/strict";
import { AUDIT_HEAD_MS, startHousekeeping } from "../../src/app/housekeeping.ts";
import { openRecords } from "../../src/app/records.ts";
import { AppError } from "../../src/base/app_error.ts";
import { type LogFields, silentLogger } from "../../src/base/log.ts";
import { Notifications } from "../../src/features/rpc/notifications.ts";
import { LAST_SEEN_FLUSH_MS } from "../../src/features/access/last_seen.ts";
import type { HistoryStore } from "../../src/features/library/run_history.ts";
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
    const stop = startHousekeeping({ stores, records, history: { flush: () => {} }, clock, log });
    clock.advance(AUDIT_HEAD_MS);
    assert.deepEqual(told, [{ anchor }]);
    stop();
    records.keyClock.close();
    stores.close();
  });
});

const SETTING = { allowRun: ["hello"] };

Deno.test("a service on a full disk shows no PIN, takes no settings, and says why", async () => {
  const stores = memoryStores();
  const message = "No space left on the device";
  stores.clients.checkWritable = () => {
    throw new AppError("unavailable", message);
  };
  await withAppInProcess({ edges: { openStores: () => stores } }, async ({ request }) => {
    for (const [method, params] of [["clients.pair.start", {}], ["settings.update", SETTING]]) {
      const answer = await request("/api", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      assert.equal((await answer.json()).error.message, message);
    }
  });
});

Deno.test("runs are told at once and written now and then, and at the end", async () => {
  const stores = memoryStores();
  const writes: string[][] = [];
  const history: HistoryStore = {
    add: (entries) => void writes.push(entries.map(({ text }) => text)),
    newest: () => [],
    lastPath: () => undefined,
    clear: () => {},
  };
  const edges = { openStores: () => ({ ...stores, history }) };
  await withAppInProcess({ edges }, async ({ request, clock }) => {
    const ask = async (method: string, params: unknown): Promise<{ result?: unknown }> => {
      const answer = await request("/api", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      return await answer.json();
    };
    for (const text of ["a", "b", "c"]) await ask("run", { text });
    assert.deepEqual(writes, []);
    const { entries } = (await ask("tokens.history", {})).result as { entries: { text: string }[] };
    assert.deepEqual(entries.map(({ text }) => text), ["c", "b", "a"]);
    clock.advance(LAST_SEEN_FLUSH_MS);
    await ask("run", { text: "d" });
    assert.deepEqual(writes, [["a", "b", "c"]]);
  });
  assert.deepEqual(writes, [["a", "b", "c"], ["d"]]);
});
