import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/bytes.ts";
import { Http2Preface } from "../../../src/edges/http/guard/http2_preface.ts";

const CASES: [string, string[], boolean[]][] = [
  ["the whole preface", ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], [true]],
  ["a preface byte by byte", ["P", "R", "I", " "], [false, false, true, true]],
  ["a preface in two", ["PR", "I * HTTP/2.0"], [false, true]],
  ["POST", ["POST /api HTTP/1.1\r\n"], [false]],
  ["PROPFIND byte by byte", ["P", "R", "O", "P"], [false, false, false, false]],
  ["GET", ["GET / HTTP/1.1\r\n"], [false]],
  ["a preface that is not the beginning", ["G", "PRI", "PRI"], [false, false, false]],
  ["a beginning that fits only later", ["PPRI", "PRI"], [false, false]],
  ["a preface among empty pieces", ["", "P", "", "RI"], [false, false, false, true]],
];
for (const [name, pieces, expected] of CASES) {
  Deno.test(`Http2Preface ${expected.includes(true) ? "tells" : "lets pass"} ${name}`, () => {
    const preface = new Http2Preface();
    assert.deepEqual(pieces.map((piece) => preface.completedBy(utf8(piece))), expected);
  });
}
