// What changes on the card while the service runs: games that come, and a card that is out.

import assert from "node:assert/strict";
import {
  FOLDER_LOOK_MS,
  FULL_RESCAN_MS,
  RESCAN_GAP_MS,
} from "../../src/features/library/library_watch.ts";
import { until } from "../support/until.ts";
import { type LibraryWorld, type Phone, type Shown, withLibrary } from "./library_world.ts";

async function find(phone: Phone, query: string): Promise<Shown | undefined> {
  const { results } = await phone.call<{ results: Shown[] }>("media.search", { query });
  return results[0];
}

// Looks and scans are made of many turns, and the clock stands still meanwhile.
async function untilFound(
  { world, phone, query }: { world: LibraryWorld; phone: Phone; query: string },
): Promise<Shown> {
  const startedMs = world.clock.monotonicMs();
  let found: Shown | undefined;
  await until(`${query} is found`, async () => {
    world.clock.advance(FOLDER_LOOK_MS);
    found = await find(phone, query);
    return found !== undefined;
  }, { pollMs: 20 });
  assert.ok(found);
  const tookMs = world.clock.monotonicMs() - startedMs;
  assert.ok(tookMs < FULL_RESCAN_MS / 2, `after ${tookMs} ms`);
  return found;
}

Deno.test("games that come into the folders of systems are found", async () => {
  await withLibrary({}, async (world) => {
    const { roms, clock } = world;
    const phone = await world.phone();
    await Deno.mkdir(`${roms}/gb/empty/deep`, { recursive: true });
    await world.scanned(phone);
    await Deno.writeTextFile(`${roms}/gb/Newcomer.gb`, "");
    await untilFound({ world, phone, query: "newcomer" });
    clock.advance(RESCAN_GAP_MS);
    await Deno.writeTextFile(`${roms}/gb/empty/deep/Latecomer.gb`, "");
    await untilFound({ world, phone, query: "latecomer" });
  });
});

Deno.test("a list of games beside the configuration is read again when it is written", async () => {
  const lists = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  const list = (name: string): string =>
    `<gameList><game><path>./Mario.sfc</path><name>${name}</name></game></gameList>`;
  const toml = (roms: string): string =>
    `[[library]]\nsource = "emulationstation"\nconfig_folders = ["${roms}/es", "${lists}"]\n`;
  await Deno.mkdir(`${lists}/gamelists/snes`, { recursive: true });
  try {
    await withLibrary({ toml }, async (world) => {
      const phone = await world.phone();
      await world.scanned(phone);
      await Deno.remove(`${world.roms}/snes/gamelist.xml`);
      await Deno.writeTextFile(`${lists}/gamelists/snes/gamelist.xml`, list("Plumber"));
      await untilFound({ world, phone, query: "plumber" });
      world.clock.advance(RESCAN_GAP_MS);
      await Deno.writeTextFile(`${lists}/gamelists/snes/gamelist.xml`, list("Dinosaur"));
      await untilFound({ world, phone, query: "dinosaur" });
    });
  } finally {
    await Deno.remove(lists, { recursive: true });
  }
});

Deno.test("the games of a card that is out are neither listed nor forgotten", async () => {
  await withLibrary({}, async (world) => {
    const { roms, clock } = world;
    const phone = await world.phone();
    await world.scanned(phone);
    const before = await find(phone, "metroid");
    assert.ok(before);
    const { mediaId } = before;
    await phone.call("media.tags.update", { mediaId, add: ["user:favorite"] });
    await Deno.rename(`${roms}/snes`, `${roms}/out`);
    await until("the card is missed", async () => {
      clock.advance(FOLDER_LOOK_MS);
      return await find(phone, "metroid") === undefined;
    }, { pollMs: 20 });
    const { entries } = await phone.call<{ entries: Shown[] }>("media.browse");
    assert.deepEqual(entries.map(({ path }) => path), [`${roms}/gb`]);
    const { media } = await phone.call<{ media: { isMissing: boolean } }>("media.meta", {
      mediaId,
    });
    assert.equal(media.isMissing, true);
    await assert.rejects(phone.call("run", before.zapScript), /No action and no media fits/);
    await Deno.rename(`${roms}/out`, `${roms}/snes`);
    const after = await untilFound({ world, phone, query: "metroid" });
    assert.equal(after.mediaId, mediaId);
    assert.deepEqual(after.tags[0], { type: "user", tag: "favorite" });
  });
});
