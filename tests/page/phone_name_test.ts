// The name of a phone that said none.

import assert from "node:assert/strict";
import { chooseWords } from "../../src/page/page_words.ts";
import { guessPhoneName } from "../../src/page/phone_name.ts";

const ROWS: [userAgent: string, name: string][] = [
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "iPhone (Safari)",
  ],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1",
    "iPhone (Chrome)",
  ],
  [
    "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
    "Android phone (Chrome)",
  ],
  [
    "Mozilla/5.0 (Android 15; Tablet; rv:140.0) Gecko/140.0 Firefox/140.0",
    "Android tablet (Firefox)",
  ],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
    "Windows PC (Edge)",
  ],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Linux PC (Firefox)"],
  ["curl/8.0", "Phone"],
  ["", "Phone"],
];
const EN = chooseWords(["en"]).words;
for (const [userAgent, name] of ROWS) {
  Deno.test(`guessPhoneName() is "${name}" of "${userAgent.slice(0, 40)}"`, () => {
    assert.equal(guessPhoneName(userAgent, EN), name);
  });
}

const KINDS_DE = [
  "iPhone (Safari)",
  "iPhone (Chrome)",
  "Android-Telefon (Chrome)",
  "Android-Tablet (Firefox)",
  "Windows-PC (Edge)",
  "Linux-PC (Firefox)",
  "Telefon",
  "Telefon",
];

Deno.test("guessPhoneName() speaks the page's language", () => {
  const { words } = chooseWords(["de"]);
  assert.deepEqual(ROWS.map(([userAgent]) => guessPhoneName(userAgent, words)), KINDS_DE);
});
