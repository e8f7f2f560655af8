import assert from "node:assert/strict";
import { LruMap } from "../../src/base/lru_map.ts";

Deno.test("LruMap gives back what was set, and nothing else", () => {
  const map = new LruMap<string, number>(3);
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);
  assert.deepEqual([map.get("a"), map.get("b"), map.get("c")], [3, 2, undefined]);
  assert.equal(map.size, 2);
});

Deno.test("LruMap holds its size and forgets what was set longest ago", () => {
  const map = new LruMap<number, number>(3);
  for (let i = 0; i < 100; i++) {
    map.set(i, i);
    assert.ok(map.size <= 3);
  }
  assert.deepEqual([96, 97, 98, 99].map((i) => map.get(i)), [undefined, 97, 98, 99]);
});

Deno.test("LruMap takes reading and setting again for a use", () => {
  const map = new LruMap<string, number>(3);
  for (const key of ["a", "b", "c"]) map.set(key, 0);
  map.get("a");
  map.set("b", 1);
  map.set("d", 0);
  assert.deepEqual(["a", "b", "c", "d"].map((key) => map.get(key)), [0, 1, undefined, 0]);
});

Deno.test("LruMap does not take asking for an absent key for a use", () => {
  const map = new LruMap<string, number>(1);
  map.set("a", 1);
  assert.equal(map.get("b"), undefined);
  assert.deepEqual([map.get("a"), map.size], [1, 1]);
});

Deno.test("LruMap makes room when a key is deleted", () => {
  const map = new LruMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.delete("a");
  map.delete("never");
  map.set("c", 3);
  assert.deepEqual(["a", "b", "c"].map((key) => map.get(key)), [undefined, 2, 3]);
});

for (const maxEntries of [0, -1, 1.5, NaN, Infinity]) {
  Deno.test(`LruMap refuses a size of ${maxEntries}`, () => {
    assert.throws(() => new LruMap(maxEntries), RangeError);
  });
}
