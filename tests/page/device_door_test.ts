// How the page asks to pair: at the address it came from, no faster than the device lets it, and with
// what the device says about when pairing opens again.

import assert from "node:assert/strict";
import { createDoor, type DeviceDoor, PAIRING_PACE_MS } from "../../src/page/device_door.ts";
import { PAIRING_RATE } from "../../src/edges/http/limits.ts";
import { TRIES_LEFT } from "../../src/edges/http/pairing_routes.ts";
import { ClientError } from "../../src/sdk/connect.ts";

interface World {
  readonly door: DeviceDoor;
  readonly asked: { url: string; atMs: number }[];
}

function world(answers: Response[], pageUrl = "http://192.168.1.5:7497/app/"): World {
  let nowMs = 5000;
  const asked: World["asked"] = [];
  const door = createDoor({
    pageUrl,
    fetch: (url) => {
      asked.push({ url, atMs: nowMs });
      nowMs += 10;
      return Promise.resolve(answers.shift() ?? Response.error());
    },
    nowMs: () => nowMs,
    wait: (delayMs) => {
      nowMs += delayMs;
      return Promise.resolve();
    },
  });
  return { door, asked };
}

function refusal(status: number, error: string, headers: HeadersInit = {}): Response {
  return Response.json({ error }, { status, headers });
}

async function assertRefused(door: DeviceDoor, code: string): Promise<void> {
  await assert.rejects(
    door.pair({ pin: "123456", name: "Phone" }),
    (error) => error instanceof ClientError && error.code === code,
  );
}

const ADDRESSES = [
  ["http://192.168.1.5:7497/app/", "http://192.168.1.5:7497/api/pair/start"],
  ["https://play.example/handheld/app/", "https://play.example/handheld/api/pair/start"],
];
for (const [pageUrl, url] of ADDRESSES) {
  Deno.test(`a page at ${pageUrl} pairs at ${url}`, async () => {
    const { door, asked } = world([refusal(400, "no pairing in progress")], pageUrl);
    await assertRefused(door, "no_pairing");
    assert.deepEqual(asked.map(({ url }) => url), [url]);
  });
}

Deno.test("requests are as far apart as the device wants them, and not further", async () => {
  const { door, asked } = world([
    refusal(400, "no pairing in progress"),
    refusal(410, "pairing expired"),
  ]);
  await assertRefused(door, "no_pairing");
  await assertRefused(door, "pairing_expired");
  const [first, second] = asked.map(({ atMs }) => atMs);
  assert.deepEqual([first, second], [5000, 5000 + 10 + PAIRING_PACE_MS]);
  assert.ok(PAIRING_PACE_MS > 1000 / PAIRING_RATE.perSecond);
});

Deno.test("how long pairing stays closed is told until it is no longer so", async () => {
  const { door } = world([
    refusal(400, "no pairing in progress", { "Retry-After": "540" }),
    refusal(400, "no pairing in progress"),
    refusal(410, "pairing expired", { "Retry-After": "5" }),
  ]);
  assert.equal(door.closedForS(), undefined);
  await assertRefused(door, "no_pairing");
  assert.equal(door.closedForS(), 540);
  await assertRefused(door, "no_pairing");
  assert.equal(door.closedForS(), undefined);
  await assertRefused(door, "pairing_expired");
  assert.equal(door.closedForS(), undefined);
});

Deno.test("the tries that are left are what the device said last, and nothing where it said nothing", async () => {
  const header = { [TRIES_LEFT]: "1" };
  const { door } = world([
    refusal(401, "wrong PIN", header),
    refusal(401, "wrong PIN"),
    refusal(401, "wrong PIN", { [TRIES_LEFT]: "0" }),
    refusal(401, "wrong PIN", { [TRIES_LEFT]: "many" }),
    refusal(410, "pairing expired", header),
  ]);
  const told = [door.triesLeft()];
  for (const code of ["wrong_pin", "wrong_pin", "wrong_pin", "wrong_pin", "pairing_expired"]) {
    await assertRefused(door, code);
    told.push(door.triesLeft());
  }
  assert.deepEqual(told, [undefined, 1, undefined, 0, undefined, undefined]);
});
