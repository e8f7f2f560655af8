import assert from "node:assert/strict";
import { concatBytes, utf8 } from "../../../src/base/bytes.ts";
import { POINT_U, POINT_V } from "../../../src/protocol/v1/pake.ts";
import {
  decodeClientMessage,
  decodeDeviceMessage,
  encodeClientMessage,
  encodeDeviceMessage,
  MAX_PAKE_MESSAGE_BYTES,
} from "../../../src/protocol/v1/pake_message.ts";
import { multiplyPoint, REFERENCE_GENERATOR } from "../../support/reference_curve.ts";
import { ReferencePairingDevice } from "../../support/reference_protocol.ts";

const X = multiplyPoint(42n, REFERENCE_GENERATOR);
const Y = multiplyPoint(43n, REFERENCE_GENERATOR);
const CLIENT_TEXT = new TextDecoder().decode(encodeClientMessage(X));
const DEVICE_TEXT = new TextDecoder().decode(encodeDeviceMessage(X, Y));

Deno.test("encodeClientMessage() writes the role first and every coordinate as text", () => {
  assert.equal(
    CLIENT_TEXT,
    `{"role":0,"ux":"${POINT_U.x}","uy":"${POINT_U.y}","vx":"${POINT_V.x}","vy":"${POINT_V.y}",` +
      `"xx":"${X.x}","xy":"${X.y}","yx":"0","yy":"0"}`,
  );
});

Deno.test("encodeDeviceMessage() writes the role last and both points", () => {
  assert.equal(
    DEVICE_TEXT,
    `{"ux":"${POINT_U.x}","uy":"${POINT_U.y}","vx":"${POINT_V.x}","vy":"${POINT_V.y}",` +
      `"xx":"${X.x}","xy":"${X.y}","yx":"${Y.x}","yy":"${Y.y}","role":1}`,
  );
});

Deno.test("a decoded message gives its point", () => {
  assert.deepEqual(decodeClientMessage(utf8(CLIENT_TEXT)), X);
  assert.deepEqual(decodeDeviceMessage(utf8(DEVICE_TEXT)), Y);
});

const ACCEPTED: [string, string][] = [
  ["white space around and inside", ` \r\n\t${CLIENT_TEXT.replaceAll(",", " ,\n")}\n `],
  ["unknown members, nested ones included", CLIENT_TEXT.replace("{", '{"z":{"role":1,"xx":[]},')],
  ["an escaped member name", CLIENT_TEXT.replace('"xx"', '"\\u0078x"')],
  ["the last of two members of a name", CLIENT_TEXT.replace("{", '{"role":1,"xx":"1",')],
  ["role -1", CLIENT_TEXT.replace(`"role":0`, `"role":-1`)],
  ["role -0", CLIENT_TEXT.replace(`"role":0`, `"role":-0`)],
  ["role 2", CLIENT_TEXT.replace(`"role":0`, `"role":2`)],
  ["-0 for an ignored coordinate", CLIENT_TEXT.replace(`"yx":"0"`, `"yx":"-0"`)],
  ["any Y, which is not on the curve", CLIENT_TEXT.replace(`"yx":"0"`, `"yx":"99"`)],
];
for (const [name, text] of ACCEPTED) {
  Deno.test(`decodeClientMessage() takes ${name}`, () => {
    assert.notEqual(text, CLIENT_TEXT);
    assert.deepEqual(decodeClientMessage(utf8(text)), X);
    const answer = new ReferencePairingDevice("123456", 1n).answer(utf8(text), "");
    assert.deepEqual(answer?.points[0], X);
  });
}

const REFUSED: [string, string][] = [
  ["the empty text", ""],
  ["null", "null"],
  ["an array", `[${CLIENT_TEXT}]`],
  ["a text", JSON.stringify(CLIENT_TEXT)],
  ["two objects", CLIENT_TEXT + CLIENT_TEXT],
  ["a byte order mark", `\ufeff${CLIENT_TEXT}`],
  ["a comma behind the last member", CLIENT_TEXT.replace("}", ",}")],
  ["a no-break space behind it", `${CLIENT_TEXT}\u00a0`],
  ["role null", CLIENT_TEXT.replace(`"role":0`, `"role":null`)],
  ["role true", CLIENT_TEXT.replace(`"role":0`, `"role":true`)],
  ["role 0.0", CLIENT_TEXT.replace(`"role":0`, `"role":0.0`)],
  ["role 0e0", CLIENT_TEXT.replace(`"role":0`, `"role":0e0`)],
  ["role 1.0", CLIENT_TEXT.replace(`"role":0`, `"role":1.0`)],
  ["the device's role under an escaped name", CLIENT_TEXT.replace(`"role":0`, `"\\u0072ole":1`)],
  ["the device's role last of two", CLIENT_TEXT.replace(`"role":0`, `"role":0,"role":1`)],
  ["an X member in a member", CLIENT_TEXT.replace(/"xx":"\d+"/, (x) => `"z":{${x}}`)],
  ["a coordinate null", CLIENT_TEXT.replace(`"yy":"0"`, `"yy":null`)],
  ["a coordinate with white space", CLIENT_TEXT.replace(`"yy":"0"`, `"yy":" 0"`)],
  ["a coordinate with a line end", CLIENT_TEXT.replace(`"yy":"0"`, `"yy":"0\\n"`)],
  ["a lone sign", CLIENT_TEXT.replace(`"yy":"0"`, `"yy":"+"`)],
  ["two signs", CLIENT_TEXT.replace(`"yy":"0"`, `"yy":"--0"`)],
  ["a negative ignored coordinate", CLIENT_TEXT.replace(`"yy":"0"`, `"yy":"-1"`)],
  ["a fraction", CLIENT_TEXT.replace(`"yy":"0"`, `"yy":"0.0"`)],
  ["digits of another script", CLIENT_TEXT.replace(`"yy":"0"`, `"yy":"٠"`)],
  ["an underscore between digits", CLIENT_TEXT.replace(`"yy":"0"`, `"yy":"0_0"`)],
  ["a big integer's suffix", CLIENT_TEXT.replace(`"yy":"0"`, `"yy":"0n"`)],
  ["X under another member of the prototype", CLIENT_TEXT.replace(`"xx"`, `"__proto__"`)],
];
for (const [name, text] of REFUSED) {
  Deno.test(`decodeClientMessage() refuses ${name}`, () => {
    assert.notEqual(text, CLIENT_TEXT);
    assert.equal(decodeClientMessage(utf8(text)), undefined);
    assert.equal(new ReferencePairingDevice("123456", 1n).answer(utf8(text), ""), undefined);
  });
}

for (const name of ["ux", "uy", "vx", "vy", "xx", "xy", "yx", "yy"]) {
  Deno.test(`decodeClientMessage() and decodeDeviceMessage() want ${name}`, () => {
    const without = new RegExp(`"${name}":"\\d+",?`);
    const client = CLIENT_TEXT.replace(without, "").replace(",}", "}");
    const device = DEVICE_TEXT.replace(without, "");
    assert.equal(Object.keys(JSON.parse(client)).length, 8);
    assert.equal(Object.keys(JSON.parse(device)).length, 8);
    assert.equal(decodeClientMessage(utf8(client)), undefined);
    assert.equal(decodeDeviceMessage(utf8(device)), undefined);
  });
}

Deno.test("decodeClientMessage() takes 2048 bytes and refuses 2049", () => {
  const longest = utf8(CLIENT_TEXT.padEnd(MAX_PAKE_MESSAGE_BYTES));
  assert.equal(longest.length, 2048);
  assert.deepEqual(decodeClientMessage(longest), X);
  assert.equal(decodeClientMessage(concatBytes(longest, utf8(" "))), undefined);
});

Deno.test("decodeClientMessage() refuses bytes that are not UTF-8", () => {
  const [head = "", tail = ""] = CLIENT_TEXT.replace("{", '{"z":"|",').split("|");
  const withByte = (byte: number): Uint8Array =>
    concatBytes(utf8(head), Uint8Array.of(byte), utf8(tail));
  assert.deepEqual(decodeClientMessage(withByte(0x41)), X);
  assert.equal(decodeClientMessage(withByte(0xff)), undefined);
});

Deno.test("decodeDeviceMessage() refuses every role but 1", () => {
  for (const role of ["0", "2", "-1", "null", '"1"', "1.0"]) {
    assert.equal(
      decodeDeviceMessage(utf8(DEVICE_TEXT.replace(`"role":1`, `"role":${role}`))),
      undefined,
    );
  }
  assert.equal(decodeDeviceMessage(utf8(DEVICE_TEXT.replace(`,"role":1`, ""))), undefined);
  assert.equal(decodeDeviceMessage(utf8(CLIENT_TEXT)), undefined);
});

Deno.test("decodeDeviceMessage() refuses a Y that is not on the curve", () => {
  for (const y of [{ x: 0n, y: 0n }, { x: Y.x, y: Y.y + 1n }, { x: 1n, y: 1n }]) {
    assert.equal(decodeDeviceMessage(encodeDeviceMessage(X, y)), undefined);
  }
});

Deno.test("a message with leading zeros and signs is answered with canonical decimals", () => {
  const text = CLIENT_TEXT.replace(`"xx":"`, `"xx":"+000`);
  const x = decodeClientMessage(utf8(text)) ?? assert.fail();
  assert.deepEqual(encodeDeviceMessage(x, Y), utf8(DEVICE_TEXT));
});
