// Every method is called as its example calls it, over the real service in this process, and its
// result is judged by the schema beside it; so is every refusal that the reference tells of.

import assert from "node:assert/strict";
import * as v from "valibot";
import { METHOD_TEXTS } from "../../src/features/rpc/reference/method_texts.ts";
import { readMethodTable } from "../support/method_table.ts";
import { configOf } from "../support/settings.ts";
import { testClient } from "../support/session_phone.ts";
import { until } from "../support/until.ts";
import {
  emulationStationToml,
  endWhenAsked,
  type LibraryWorld,
  withLibrary,
} from "./library_world.ts";

const METHODS = new Map(readMethodTable().map((method) => [method.name, method]));
const EXAMPLE_CLIENT = String(METHOD_TEXTS["clients.delete"]?.example.params?.["clientId"]);
const LATE = [
  "clients.delete",
  "keys.delete",
  "keys.purge",
  "keys.open",
  "stop",
  "settings.reload",
];

const TOML = (roms: string): string =>
  `[[action]]\nname = "music"\nmatch = "music"\ncommand = ["true"]\nexclusive = false\n` +
  `[models]\nenabled = true\nupstream = "http://127.0.0.1:1"\n${emulationStationToml(roms)}`;

// deno-lint-ignore no-explicit-any -- a test looks into whatever comes
type Answer = any;

async function post(world: LibraryWorld, method: string, params: unknown): Promise<Answer> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const headers = { "Content-Type": "application/json" };
  return await (await world.request("/api", { method: "POST", headers, body })).json();
}

async function withWorld(
  test: (
    call: (method: string, params?: unknown) => Promise<Answer>,
    world: LibraryWorld,
  ) => Promise<void>,
  toml: (roms: string) => string = TOML,
): Promise<void> {
  const clients = [testClient({ clientId: EXAMPLE_CLIENT })];
  let text = "";
  const configSource = {
    readOverlay: () => ({ file: "settings.toml", text: "" }),
    read: () => configOf(text),
    readWith: (overlay: string) => configOf(text, overlay),
    readWarnings: () => [],
  };
  const options = { configSource };
  await withLibrary({ toml: (roms) => text = toml(roms), clients, options }, async (world) => {
    await test((method, params) => post(world, method, params), world);
  });
}

async function scanned(call: (method: string) => Promise<Answer>): Promise<void> {
  await until("the scan has ended", async () => {
    const { database } = (await call("media")).result;
    return database.indexing === false && database.totalMedia > 0;
  }, { pollMs: 5 });
}

Deno.test("the example of every method works, and its result is of the schema", async () => {
  await withWorld(async (call, { roms, programs }) => {
    await scanned(call);
    const key = (await call("keys.new", { name: "k", scopes: ["models"] })).result;
    const order = [...METHODS.keys()].filter((name) => !LATE.includes(name)).concat(LATE);
    assert.equal(order.length, METHODS.size);
    for (const name of order) {
      if (name === "keys.open") await revokeAll(call);
      const { params = {} } = METHOD_TEXTS[name]?.example ?? {};
      const own = JSON.stringify(params)
        .replaceAll("/roms/snes", `${roms}/snes`)
        .replaceAll('"k3yk3yk3"', JSON.stringify(key.keyId));
      const answering = call(name, JSON.parse(own));
      if (name === "stop") await endGame(programs);
      const answer = await answering;
      assert.ok("result" in answer, `${name}: ${JSON.stringify(answer.error)}`);
      judge(name, answer.result);
    }
  });
});

// The program that was asked to end does, and so does the one that cleans up after it.
async function endGame(programs: LibraryWorld["programs"]): Promise<void> {
  await endWhenAsked(programs);
  await until("it cleans up", () => programs.length === 2, { pollMs: 1 });
  await programs[1]?.end();
}

// A scope whose keys are in force is not opened.
async function revokeAll(
  call: (method: string, params?: unknown) => Promise<Answer>,
): Promise<void> {
  for (const { keyId } of (await call("keys")).result.keys) await call("keys.delete", { keyId });
}

function judge(name: string, result: unknown): void {
  const schema = METHODS.get(name)?.result;
  assert.ok(schema !== undefined, name);
  const { issues } = v.safeParse(schema, result);
  assert.equal(issues, undefined, `${name}: ${issues?.map((issue) => v.getDotPath(issue)).join()}`);
}

const MEDIA_ID = { mediaId: 999_999 };

// What is refused in a world with a library, a key for models and an open PIN.
const REFUSED: readonly [method: string, code: string, params: unknown][] = [
  ["clients.update", "not_found", { clientId: "nobody" }],
  ["clients.update", "bad_request", { clientId: EXAMPLE_CLIENT, clientName: "" }],
  ["clients.delete", "not_found", { clientId: "nobody" }],
  ["clients.pair.start", "conflict", {}],
  ["keys.new", "bad_request", { name: "", scopes: ["rpc"] }],
  ["keys.update", "not_found", { keyId: "nothing", limits: {} }],
  ["keys.update", "bad_request", { keyId: "KEY", limits: { weight: 101 } }],
  ["keys.delete", "not_found", { keyId: "nothing" }],
  ["keys.open", "conflict", { scope: "run" }],
  ["run", "bad_request", { text: "**surprise" }],
  ["run", "not_found", { text: "nothing fits" }],
  ["stop", "not_found", { name: "nothing" }],
  ["actions.output", "not_found", { name: "nothing" }],
  ["systems", "bad_request", { tags: ["-user:favorite"] }],
  ["media.search", "bad_request", { tags: ["-user:favorite"] }],
  ["media.browse", "not_found", { path: "/etc" }],
  ["media.browse.index", "not_found", { path: "/etc" }],
  ["media.meta", "bad_request", {}],
  ["media.meta", "not_found", MEDIA_ID],
  ["media.image", "bad_request", {}],
  ["media.image", "not_found", MEDIA_ID],
  ["media.image", "too_large", { system: "SNES", path: "ROMS/snes/Big.sfc" }],
  ["media.tags.update", "bad_request", MEDIA_ID],
  ["media.tags.update", "not_found", { ...MEDIA_ID, add: ["user:favorite"] }],
  ["media.generate", "not_found", { systems: ["Nothing"] }],
  ["settings.update", "bad_request", { allowedIps: ["nowhere"] }],
];

// Where the refusal has a test of its own.
const ELSEWHERE: Readonly<Record<string, string>> = {
  "run forbidden": "features/library/media_launcher_test.ts",
  "run conflict": "features/actions/action_endings_test.ts",
  "run unavailable": "features/actions/exclusive_screen_test.ts",
  "stop unavailable": "features/actions/exclusive_screen_test.ts",
  "clients.update conflict": "features/rpc/methods_test.ts",
  "clients.pair.start rate_limited": "features/pairing/pairing_lockout_test.ts",
  "clients.pair.start unavailable": "app/durable_wiring_test.ts",
  "media.tags.update conflict": "edges/sqlite/phone_stores_test.ts",
  "media.tags.update rate_limited": "features/library/favorites_test.ts",
  "settings.update forbidden": "features/rpc/settings_methods_test.ts",
  "settings.reload bad_request": "features/rpc/settings_methods_test.ts",
  "media.generate unavailable": "app/method_results_test.ts",
  "usage unavailable": "features/rpc/usage_methods_test.ts",
};

Deno.test("every refusal that the reference tells of is met", async () => {
  const told = Object.entries(METHOD_TEXTS).flatMap(([name, { refusals = {} }]) =>
    Object.keys(refusals).map((code) => `${name} ${code}`)
  );
  const met = REFUSED.map(([name, code]) => `${name} ${code}`);
  assert.deepEqual([...met, ...Object.keys(ELSEWHERE)].sort(), told.sort());
  await withWorld(async (call, { roms }) => {
    await scanned(call);
    const key = (await call("keys.new", { name: "k", scopes: ["models", "run"] })).result;
    await call("clients.pair.start");
    for (const [name, code, params] of REFUSED) {
      const own = JSON.stringify(params).replace("KEY", key.keyId).replace("ROMS", roms);
      const { error } = await call(name, JSON.parse(own));
      assert.equal(error?.data?.code, code, `${name}: ${JSON.stringify(error)}`);
    }
  });
});

for (const [refusal, path] of Object.entries(ELSEWHERE)) {
  Deno.test(`${refusal} is met by ${path}`, async () => {
    const source = await Deno.readTextFile(new URL(`../${path}`, import.meta.url));
    assert.match(source, new RegExp(`\\b${refusal.split(" ")[1]}\\b`));
  });
}

Deno.test("without a library there is nothing to index", async () => {
  await withWorld(async (call) => {
    const { error } = await call("media.generate");
    assert.equal(error.data.code, "unavailable");
  }, () => "");
});

Deno.test("rpc.discover answers with what docs/api/openrpc.json has, to whoever asks", async () => {
  const committed = JSON.parse(
    await Deno.readTextFile(new URL("../../docs/api/openrpc.json", import.meta.url)),
  );
  await withWorld(async (call, { phone }) => {
    assert.deepEqual((await call("rpc.discover")).result, committed);
    // Also to a member, over a session.
    assert.deepEqual(await (await phone()).call("rpc.discover"), committed);
    assert.deepEqual((await call("RPC.Discover", {})).result, committed);
  }, () => "");
});
