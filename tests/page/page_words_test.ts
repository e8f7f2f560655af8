// Both languages say everything, and the page has words for every setting that can change.

import assert from "node:assert/strict";
import { RELOADABLE_SETTINGS } from "../../src/features/settings/settings_table.ts";
import { chooseWords } from "../../src/page/page_words.ts";
import { MAX_QUERY_CHARACTERS } from "../../src/features/rpc/methods/library_methods.ts";
import { describeApi } from "../../src/features/rpc/reference/openrpc.ts";
import { NoConnectionError, RefusalError } from "../../src/page/device_store.ts";
import { MAX_SEARCH_CHARACTERS } from "../../src/page/library_section.tsx";
import { reasonOf } from "../../src/page/page_context.ts";
import { ClientError } from "../../src/sdk/client_error.ts";
import { readMethodTable } from "../support/method_table.ts";
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

// Those of the methods by which people change something, where they can bring them about.
const ACTED =
  /^(run|stop|settings\.update|media\.tags\.update|clients\.(update|delete|pair\.start)) /;
const STORAGE_FAULTS = /^(settings|media|clients)\..* unavailable$/;
const OWN_FAULTS = [
  "clients.update forbidden",
  "clients.delete forbidden",
  "clients.pair.start forbidden",
  "media.tags.update bad_request",
  "run forbidden",
];

Deno.test("the refusals that people meet have words in German, and none else", () => {
  const refusals = describeApi(readMethodTable()).methods.flatMap((method) =>
    Object.keys(method["x-refusals"]).map((code) => `${method.name} ${code}`)
  );
  const spoken = Object.keys(DE.refusalWords);
  assert.deepEqual(spoken.filter((reason) => !refusals.includes(reason)), []);
  const met = refusals.filter((reason) =>
    ACTED.test(reason) && !OWN_FAULTS.includes(reason) && !STORAGE_FAULTS.test(reason)
  );
  assert.deepEqual(met.filter((reason) => !spoken.includes(reason)), []);
  assert.deepEqual(EN.refusalWords, {});
});

Deno.test("a refusal is told in the page's words where it has them, else in the device's", () => {
  const refusal = (method: string, code: string): RefusalError =>
    new RefusalError(method, new ClientError("rpc_error", "No such thing", { data: { code } }));
  for (
    const [words, method, code, reason] of [
      [EN, "run", "not_found", "No such thing"],
      [DE, "run", "not_found", "dazu gibt es nichts"],
      [
        DE,
        "settings.update",
        "bad_request",
        "diesen Wert nimmt das Gerät nicht an (No such thing)",
      ],
      [DE, "run", "internal", "No such thing"],
    ] as const
  ) {
    assert.equal(reasonOf(refusal(method, code), words), reason);
  }
  const wordless = new RefusalError("run", new ClientError("rpc_error", "Internal error"));
  assert.equal(reasonOf(wordless, DE), "Internal error");
  for (const error of [new NoConnectionError(), new ClientError("timeout", "x"), new Error("x")]) {
    assert.equal(reasonOf(error, DE), "");
  }
});

Deno.test("the longest search is the device's", () => {
  assert.equal(MAX_SEARCH_CHARACTERS, MAX_QUERY_CHARACTERS);
});
