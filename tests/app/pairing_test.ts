// How the pairing window is wired: what the display and local programs hear of wrong guesses, and
// who opens pairing after too many of them (docs/protocol.md §3).

import assert from "node:assert/strict";
import { type AuditStore, REFUSAL_WINDOW_MS } from "../../src/features/access/audit_log.ts";
import { encodeBase64 } from "../../src/base/bytes.ts";
import type { PinDisplay } from "../../src/features/screen/pin_display.ts";
import { MAX_BURNED_PINS } from "../../src/features/pairing/pairing_limits.ts";
import { type AppInProcess, withAppInProcess } from "../support/app_in_process.ts";
import { messageAFor } from "../support/pairing_phone.ts";

const NO_CONFIRM = encodeBase64(new Uint8Array(32));

function recordingDisplay(seen: unknown[]): PinDisplay {
  return {
    show: () => void seen.push("show"),
    warn: (guess) => void seen.push(guess),
    clear: (outcome) => void seen.push(outcome),
    close: () => {},
  };
}

async function post({ request }: AppInProcess, path: string, body: unknown, from: string): Promise<{
  status: number;
  body: Record<string, unknown>;
}> {
  const init = { method: "POST", body: JSON.stringify(body), from };
  const answer = await request(path, init);
  return { status: answer.status, body: await answer.json() };
}

async function guess(world: AppInProcess, from: string): Promise<number> {
  const pake = encodeBase64(messageAFor("000000").messageA);
  const { body } = await post(world, "/api/pair/start", { pake, name: "x" }, from);
  world.clock.advance(1000);
  const finish = { session: body["session"], confirm: NO_CONFIRM };
  const { status } = await post(world, "/api/pair/finish", finish, from);
  world.clock.advance(1000);
  return status;
}

async function pairStart({ request }: AppInProcess, params: unknown): Promise<unknown> {
  const answer = await request("/api", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "clients.pair.start", params }),
  });
  const { result, error } = await answer.json();
  return error === undefined ? result.role : error.data.code;
}

Deno.test("a wrong guess is a refusal in the audit log, which no flood of them can empty", async () => {
  await withAppInProcess({}, async (world) => {
    world.app.togglePairing();
    assert.equal(await guess(world, "192.0.2.7"), 401);
    const events = (store: AuditStore): string[] => store.listNewest(9).map(({ event }) => event);
    assert.deepEqual(events(world.stores.auditRefusals), ["pairing_failed"]);
    assert.deepEqual(events(world.stores.audit), ["pairing_opened"]);
  });
});

Deno.test("what an address sends after two wrong guesses is in the audit log, once a minute", async () => {
  await withAppInProcess({}, async (world) => {
    const refusals = (): unknown[] =>
      world.stores.auditRefusals.listNewest(99).filter(({ event }) => event === "pairing_refused")
        .map(({ details }) => details);
    world.app.togglePairing();
    for (const status of [401, 401]) assert.equal(await guess(world, "192.0.2.7"), status);
    assert.deepEqual(refusals(), []);
    for (let i = 0; i < 5; i++) assert.equal(await guess(world, "192.0.2.7"), 403);
    assert.deepEqual(refusals(), [{ address: "192.0.2.7" }]);
    world.clock.advance(REFUSAL_WINDOW_MS);
    assert.equal(await guess(world, "192.0.2.7"), 403);
    // A guess is two requests, start and finish; both are refused.
    assert.deepEqual(refusals(), [{ address: "192.0.2.7" }, {
      address: "192.0.2.7",
      alsoBefore: 9,
    }]);
  });
});

Deno.test("the display says from where wrong guesses come", async () => {
  const seen: unknown[] = [];
  const display = recordingDisplay(seen);
  await withAppInProcess({ options: { display } }, async (world) => {
    world.app.togglePairing();
    assert.equal(await guess(world, "192.0.2.7"), 401);
    assert.equal(await guess(world, "192.0.2.8"), 401);
    assert.equal(await guess(world, "192.0.2.8"), 403);
    assert.deepEqual(seen, [
      "show",
      { failures: 1, limit: 3, from: "192.0.2.7" },
      { failures: 2, limit: 3, from: "192.0.2.8" },
      { kind: "too_many_failures", from: ["192.0.2.7", "192.0.2.8"] },
    ]);
  });
});

for (const opener of ["the buttons", "liftLock"] as const) {
  Deno.test(`${opener} open pairing that too many wrong guesses closed, programs do not`, async () => {
    const seen: unknown[] = [];
    const display = recordingDisplay(seen);
    await withAppInProcess({ options: { display } }, async (world) => {
      for (let i = 0; i < MAX_BURNED_PINS; i++) {
        assert.equal(await pairStart(world, {}), "admin");
        for (const n of [1, 2, 3]) {
          await guess(world, `192.0.2.${n}`);
        }
      }
      assert.equal(await pairStart(world, {}), "rate_limited");
      if (opener === "liftLock") assert.equal(await pairStart(world, { liftLock: true }), "admin");
      else world.app.togglePairing();
      assert.equal(seen.at(-1), "show");
    });
  });
}
