// Who may use the library over which transport: nothing of it is open to anybody whom `run` does not
// let in today, and nothing is left of it without a [[library]].

import assert from "node:assert/strict";
import { REMOTE } from "../support/app_in_process.ts";
import { until } from "../support/until.ts";
import { emulationStationToml, type LibraryWorld, withLibrary } from "./library_world.ts";

const METHODS: [method: string, params: object][] = [
  ["media", {}],
  ["systems", {}],
  ["media.search", { query: "mario" }],
  ["media.browse", {}],
  ["media.tags", {}],
  ["media.image", { mediaId: 1 }],
  ["media.tags.update", { mediaId: 1, add: ["user:favorite"] }],
  ["media.generate", {}],
  ["tokens", {}],
  ["tokens.history", {}],
  ["run", { text: "@Gameboy/it's" }],
];

type Outcome = "done" | number;

async function post(
  world: LibraryWorld,
  request: { method: string; params?: object; from?: string; key?: string },
): Promise<{ status: number; result?: unknown; error?: { code: number } }> {
  const { method, params = {}, from, key } = request;
  const headers = new Headers({ "Content-Type": "application/json" });
  if (key !== undefined) headers.set("Authorization", `Bearer ${key}`);
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const init = { method: "POST", headers, body, ...(from === undefined ? {} : { from }) };
  const response = await world.request("/api", init);
  return { status: response.status, ...await response.json() };
}

async function newKey(world: LibraryWorld, scope: string): Promise<string> {
  const { result } = await post(world, {
    method: "keys.new",
    params: { name: "test", scopes: [scope] },
  });
  return (result as { key: string }).key;
}

async function get(world: LibraryWorld, text: string, key?: string): Promise<number> {
  const headers = key === undefined ? {} : { Authorization: `Bearer ${key}` };
  const response = await world.request(`/run/${text}`, { headers, from: REMOTE });
  await response.body?.cancel();
  return response.status;
}

async function withRights(test: (world: LibraryWorld) => Promise<void>): Promise<void> {
  const security = `[security]\nallowed_ips = ["${REMOTE}"]\nallow_run = ["@Gameboy/it's"]\n`;
  await withLibrary({ toml: (roms) => security + emulationStationToml(roms) }, async (world) => {
    await until("the scan is over", async () => {
      const { result } = await post(world, { method: "media" });
      const { database } = result as { database: { indexing: boolean; totalMedia: number } };
      return !database.indexing && database.totalMedia > 0;
    }, { pollMs: 5 });
    await test(world);
  });
}

Deno.test("a remote peer in plaintext may what a member may, and with a key of the scope alone", async () => {
  await withRights(async (world) => {
    const ask = async (key?: string): Promise<Outcome[]> => {
      const outcomes: Outcome[] = [];
      for (const [method, params] of METHODS) {
        // The limit of requests of one address is not what is tested.
        world.clock.advance(1000);
        const asked = { method, params, from: REMOTE, ...(key === undefined ? {} : { key }) };
        const { status, error } = await post(world, asked);
        await world.programs.at(-1)?.end();
        outcomes.push(status !== 200 ? status : error?.code ?? "done");
      }
      return outcomes;
    };
    const all = (outcome: Outcome): Outcome[] => METHODS.map(() => outcome);
    assert.deepEqual(await ask(), all("done"));
    const [rpc, events] = [await newKey(world, "rpc"), await newKey(world, "events")];
    assert.deepEqual(await ask(), all(401));
    assert.deepEqual(await ask(events), all(403));
    assert.deepEqual(await ask(rpc), all("done"));
  });
});

Deno.test("links run of the library what allow_run matches, and with a key of the scope", async () => {
  await withRights(async (world) => {
    assert.equal(await get(world, "@Gameboy/it's"), 200);
    await world.programs.at(-1)?.end();
    for (const text of ["@SNES/Metroid", "SNES/Metroid.sfc", "**stop", "**launch.random:SNES"]) {
      assert.equal(await get(world, text), 403, text);
    }
    const [run, rpc] = [await newKey(world, "run"), await newKey(world, "rpc")];
    assert.equal(await get(world, "@Gameboy/it's"), 401);
    assert.equal(await get(world, "@Gameboy/it's", rpc), 403);
    assert.equal(await get(world, "@Gameboy/it's", run), 200);
    const { result } = await post(world, { method: "tokens.history" });
    const { entries } = result as { entries: { by: string }[] };
    assert.deepEqual(entries.map(({ by }) => by), [run.slice(3, 11), "remote"]);
  });
});

for (const [libraries, run] of [["", false], ["folder", true], ["http", false]] as const) {
  const given = libraries === "" ? "without a library" : `with a library over ${libraries}`;
  Deno.test(`${given} the right to start programs is ${run ? "kept" : "given up"}`, async () => {
    const rights: unknown[] = [];
    await withLibrary({
      toml: (roms) =>
        libraries === "folder"
          ? emulationStationToml(roms)
          : libraries === "http"
          ? '[[library]]\nsource = "emulationstation_http"\n'
          : "",
      edges: { dropPermissions: (keep) => void rights.push(keep) },
      options: { dropPermissions: true },
    }, async () => {
      assert.deepEqual(rights, [{ run, env: false }]);
      await Promise.resolve();
    });
  });
}
