// Both languages say everything, and the page has words for every setting that can change.

import assert from "node:assert/strict";
import { RELOADABLE_SETTINGS } from "../../src/features/settings/settings_table.ts";
import { chooseWords } from "../../src/page/page_words.ts";
import { sourceFiles } from "../support/source_files.ts";

const EN = chooseWords(["en-GB"]);
const DE = chooseWords(["de-AT"]);

const LANGUAGES: [tags: string[], language: string, locale: string][] = [
  [["de"], "de", "de"],
  [["DE-at", "en"], "de", "DE-at"],
  [["fr", "de", "en"], "de", "de"],
  [["en-GB", "de"], "en", "en-GB"],
  [["fr-FR"], "en", "en"],
  [["den"], "en", "en"],
  [[], "en", "en"],
];
for (const [tags, language, locale] of LANGUAGES) {
  Deno.test(`a browser that wants "${tags}" gets ${language}, with the times of ${locale}`, () => {
    const chosen = chooseWords(tags);
    assert.deepEqual([chosen.language, chosen.locale], [language, locale]);
  });
}

Deno.test("no text is missing, empty or left in the other language", () => {
  // The same word in both.
  const same = ["version", "system", "pinIs", "usageTokens"];
  for (const [name, english] of Object.entries(EN.words)) {
    const german = Object.entries(DE.words).find(([key]) => key === name)?.[1];
    assert.equal(typeof german, typeof english, name);
    const spoken = [english, german].map((text) =>
      typeof text === "string" ? text : (text as (...all: unknown[]) => string)("Mole", "Game Boy")
    );
    for (const text of spoken) assert.ok(text.trim() !== "" && !text.includes("undefined"), name);
    assert.equal(spoken[0] === spoken[1], same.includes(name), name);
  }
});

Deno.test("every text stands in the one file of words", () => {
  const parts = [...sourceFiles("src/page")].filter(({ path }) => path.endsWith(".tsx"));
  assert.ok(parts.length > 5);
  for (const { path, text } of parts) {
    const written = [
      ...text.matchAll(/\b(?:aria-label|title|placeholder|alt|label)="([^"]+)"/g),
      ...text.matchAll(/>\s*([^<>{}()=;]*\p{L}{2}[^<>{}()=;]*)<\//gu),
    ].map(([, found]) => found);
    assert.deepEqual(written, [], path);
  }
});

Deno.test("every setting that can change over the API has words in both languages", () => {
  const names = RELOADABLE_SETTINGS.map(({ apiName }) => apiName).sort();
  assert.deepEqual(Object.keys(EN.settingWords).sort(), names);
  assert.deepEqual(Object.keys(DE.settingWords).sort(), names);
});

Deno.test("a wrong PIN names the tries that are left, where the device told them", () => {
  assert.equal(EN.words.wrongPin(undefined), "Wrong PIN.");
  assert.equal(DE.words.wrongPin(undefined), "Falsche PIN.");
  assert.match(EN.words.wrongPin(1), /One try is left/);
  assert.match(EN.words.wrongPin(2), /2 tries are left/);
  assert.match(EN.words.wrongPin(0), /No try is left/);
  assert.match(DE.words.wrongPin(1), /ein Versuch/);
  assert.match(DE.words.wrongPin(0), /kein Versuch/);
});
