// Changes of favourites are written to the disk, so that there may be so many (docs/protocol.md §14).

import assert from "node:assert/strict";
import {
  type Favorite,
  FAVORITE_RATE,
  FAVORITE_RETRY_AFTER_S,
  Favorites,
} from "../../../src/features/library/favorites.ts";
import { FakeClock } from "../../support/fake_clock.ts";

interface Fixture {
  favorites: Favorites;
  clock: FakeClock;
  written: Favorite[];
}

function setUp(): Fixture {
  const written: Favorite[] = [];
  const clock = new FakeClock();
  const store = { list: () => [], set: (favorite: Favorite) => void written.push(favorite) };
  return { favorites: new Favorites(store, clock), clock, written };
}

function toggle(favorites: Favorites, count: number): void {
  for (let n = 0; n < count; n++) {
    const isFavorite = favorites.has({ path: "/a", details: {} });
    favorites.set("/a", !isFavorite);
  }
}

Deno.test("favourites change so often at once, then so often a second", () => {
  const { favorites, clock, written } = setUp();
  const refusal = { code: "rate_limited", retryAfterS: FAVORITE_RETRY_AFTER_S };
  assert.deepEqual(FAVORITE_RATE, { burst: 200, perSecond: 10 });
  toggle(favorites, 200);
  assert.throws(() => toggle(favorites, 1), refusal);
  assert.throws(() => favorites.set("/other", true), refusal);
  assert.equal(written.length, 200);
  assert.equal(favorites.has({ path: "/a", details: {} }), false);
  clock.advance(FAVORITE_RETRY_AFTER_S * 1000);
  toggle(favorites, 10);
  assert.throws(() => toggle(favorites, 1), refusal);
  assert.equal(written.length, 210);
});

Deno.test("a favourite that changes nothing is neither written nor counted", () => {
  const { favorites, written } = setUp();
  for (let n = 0; n < 1000; n++) favorites.set("/a", true);
  assert.deepEqual(written, [{ path: "/a", isFavorite: true }]);
  toggle(favorites, FAVORITE_RATE.burst - 1);
  favorites.set("/a", favorites.has({ path: "/a", details: {} }));
  assert.equal(written.length, FAVORITE_RATE.burst);
});

Deno.test("a decision against no mark is one, for a mark may come", () => {
  const { favorites, written } = setUp();
  favorites.set("/a", false);
  assert.deepEqual(written, [{ path: "/a", isFavorite: false }]);
  assert.equal(favorites.has({ path: "/a", details: { isFavorite: true } }), false);
});
