import assert from "node:assert/strict";
import { concatBytes } from "../../../src/base/bytes.ts";
import { longestEdge } from "../../../src/features/library/picture_size.ts";

const PIXEL = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNiAAAABgADNjd8qAAAAABJRU5ErkJggg==",
);

for (const type of ["image/png", "image/jpeg"]) {
  for (const [width, height] of [[300, 20], [20, 300], [1, 1], [70, 70]] as const) {
    Deno.test(`longestEdge() of ${type} with ${width} by ${height} pixels`, async () => {
      const bitmap = await createImageBitmap(new Blob([PIXEL], { type: "image/png" }), {
        resizeWidth: width,
        resizeHeight: height,
      });
      const canvas = new OffscreenCanvas(width, height);
      canvas.getContext("bitmaprenderer")?.transferFromImageBitmap(bitmap);
      const blob = await canvas.convertToBlob({ type });
      assert.equal(blob.type, type);
      assert.equal(longestEdge(await blob.bytes()), Math.max(width, height));
    });
  }
}

// The beginnings of files as their specifications have them.
const GIF = "47494638396178050300f7";
const WEBP = "52494646a8010000" + "57454250";
const JPEG = "ffd8" + "ffe0" + "0010" + "4a46494600010100000100010000";
const FRAME = "0011" + "08" + "0514" + "0578" + "03";
const HEADERS: readonly (readonly [what: string, hex: string, edge: number | undefined])[] = [
  ["a wide GIF", GIF, 1400],
  ["a high GIF", "474946383761" + "0300" + "7805", 1400],
  [
    "a wide lossy WebP",
    `${WEBP}56503820` + "20000000" + "300100" + "9d012a" + "7845" + "1440",
    1400,
  ],
  [
    "a high lossy WebP",
    `${WEBP}56503820` + "20000000" + "300100" + "9d012a" + "1440" + "78c5",
    1400,
  ],
  ["a wide lossless WebP", `${WEBP}5650384c` + "20000000" + "2f" + "77c50410", 1400],
  ["a high lossless WebP", `${WEBP}5650384c` + "20000000" + "2f" + "13c05d01", 1400],
  [
    "a wide extended WebP",
    `${WEBP}56503858` + "0a000000" + "10000000" + "ff0f01" + "130000",
    69632,
  ],
  [
    "a high extended WebP",
    `${WEBP}56503858` + "0a000000" + "10000000" + "130000" + "ff0f01",
    69632,
  ],
  ["a WebP with another chunk", `${WEBP}49434350` + "0a000000" + "10000000130000ff0f01", undefined],
  ["a progressive JPEG", `${JPEG}ffc2${FRAME}`, 1400],
  ["a JPEG with tables before its frame", `${JPEG}ffc40005aabbccffc1${FRAME}`, 1400],
  ["a JPEG with an extension before its frame", `${JPEG}ffc80003aaffcc0003aaffcf${FRAME}`, 1400],
  ["a JPEG with fill bytes", `${JPEG}ffffffffc0${FRAME}`, 1400],
  ["a JPEG whose lengths lie", "ffd8ffe00000ffe00000ffc0" + FRAME, undefined],
  ["a JPEG with no frame", `${JPEG}ffda0002001122`, undefined],
  ["a PNG without pixels", "89504e470d0a1a0a0000000d494844520000000000000000", undefined],
  ["what is no picture", "00".repeat(40), undefined],
  ["nothing", "", undefined],
];
for (const [what, hex, edge] of HEADERS) {
  Deno.test(`longestEdge() of ${what}`, () => {
    assert.equal(longestEdge(Uint8Array.fromHex(hex)), edge);
  });
  Deno.test(`longestEdge() of ${what}, cut anywhere, does not throw`, () => {
    const bytes = Uint8Array.fromHex(hex);
    for (let length = 0; length < bytes.length; length++) longestEdge(bytes.subarray(0, length));
  });
}

Deno.test("longestEdge() reads within its own part of a buffer", () => {
  const gif = Uint8Array.fromHex(GIF);
  const bytes = concatBytes(new Uint8Array(7).fill(255), gif);
  assert.equal(longestEdge(bytes.subarray(7)), 1400);
  assert.equal(longestEdge(concatBytes(gif.subarray(0, 8), gif).subarray(0, 8)), undefined);
});
