import assert from "node:assert/strict";
import { closestWord } from "../../src/base/closest_word.ts";

const WORDS = ["listen", "data_dir", "encryption", "device_name", "level", "log"];

const MEANT: [string, string | undefined][] = [
  ["encryption", "encryption"],
  ["encrpytion", "encryption"],
  ["encryptio", "encryption"],
  ["encryptionn", "encryption"],
  ["ncryption", "encryption"],
  ["enkrybtiom", "encryption"],
  ["enkrybdiom", undefined],
  ["lisen", "listen"],
  ["datadir", "data_dir"],
  ["data-dir", "data_dir"],
  ["devicename", "device_name"],
  ["leevl", "level"],
  ["lgo", undefined],
  ["lg", "log"],
  ["logs", "log"],
  ["l", undefined],
  ["", undefined],
  ["port", undefined],
  ["LISTEN", undefined],
  ["x".repeat(1000), undefined],
];
for (const [word, meant] of MEANT) {
  Deno.test(`closestWord() takes "${word.slice(0, 20)}" for ${meant}`, () => {
    assert.equal(closestWord(word, WORDS), meant);
  });
}

Deno.test("closestWord() takes the nearest of several, and the first of equals", () => {
  assert.equal(closestWord("cart", ["care_", "cars", "carts"]), "cars");
  assert.equal(closestWord("cart", ["care_", "carts", "cars"]), "carts");
  assert.equal(closestWord("carts", ["cars", "carts"]), "carts");
});

Deno.test("closestWord() has nothing to say without words", () => {
  assert.equal(closestWord("listen", []), undefined);
});

Deno.test("closestWord() compares no word of more than 64 characters", () => {
  const long = "x".repeat(64);
  assert.equal(closestWord(long, [`${long}y`]), `${long}y`);
  assert.equal(closestWord(`${long}x`, [`${long}y`]), undefined);
});
