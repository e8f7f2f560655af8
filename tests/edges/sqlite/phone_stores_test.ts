// The tables behind the phone's app: the history of runs, favourites, the app's own settings.

import assert from "node:assert/strict";
import { SqliteFavoriteStore } from "../../../src/edges/sqlite/favorite_store.ts";
import { SqlitePhoneSettingsStore } from "../../../src/edges/sqlite/phone_settings_store.ts";
import { SqliteHistoryStore } from "../../../src/edges/sqlite/run_history_store.ts";
import { Favorites, MAX_FAVORITES } from "../../../src/features/library/favorites.ts";
import type { HistoryEntry } from "../../../src/features/library/run_history.ts";
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
  for (let n = 1; n <= 7; n++) store.add(entry(n, { isSuccess: n % 2 === 0 }), 5);
  const kept = [7, 6, 5, 4, 3].map((n) => entry(n, { isSuccess: n % 2 === 0 }));
  assert.deepEqual(store.newest(100), kept);
  assert.deepEqual(store.newest(2), kept.slice(0, 2));
  store.clear();
  assert.deepEqual(store.newest(100), []);
});

Deno.test("the last path of a system is of a run that succeeded", () => {
  using database = openSample();
  const store = new SqliteHistoryStore(database);
  const media = (path: string): HistoryEntry["media"] => ({ systemId: "SNES", path });
  assert.equal(store.lastPath("SNES"), undefined);
  store.add(entry(1, { media: media("/a\nb") }), 5);
  store.add(entry(2, { media: media("/c"), isSuccess: false }), 5);
  store.add(entry(3, { media: { systemId: "GBA", path: "/d" } }), 5);
  assert.equal(store.lastPath("SNES"), "/a\nb");
  assert.deepEqual(store.newest(5).map(({ media: of }) => of?.path), ["/d", "/c", "/a\nb"]);
});

Deno.test("favourites outlive a restart, and a decision overrules the frontend's mark", () => {
  using database = openSample();
  const store = new SqliteFavoriteStore(database);
  const favorites = new Favorites(store);
  const marked = { path: "/marked", details: { isFavorite: true } };
  assert.deepEqual([favorites.has(marked), favorites.has({ path: "/x", details: {} })], [
    true,
    false,
  ]);
  favorites.set("/marked", false);
  favorites.set("/x", true);
  const again = new Favorites(new SqliteFavoriteStore(database));
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
  const favorites = new Favorites({ list: () => decisions, set: () => {} });
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
