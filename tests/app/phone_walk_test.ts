// A phone that walks through the real service as the app does, over the SDK. Every answer on the way
// is judged by its shape.

import assert from "node:assert/strict";
import { testClient } from "../support/session_phone.ts";
import { until } from "../support/until.ts";
import {
  endWhenAsked,
  type LibraryWorld,
  oddFiles,
  type Phone,
  PNG,
  type Shown,
  withLibrary,
} from "./library_world.ts";

interface Page {
  results: Shown[];
  pagination: { hasNextPage: boolean; pageSize: number; nextCursor?: string };
}

interface Folder {
  path: string;
  entries: (Shown & { type: string; fileCount?: number })[];
  totalFiles: number;
  pagination?: Page["pagination"];
}

async function search(phone: Phone, params: object): Promise<Shown[]> {
  const found: Shown[] = [];
  let cursor: string | undefined;
  do {
    const page = await phone.call<Page>("media.search", { ...params, maxResults: 3, cursor });
    found.push(...page.results);
    cursor = page.pagination.nextCursor;
  } while (cursor !== undefined);
  return found;
}

function methodsTold({ told }: Phone): string[] {
  return told.map(([method]) => method).filter((method) => method !== "media.indexing");
}

Deno.test("a phone connects, finds a game, plays it, stops it and plays it again", async () => {
  await withLibrary({}, async (world) => {
    const { programs, clock, roms } = world;
    const phone = await world.phone();
    await world.scanned(phone);
    assert.deepEqual(await phone.call("tokens"), { active: [] });
    for (const method of ["inbox", "media.scrape.status", "readers", "mappings", "scrapers"]) {
      await phone.call(method);
    }
    const { systems } = await phone.call<{ systems: { id: string; mediaCount: number }[] }>(
      "systems",
      { all: true },
    );
    assert.deepEqual(systems, [
      { id: "SNES", name: "Super Nintendo", category: "Console", mediaCount: 6 },
      { id: "Gameboy", name: "Game Boy", category: "Handheld", mediaCount: oddFiles().length },
    ]);

    const [mario] = await search(phone, { query: "super mar", systems: ["SNES"] });
    assert.equal(mario?.zapScript, "@SNES/Super Mario World");
    assert.deepEqual(mario?.tags, [
      { type: "developer", tag: "Nintendo" },
      { type: "gamegenre", tag: "Platform" },
      { type: "players", tag: "1-2" },
      { type: "year", tag: "1990" },
    ]);
    await phone.call("run", { text: mario?.zapScript, uid: "04:a2", type: "nfc" });
    const path = `${roms}/snes/Mario.sfc`;
    assert.deepEqual(programs[0]?.argv.slice(0, 2), ["sudo", "perfmax"]);
    await programs[0]?.end();
    assert.deepEqual(programs[1]?.argv, ["nice", "-n", "-19", "ra", path]);
    assert.deepEqual(programs[1]?.env, {
      LATCHKEY_TEXT: "@SNES/Super Mario World",
      LATCHKEY_UID: "04:a2",
    });
    const { active } = await phone.call<{ active: object[] }>("media");
    assert.deepEqual(active, [{
      systemId: "SNES",
      systemName: "Super Nintendo",
      mediaName: "Super Mario World",
      mediaPath: path,
      launcherId: "command",
      zapScript: "@SNES/Super Mario World",
      started: new Date(clock.wallMs()).toISOString(),
    }]);
    assert.deepEqual(await phone.call("media.active"), active[0]);
    const { last } = await phone.call<{ last: Record<string, unknown> }>("tokens");
    assert.deepEqual([last["text"], last["uid"], last["type"]], [
      "@SNES/Super Mario World",
      "04:a2",
      "nfc",
    ]);

    clock.advance(90_000);
    const stopped = phone.call("run", { text: "**stop" });
    await endWhenAsked(programs);
    await until("it cleans up", () => programs.length === 3, { pollMs: 1 });
    assert.deepEqual(programs[2]?.argv, ["sudo", "perfnorm"]);
    await programs[2]?.end();
    await stopped;
    assert.deepEqual((await phone.call<{ active: unknown[] }>("media")).active, []);
    assert.deepEqual(methodsTold(phone), ["tokens.added", "media.started", "media.stopped"]);
    assert.equal(phone.told.at(-1)?.[1]["elapsed"], 90);

    const { entries } = await phone.call<{ entries: { text: string; success: boolean }[] }>(
      "tokens.history",
    );
    assert.deepEqual(entries.map(({ text, success }) => [text, success]), [
      ["@SNES/Super Mario World", true],
    ]);
    await phone.call("run", { text: entries[0]?.text });
    assert.deepEqual(programs[3]?.argv, ["sudo", "perfmax", path]);
    await programs[3]?.end();
    await programs[4]?.end();
    await programs[5]?.end();
  });
});

Deno.test("the text of every result launches exactly that file", async () => {
  await withLibrary({}, async (world) => {
    const { programs, roms } = world;
    const phone = await world.phone();
    await world.scanned(phone);
    const found = await search(phone, { systems: ["Gameboy"] });
    assert.deepEqual(
      new Set(found.map(({ path }) => path)),
      new Set(oddFiles().map((file) => `${roms}/gb/${file}`)),
    );
    for (const { zapScript, path } of found) {
      await phone.call("run", zapScript);
      assert.deepEqual(programs.at(-1)?.argv, ["gbplay", "--", path]);
      await programs.at(-1)?.end();
      // The name of the file within its system is as good, where it is one line.
      const file = path.slice(path.lastIndexOf("/") + 1);
      if (/[\n\t|]/.test(file)) continue;
      await phone.call("run", `gameboy/${file}`);
      assert.deepEqual(programs.at(-1)?.argv, ["gbplay", "--", path]);
      await programs.at(-1)?.end();
    }
    const zeldas = await search(phone, { query: "zelda" });
    assert.deepEqual(zeldas.map(({ zapScript }) => zapScript).toSorted(), [
      `${roms}/snes/Zelda.sfc`,
      `${roms}/snes/sub/Zelda.sfc`,
    ]);
  });
});

Deno.test("folders are listed page by page, and letters lead into them", async () => {
  await withLibrary({}, async (world) => {
    const { roms } = world;
    const phone = await world.phone();
    await world.scanned(phone);
    const roots = await phone.call<Folder>("media.browse");
    assert.deepEqual(roots.entries.map(({ type, path, fileCount }) => [type, path, fileCount]), [
      ["root", `${roms}/snes`, 6],
      ["root", `${roms}/gb`, oddFiles().length],
    ]);
    const only = await phone.call<Folder>("media.browse", { systems: ["gameboy"] });
    assert.deepEqual(only.entries.map(({ path }) => path), [`${roms}/gb`]);
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await phone.call<Folder>("media.browse", {
        path: `${roms}/snes/`,
        maxResults: 2,
        cursor,
      });
      assert.deepEqual([page.path, page.totalFiles], [`${roms}/snes`, 5]);
      listed.push(...page.entries.map(({ type, name }) => `${type} ${name}`));
      cursor = page.pagination?.nextCursor;
    } while (cursor !== undefined);
    assert.deepEqual(listed, [
      "directory sub",
      "media Big",
      "media Metroid",
      "media Out",
      "media Super Mario World",
      "media Zelda",
    ]);
    const index = await phone.call<{
      scheme: string;
      totalFiles: number;
      groups: { key: string; count: number; cursor: string; offset: number }[];
    }>("media.browse.index", { path: `${roms}/snes` });
    assert.deepEqual(
      [index.scheme, index.totalFiles, index.groups.map(({ key }) => key).join("")],
      ["latin", 5, "BMOSZ"],
    );
    const s = index.groups.find(({ key }) => key === "S");
    const page = await phone.call<Folder>("media.browse", {
      path: `${roms}/snes`,
      cursor: s?.cursor,
    });
    assert.deepEqual(page.entries.map(({ name }) => name), ["Super Mario World", "Zelda"]);
    const byLetter = await phone.call<Folder>("media.browse", {
      path: `${roms}/snes`,
      letter: "m",
    });
    assert.deepEqual(byLetter.entries.map(({ name }) => name), ["Metroid"]);
    assert.equal(byLetter.totalFiles, 1);
    const byFile = await phone.call<{ scheme: string; groups: unknown[] }>("media.browse.index", {
      path: `${roms}/snes`,
      sort: "filename-asc",
    });
    assert.deepEqual([byFile.scheme, byFile.groups], ["none", []]);
    assert.deepEqual(await phone.call("media.browse.index"), {
      scheme: "none",
      totalFiles: 0,
      groups: [],
    });
    for (const path of ["/etc", roms, `${roms}/snesx`, `${roms}/snes/../..`]) {
      await assert.rejects(phone.call("media.browse", { path }), /No such folder in the library/);
      await assert.rejects(phone.call("media.browse.index", { path }), /No such folder/);
    }
    const large = await phone.call<Page>("media.search", { maxResults: 1000 });
    assert.equal(large.pagination.pageSize, 250);
    assert.equal((await phone.call<Page>("media.search", null)).pagination.pageSize, 100);
    const letter = await search(phone, { letter: "z", pathPrefix: `${roms}/snes/sub/` });
    assert.deepEqual(letter.map(({ path }) => path), [`${roms}/snes/sub/Zelda.sfc`]);
  });
});

Deno.test("metadata and covers come from the gamelist, and from no other folder", async () => {
  await withLibrary({}, async (world) => {
    const { roms } = world;
    const phone = await world.phone();
    await world.scanned(phone);
    const games = await search(phone, { systems: ["SNES"] });
    const id = (name: string): number => games.find((game) => game.name === name)?.mediaId ?? -1;
    const mario = { mediaId: id("Super Mario World") };
    const { media } = await phone.call<{ media: Record<string, unknown> }>("media.meta", mario);
    assert.deepEqual([media["path"], media["parentDir"], media["isMissing"]], [
      `${roms}/snes/Mario.sfc`,
      `${roms}/snes`,
      false,
    ]);
    assert.deepEqual(media["title"], {
      slug: "super mario world",
      name: "Super Mario World",
      slugLength: 17,
      slugWordCount: 3,
      system: { id: "SNES", name: "Super Nintendo" },
      tags: [],
      properties: {
        "property:description": { text: "A plumber & a dinosaur.", contentType: "" },
        "property:image-image": {
          text: `${roms}/snes/images/mario.png`,
          contentType: "image/png",
          extension: "png",
        },
      },
    });
    const path = `${roms}/snes/Zelda.sfc`;
    const batch = await phone.call<{ items: { media?: object; error?: string }[] }>("media.meta", {
      items: [mario, { system: "snes", path }, { mediaId: 999_999 }, { system: "GBA", path }],
    });
    assert.deepEqual(batch.items.map(({ error }) => error), [
      undefined,
      undefined,
      "No such media",
      "No such media",
    ]);
    await assert.rejects(
      phone.call("media.meta", { items: Array.from({ length: 101 }, () => mario) }),
      /items: expected/,
    );
    for (const bad of [{}, { system: "SNES" }, { mediaId: null, path }]) {
      await assert.rejects(phone.call("media.meta", bad), /expected mediaId, or system and path/);
    }

    const image = (name: string): Promise<Record<string, string>> =>
      phone.call("media.image", { mediaId: id(name), imageTypes: ["boxart"], maxSize: 256 });
    const cover = await image("Super Mario World");
    assert.deepEqual([cover["contentType"], cover["typeTag"]], [
      "image/png",
      "property:image-image",
    ]);
    assert.equal(cover["data"], PNG.toBase64());
    await assert.rejects(image("Big"), /larger than 524288 bytes/);
    for (const name of ["Out", "Metroid"]) {
      const placeholder = await image(name);
      assert.equal(placeholder["typeTag"], "property:image-placeholder");
      assert.notEqual(placeholder["data"], PNG.toBase64());
    }
    assert.deepEqual(games.filter(({ hasCover }) => hasCover).map(({ name }) => name), [
      "Big",
      "Out",
      "Super Mario World",
    ]);
  });
});

Deno.test("favourites are kept here, and overrule the frontend's mark", async () => {
  await withLibrary({}, async (world) => {
    const { roms, stores } = world;
    const phone = await world.phone();
    await world.scanned(phone);
    const gamelist = await Deno.readTextFile(`${roms}/snes/gamelist.xml`);
    const favorite = { type: "user", tag: "favorite" };
    assert.deepEqual(await phone.call("media.tags", { systems: ["SNES"] }), { tags: [favorite] });
    const path = `${roms}/snes/Zelda.sfc`;
    const zelda = { system: "SNES", path };
    const update = (change: object): Promise<{ tags: object[] }> =>
      phone.call("media.tags.update", { ...zelda, ...change });
    assert.deepEqual((await update({ add: ["user:favorite"] })).tags, [favorite]);
    const marked = async (): Promise<string[]> =>
      (await search(phone, { tags: ["user:favorite"] })).map(({ path }) => path).toSorted();
    assert.deepEqual(await marked(), [`${roms}/snes/Metroid.sfc`, path]);
    for (const tags of [["genre:none"], ["user:favorite", "genre:none"]]) {
      assert.deepEqual(await search(phone, { tags }), []);
    }
    const { systems } = await phone.call<{ systems: { mediaCount: number }[] }>("systems", {
      tags: ["user:favorite"],
    });
    assert.deepEqual(systems.map(({ mediaCount }) => mediaCount), [2, 0]);
    assert.deepEqual((await update({ remove: ["user:favorite"] })).tags, []);
    await phone.call("media.tags.update", {
      system: "SNES",
      path: `${roms}/snes/Metroid.sfc`,
      remove: ["user:favorite"],
    });
    assert.deepEqual(await marked(), []);
    assert.equal(stores.favorites.list().length, 2);
    assert.equal(await Deno.readTextFile(`${roms}/snes/gamelist.xml`), gamelist);
    for (const bad of [{}, { add: ["user:other"] }, { add: ["+user:favorite"] }]) {
      await assert.rejects(update(bad), /expected/);
    }
    assert.equal((await search(phone, { tags: ["-genre:none"], systems: ["SNES"] })).length, 6);
    await assert.rejects(search(phone, { tags: ["-user:favorite"] }), /cannot be excluded/);
  });
});

Deno.test("a scan that a phone asks for is told to all", async () => {
  await withLibrary({}, async (world) => {
    const phone = await world.phone();
    await world.scanned(phone);
    await Deno.writeTextFile(`${world.roms}/snes/New.sfc`, "x");
    const before = phone.told.length;
    await phone.call("media.generate", { systems: ["snes"] });
    await until("it is found", async () => (await search(phone, { query: "new" })).length === 1);
    const states = (): unknown[] =>
      phone.told.slice(before).map(([, params]) => params["indexing"]);
    await until("the end is told", () => states().at(-1) === false);
    assert.equal(states()[0], true);
    // Of the two systems the one alone.
    const steps = phone.told.slice(before).map(([, params]) => params["totalSteps"] ?? 0);
    assert.equal(Math.max(...steps.map(Number)), 1);
    assert.equal(phone.told.at(-1)?.[1]["totalMedia"], 7 + oddFiles().length);
    await assert.rejects(phone.call("media.generate", { systems: ["GBA"] }), /none of these/);
    const { message } = await phone.call<{ message: string }>("media.generate.cancel");
    assert.equal(message, "Nothing was being indexed");
  });
});

Deno.test("a member may not change settings, and an admin sees who ran what", async () => {
  const admin = testClient({
    clientId: "admin",
    authToken: "33333333-3333-4333-8333-333333333333",
    pairingKey: new Uint8Array(32).fill(9),
    role: "admin",
  });
  const clients = [testClient(), admin];
  await withLibrary({ clients }, async (world) => {
    const phone = await world.phone();
    await world.scanned(phone);
    await phone.call("settings");
    await assert.rejects(phone.call("settings.update", { debugLogging: true }), /Only for admins/);
    await assert.rejects(phone.call("run", "/etc/passwd"), /No action and no media/);
    const response = await post(world, "tokens.history");
    assert.deepEqual(response.result.entries.map(({ by }: { by: string }) => by), [
      testClient().clientId,
    ]);
  });
});

Deno.test("without a library the app is told so, and nothing crashes it", async () => {
  await withLibrary({ toml: () => "" }, async (world) => {
    const phone = await world.phone();
    assert.deepEqual(await phone.call("media"), {
      database: { exists: false, indexing: false, optimizing: false, totalMedia: 0 },
      active: [],
    });
    assert.deepEqual(await phone.call("systems"), { systems: [] });
    assert.deepEqual(await search(phone, { query: "x" }), []);
    assert.deepEqual(await phone.call("media.browse"), { path: "", entries: [], totalFiles: 0 });
    await assert.rejects(phone.call("media.generate"), /No \[\[library\]\] is configured/);
    await phone.call("media.generate.cancel");
    await phone.call("run", "**stop");
    await assert.rejects(phone.call("media.image", { mediaId: 1 }), /No such media/);
  });
});

async function post(
  world: LibraryWorld,
  method: string,
  params: object = {},
  // deno-lint-ignore no-explicit-any -- a test looks into whatever comes
): Promise<any> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const headers = { "Content-Type": "application/json" };
  return await (await world.request("/api", { method: "POST", headers, body })).json();
}
