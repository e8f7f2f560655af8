// The tables behind the phone's app: the history of runs, favourites, the app's own settings.

import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import { CHECKPOINT_BYTES } from "../../../src/edges/sqlite/served_database.ts";
import { DATABASE_FILE, openServedStores } from "../../../src/edges/sqlite/stores.ts";
import { MAX_RUN_CHARACTERS, MAX_UID_CHARACTERS } from "../../../src/features/actions/run_text.ts";
import { PAGE_BYTES } from "../../../src/edges/sqlite/database.ts";
import { eventually } from "../../support/until.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { withTempFolder } from "./temp_folder.ts";
import { SqliteFavoriteStore } from "../../../src/edges/sqlite/favorite_store.ts";
import { SqlitePhoneSettingsStore } from "../../../src/edges/sqlite/phone_settings_store.ts";
import { SqliteHistoryStore } from "../../../src/edges/sqlite/run_history_store.ts";
import { Favorites, MAX_FAVORITES } from "../../../src/features/library/favorites.ts";
import { type HistoryEntry, RunHistory } from "../../../src/features/library/run_history.ts";
import { openSample } from "./samples.ts";

function entry(n: number, more: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    atMs: n,
    type: "nfc",
    uid: `04:${n}`,
    text: `text "${n}" 'x' 🎮`,
    data: "ff",
    by: "id-1",
    isSuccess: true,
    media: undefined,
    ...more,
  };
}

Deno.test("runs come back as they were, newest first, and only so many are kept", () => {
  using database = openSample();
  const store = new SqliteHistoryStore(database);
  const runs = [1, 2, 3, 4, 5, 6, 7].map((n) => entry(n, { isSuccess: n % 2 === 0 }));
  store.add(runs.slice(0, 3), 5);
  store.add(runs.slice(3), 5);
  const kept = runs.slice(2).reverse();
  assert.deepEqual(store.newest(100), kept);
  assert.deepEqual(store.newest(2), kept.slice(0, 2));
  store.clear();
  assert.deepEqual(store.newest(100), []);
});

Deno.test("a flood of the longest texts leaves a log of a few megabytes", async () => {
  await withTempFolder(async (dataDir) => {
    const stores = openServedStores({ dataDir, clock: new FakeClock(), log: silentLogger });
    const { history: store } = stores;
    const history = new RunHistory({ store, isKept: () => true, log: silentLogger });
    const text = "€".repeat(MAX_RUN_CHARACTERS);
    const uid = "€".repeat(MAX_UID_CHARACTERS);
    const run = { ...entry(1), text, data: text, uid, type: uid };
    const sizes = stores.database.prepare("PRAGMA wal_checkpoint(NOOP)");
    let longest = 0;
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 1000; n++) history.add(run);
      history.flush();
      await stores.durable();
      longest = Math.max(longest, (await Deno.stat(`${dataDir}/${DATABASE_FILE}-wal`)).size);
      // Half a minute is long enough.
      await eventually(() =>
        assert.ok(Number(sizes.get()?.["log"]) * PAGE_BYTES < CHECKPOINT_BYTES)
      );
    }
    // Sixteen megabytes went through it.
    assert.ok(longest < 2 * CHECKPOINT_BYTES, String(longest));
    stores.close();
  });
});

Deno.test("the last path of a system is of a run that succeeded", () => {
  using database = openSample();
  const store = new SqliteHistoryStore(database);
  const media = (path: string): HistoryEntry["media"] => ({ systemId: "SNES", path });
  assert.equal(store.lastPath("SNES"), undefined);
  store.add([entry(1, { media: media("/a\nb") })], 5);
  store.add([entry(2, { media: media("/c"), isSuccess: false })], 5);
  store.add([entry(3, { media: { systemId: "GBA", path: "/d" } })], 5);
  assert.equal(store.lastPath("SNES"), "/a\nb");
  assert.deepEqual(store.newest(5).map(({ media: of }) => of?.path), ["/d", "/c", "/a\nb"]);
});

Deno.test("favourites outlive a restart, and a decision overrules the frontend's mark", () => {
  using database = openSample();
  const store = new SqliteFavoriteStore(database);
  const favorites = new Favorites(store, new FakeClock());
  const marked = { path: "/marked", details: { isFavorite: true } };
  assert.deepEqual([favorites.has(marked), favorites.has({ path: "/x", details: {} })], [
    true,
    false,
  ]);
  favorites.set("/marked", false);
  favorites.set("/x", true);
  const again = new Favorites(new SqliteFavoriteStore(database), new FakeClock());
  for (const one of [favorites, again]) {
    assert.deepEqual([one.has(marked), one.has({ path: "/x", details: {} })], [false, true]);
    assert.deepEqual([...one.paths(["/marked", "/y"])], ["/y", "/x"]);
  }
});

Deno.test("there are so many favourites, and those can still be changed", () => {
  const decisions = Array.from({ length: MAX_FAVORITES }, (_, n) => ({
    path: `/${n}`,
    isFavorite: true,
  }));
  const favorites = new Favorites({ list: () => decisions, set: () => {} }, new FakeClock());
  assert.throws(() => favorites.set("/new", true), { code: "conflict" });
  favorites.set("/0", false);
  assert.equal(favorites.paths([]).size, MAX_FAVORITES - 1);
});

Deno.test("addMissing() leaves a decision as it is", () => {
  using database = openSample();
  const store = new SqliteFavoriteStore(database);
  store.set({ path: "/a", isFavorite: false });
  store.addMissing([{ path: "/a", isFavorite: true }, { path: "/b", isFavorite: true }]);
  assert.deepEqual(store.list(), [
    { path: "/a", isFavorite: false },
    { path: "/b", isFavorite: true },
  ]);
});

Deno.test("addMissing() adds nothing where there are too many already", () => {
  using database = openSample();
  const store = new SqliteFavoriteStore(database);
  for (let n = 0; n <= MAX_FAVORITES; n++) store.set({ path: `/${n}`, isFavorite: true });
  store.addMissing([{ path: "/new", isFavorite: true }]);
  assert.equal(store.list().length, MAX_FAVORITES + 1);
});

Deno.test("the app's settings are kept by name", () => {
  using database = openSample();
  const store = new SqlitePhoneSettingsStore(database);
  assert.deepEqual(store.read(), {});
  store.write({ a: "1", b: "true" });
  store.write({ a: '"x"' });
  assert.deepEqual(store.read(), { a: '"x"', b: "true" });
});
