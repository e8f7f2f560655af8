import assert from "node:assert/strict";
import {
  checkPassphrase,
  HEADER_BYTES,
  MAX_PASSPHRASE_CHARACTERS,
  MAX_SEALED_BYTES,
  MIN_PASSPHRASE_CHARACTERS,
  openSealedFile,
  sealFile,
} from "../../../src/features/backup/sealed_file.ts";
import { AppError } from "../../../src/base/app_error.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const PASSPHRASE = "correct horse";
const CONTENT = utf8("what is sealed");
const SEALED = await sealFile(CONTENT, { passphrase: PASSPHRASE, random: seededRandom(1) });

async function messageOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    return `${error.code}: ${error.message}`;
  }
  return "nothing is wrong";
}

Deno.test("what was sealed comes back with the passphrase", async () => {
  assert.deepEqual(await openSealedFile(SEALED, PASSPHRASE), CONTENT);
  assert.equal(SEALED.length, HEADER_BYTES + CONTENT.length + 16);
  assert.doesNotMatch(new TextDecoder().decode(SEALED), /sealed/);
});

Deno.test("the same content is sealed otherwise each time", async () => {
  const [one, two] = await Promise.all(
    [1, 2].map(() => sealFile(CONTENT, { passphrase: PASSPHRASE, random: systemRandom })),
  );
  assert.notDeepEqual(one?.subarray(9, 25), two?.subarray(9, 25));
  assert.notDeepEqual(one?.subarray(25, 37), two?.subarray(25, 37));
  assert.notDeepEqual(one?.subarray(37), two?.subarray(37));
});

// Sealed by another program: Python's hashlib.scrypt and cryptography's AESGCM.
const FOREIGN = "4c4b4241434b555001000102030405060708090a0b0c0d0e0f000102030405060708090a0b" +
  "da28cd63edb7cf8c89a213a945fad99aafb2af957886413f5f3b4197";

Deno.test("a file that another program sealed is opened", async () => {
  const opened = await openSealedFile(Uint8Array.fromHex(FOREIGN), "pa\u00dfword 🎮");
  assert.equal(new TextDecoder().decode(opened), '{"format":1}');
});

const WRONG = "bad_request: The passphrase is wrong, or the backup is damaged";

for (const passphrase of ["correct horsf", "Correct horse", "correct horse ", "x".repeat(1024)]) {
  Deno.test(`${JSON.stringify(passphrase.slice(0, 20))} does not open it`, async () => {
    assert.equal(await messageOf(openSealedFile(SEALED, passphrase)), WRONG);
  });
}

// The first and the last byte of each field: magic, version, salt, nonce, content, tag.
const FLIPPED = [
  0,
  7,
  8,
  9,
  24,
  25,
  36,
  37,
  SEALED.length - 17,
  SEALED.length - 16,
  SEALED.length - 1,
];
for (const at of FLIPPED) {
  Deno.test(`a flipped bit of byte ${at} is seen`, async () => {
    const flipped = SEALED.slice();
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
    const expected = at < 8
      ? "bad_request: The file is not a Latchkey backup"
      : at === 8
      ? "bad_request: The backup was made by another version of Latchkey"
      : WRONG;
    assert.equal(await messageOf(openSealedFile(flipped, PASSPHRASE)), expected);
  });
}

const NOT_WHOLE = "bad_request: The backup is damaged: it is truncated";
const FILES: [string, Uint8Array, string][] = [
  ["an empty file", new Uint8Array(), "bad_request: The file is not a Latchkey backup"],
  [
    "a picture",
    Uint8Array.fromHex("89504e470d0a1a0a0000000d49484452"),
    "bad_request: The file is not a Latchkey backup",
  ],
  ["its first words alone", SEALED.slice(0, 8), "bad_request: The file is not a Latchkey backup"],
  ["its header alone", SEALED.slice(0, HEADER_BYTES), NOT_WHOLE],
  ["less than its seal", SEALED.slice(0, HEADER_BYTES + 15), NOT_WHOLE],
  ["all but its last byte", SEALED.slice(0, -1), WRONG],
  ["one byte more", Uint8Array.of(...SEALED, 0), WRONG],
];
for (const [what, file, message] of FILES) {
  Deno.test(`${what} is not opened`, async () => {
    assert.equal(await messageOf(openSealedFile(file, PASSPHRASE)), message);
  });
}

Deno.test("a file that is too long is refused before any work, and never made", async () => {
  const long = new Uint8Array(MAX_SEALED_BYTES + 1);
  long.set(SEALED);
  assert.equal(await messageOf(openSealedFile(long, PASSPHRASE)), NOT_WHOLE);
  const content = new Uint8Array(MAX_SEALED_BYTES - HEADER_BYTES - 15);
  const options = { passphrase: PASSPHRASE, random: seededRandom(1) };
  assert.match(await messageOf(sealFile(content, options)), /^too_large: The backup would be over/);
});

Deno.test("a passphrase has its limits, and one spelling of each character", () => {
  assert.equal(checkPassphrase("x".repeat(MIN_PASSPHRASE_CHARACTERS)).length, 8);
  assert.equal(checkPassphrase("🎮".repeat(MAX_PASSPHRASE_CHARACTERS)).length, 2048);
  assert.equal(checkPassphrase("passwo\u0308rd"), "passw\u00f6rd");
  for (const bad of ["", "x".repeat(7), "🎮".repeat(7), "x".repeat(1025)]) {
    assert.throws(() => checkPassphrase(bad), { name: "AppError" });
  }
});
