import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/bytes.ts";
import { computeConfirm, encodeTranscript } from "../../../src/protocol/v1/transcript.ts";

const EXCHANGE = { clientName: "ab", messageA: utf8("cd"), messageB: utf8("ef") };

const OTHERS = [
  { clientName: "a", messageA: utf8("bcd"), messageB: utf8("ef") },
  { clientName: "abc", messageA: utf8("d"), messageB: utf8("ef") },
  { clientName: "ab", messageA: utf8("cde"), messageB: utf8("f") },
  { clientName: "ab", messageA: utf8("ef"), messageB: utf8("cd") },
  { clientName: "abcdef", messageA: utf8(""), messageB: utf8("") },
];
for (const other of OTHERS) {
  const shown = [other.clientName, ...[other.messageA, other.messageB].map(String)].join("|");
  Deno.test(`encodeTranscript() keeps the ends of its parts apart: ${shown}`, () => {
    assert.notDeepEqual(encodeTranscript("client", other), encodeTranscript("client", EXCHANGE));
  });
}

Deno.test("encodeTranscript() writes lengths in bytes, not in characters", () => {
  const transcript = encodeTranscript("device", { ...EXCHANGE, clientName: "Ü🎮" });
  assert.equal(
    transcript.toHex(),
    "0000000a7a617061726f6f2d7631" + "0000000470323536" + "00000006736572766572" +
      "00000006c39cf09f8eae" + "000000026364" + "000000026566",
  );
});

Deno.test("encodeTranscript() leaves a name as it is, whatever its normal form or white space", () => {
  const names = ["é", "e\u0301", " é", "é "];
  const transcripts = names.map((clientName) =>
    encodeTranscript("client", { ...EXCHANGE, clientName }).toHex()
  );
  assert.equal(new Set(transcripts).size, names.length);
});

Deno.test("computeConfirm() of one key differs between the roles", () => {
  const key = new Uint8Array(32).fill(7);
  const ofClient = computeConfirm(key, encodeTranscript("client", EXCHANGE));
  const ofDevice = computeConfirm(key, encodeTranscript("device", EXCHANGE));
  assert.equal(ofClient.length, 32);
  assert.notDeepEqual(ofClient, ofDevice);
});
