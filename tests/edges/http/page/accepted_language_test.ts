// Which language the document has before its script says more.

import assert from "node:assert/strict";
import { chooseLanguage } from "../../../../src/edges/http/page/accepted_language.ts";

const ROWS: [header: string | null, language: string][] = [
  [null, "en"],
  ["", "en"],
  ["de", "de"],
  ["DE-de,de;q=0.9,en;q=0.8", "de"],
  ["DE-DE", "de"],
  ["de-Latn-DE-1996", "de"],
  ["en-GB,en;q=0.9,de;q=0.8", "en"],
  ["en;q=0.5, de ; q=0.7", "de"],
  // What stands first wins among equals.
  ["de,en", "de"],
  ["fr,de;q=0.3", "de"],
  ["fr-FR", "en"],
  ["*", "en"],
  // Not wanted at all.
  ["de;q=0", "en"],
  ["de;q=0.000", "en"],
  // What is no header is none.
  ["de;q=7", "en"],
  ["de_DE", "en"],
  ["den", "en"],
  [`${"x".repeat(10_000)},de`, "de"],
];
for (const [header, language] of ROWS) {
  Deno.test(`a browser that sends ${JSON.stringify(header)?.slice(0, 40)} gets ${language}`, () => {
    assert.equal(chooseLanguage(header, ["en", "de"]), language);
  });
}
