import assert from "node:assert/strict";
import {
  foldName,
  letterOf,
  letterRange,
  MAX_QUERY_WORDS,
  MAX_SORT_CHARACTERS,
  MAX_WORDS_CHARACTERS,
  piecesOf,
  queryWordsOf,
  searchTextOf,
  sortKeyOf,
  titleRank,
  withoutBrackets,
} from "../../../src/features/library/media_name.ts";

const FOLDED: [name: string, folded: string][] = [
  ["Super Mario World", "super mario world"],
  ["Pokémon – Édition ROUGE", "pokemon edition rouge"],
  ["Ünïcödé Straße", "unicode strasse"],
  ["Tony Hawk's", "tony hawks"],
  ["Tony Hawk’s", "tony hawks"],
  ["Łódź Þór Æon øre İzmir ısı", "lodz thor aeon ore izmir isi"],
  ["Ｓｏｎｉｃ　２", "sonic 2"],
  ["スーパーmario64", "スーパー mario64"],
  ["ガ", "ガ"],
  ["ｶﾞ", "ガ"],
  ["ΣΊΣΥΦΟΣ", "σισυφοσ"],
  ["Ёлка Й", "елка и"],
  ["a\nline\tend", "a line end"],
  ["-rf", "rf"],
  ["!?!", ""],
];
for (const [name, folded] of FOLDED) {
  Deno.test(`foldName() folds ${JSON.stringify(name)}`, () => {
    assert.equal(foldName(name), folded);
    assert.equal(foldName(folded), folded);
  });
}

const SORTED = ["!?!", "★", "1942", "9 Lives", "...and Justice", "Zelda", "Мир", "ポケモン赤"];
Deno.test("sortKeyOf() puts signs first, then digits, Latin letters and other scripts", () => {
  const encoder = new TextEncoder();
  const bytes = SORTED.map((name) => encoder.encode(sortKeyOf(name)).toHex());
  assert.deepEqual(bytes.toSorted(), bytes);
  assert.deepEqual(SORTED.map((name) => letterOf(sortKeyOf(name))), [
    "#",
    "#",
    "0-9",
    "0-9",
    "A",
    "Z",
    "М",
    "ポ",
  ]);
});

Deno.test("sortKeyOf() and searchTextOf() are bounded and never cut a character in two", () => {
  for (
    const name of ["x".repeat(5000), "😀".repeat(3000), `a${"𠮷".repeat(3000)}`, "a-b ".repeat(999)]
  ) {
    assert.ok(sortKeyOf(name).length <= MAX_SORT_CHARACTERS);
    assert.ok(searchTextOf(name).length <= MAX_WORDS_CHARACTERS);
    assert.ok(sortKeyOf(name).isWellFormed() && searchTextOf(name).isWellFormed());
  }
});

Deno.test("letterRange() holds exactly the sort keys of its letter", () => {
  const keys = [...SORTED, "éclair", "Zz", "\ud7ff", "퟿"].map(sortKeyOf);
  for (const letter of new Set(keys.map(letterOf))) {
    const range = letterRange(letter);
    assert.ok(range !== undefined, letter);
    for (const key of keys) {
      const isIn: boolean = key >= range.from && key < range.below;
      assert.equal(isIn, letterOf(key) === letter, `${letter} and ${key}`);
    }
  }
  assert.deepEqual(letterRange("z"), letterRange("Z"));
  assert.deepEqual(letterRange("É"), letterRange("E"));
  for (const none of ["", "ab", "!", " ", "0-8"]) assert.equal(letterRange(none), undefined, none);
});

Deno.test("searchTextOf() has what signs join both apart and in one", () => {
  assert.equal(searchTextOf("Pac-Man Vs. F-Zero"), "pac man vs f zero pacman fzero");
  assert.equal(searchTextOf("ソニック-2"), "ソニック 2");
});

Deno.test("queryWordsOf() bounds the words of a query", () => {
  assert.deepEqual(queryWordsOf("  Märi  KART "), ["mari", "kart"]);
  assert.deepEqual(queryWordsOf('"* ('), []);
  assert.equal(queryWordsOf("a ".repeat(100)).length, MAX_QUERY_WORDS);
});

Deno.test("piecesOf() gives the pairs of a query, and of a name its last character too", () => {
  assert.deepEqual(piecesOf("赤", { isWhole: false }), ["赤"]);
  assert.deepEqual(piecesOf("ポケモン", { isWhole: false }), ["ポケ", "ケモ", "モン"]);
  assert.deepEqual(piecesOf("ポケモン", { isWhole: true }), ["ポケ", "ケモ", "モン", "ン"]);
  assert.deepEqual(piecesOf("𠮷野", { isWhole: true }), ["𠮷野", "野"]);
});

Deno.test("withoutBrackets() keeps a name that is all brackets", () => {
  assert.equal(withoutBrackets("Sonic (USA) [!] 2 (Rev 1)"), "Sonic 2");
  assert.equal(withoutBrackets("(USA)"), "(USA)");
  assert.equal(withoutBrackets("Half ( open"), "Half ( open");
});

const RANKS: [name: string, title: string, rank: number | undefined][] = [
  ["Sonic (USA)", "Sonic (USA)", 0],
  ["Pokémon", "pokemon", 1],
  ["Sonic (USA)", "sonic", 2],
  ["Sonic (USA)", "Sonic (Europe)", 3],
  ["Sonic Spinball (USA)", "Sonic", 4],
  ["Legend of Zelda, The (USA)", "The Legend of Zelda", 5],
  ["Pac-Man World", "world pacman", 5],
  ["スーパーマリオ", "マリオ", 5],
  ["Sonic", "Mario", undefined],
  ["Supersonic", "Sonic", undefined],
  ["Sonic", "!?!", undefined],
];
for (const [name, title, rank] of RANKS) {
  Deno.test(`titleRank() of ${name} for ${title} is ${rank}`, () => {
    assert.equal(titleRank(name, title), rank);
  });
}
