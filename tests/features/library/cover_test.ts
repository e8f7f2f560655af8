import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import { concatBytes } from "../../../src/base/bytes.ts";
import { chooseCover, MAX_COVER_BYTES } from "../../../src/features/library/cover.ts";
import type { ReadFileOptions } from "../../../src/features/library/file_access.ts";
import type { MediaDetails } from "../../../src/features/library/media.ts";

const SIZES = { image: 1400, thumbnail: 200, boxart: 900, marquee: 700, fanart: 100 };

/** A GIF whose longer edge has so many pixels. */
function picture(edge: number, bytes = 12): Uint8Array {
  const gif = new Uint8Array(bytes);
  gif.set(new TextEncoder().encode("GIF89a"));
  new DataView(gif.buffer).setUint16(6, edge, true);
  return gif;
}

const FILES = new Map<string, Uint8Array>([
  ...Object.entries(SIZES).map(([name, edge]) => [`/roms/${name}`, picture(edge)] as const),
  ["/roms/untold", picture(0)],
  ["/roms/big", picture(300, MAX_COVER_BYTES + 1)],
  ["/roms/largest", picture(300, MAX_COVER_BYTES)],
  ["/roms/text", new TextEncoder().encode("no picture")],
]);

const files = {
  async *read(
    path: string,
    { maxBytes, onCut, within }: ReadFileOptions,
  ): AsyncGenerator<Uint8Array> {
    assert.deepEqual(within, ["/roms"]);
    const bytes = FILES.get(path);
    if (bytes === undefined) throw new AppError("not_found", "No such file");
    yield bytes.subarray(0, 5);
    yield bytes.subarray(5, maxBytes);
    if (bytes.length > maxBytes) onCut?.();
    await Promise.resolve();
  },
};

function named(...types: (keyof typeof SIZES)[]): MediaDetails["images"] {
  return Object.fromEntries(types.map((type) => [type, `/roms/${type}`]));
}

async function chosen(
  images: MediaDetails["images"],
  { types = [], maxPixels = 0 }: { types?: string[]; maxPixels?: number } = {},
): Promise<string> {
  const details = images === undefined ? {} : { images };
  const cover = await chooseCover({ details }, { types, maxPixels, files, folders: ["/roms"] });
  return cover.kind === "picture" ? cover.imageType : cover.kind;
}

type Row = readonly [
  what: string,
  images: MediaDetails["images"],
  wishes: { types?: string[]; maxPixels?: number },
  chosen: string,
];

const all = named("fanart", "marquee", "boxart", "thumbnail", "image");
const ROWS: readonly Row[] = [
  ["nothing where no picture is told", undefined, {}, "none"],
  ["the image first", all, {}, "image"],
  ["the thumbnail before box art", named("boxart", "thumbnail"), {}, "thumbnail"],
  ["the marquee before fan art", named("fanart", "marquee"), {}, "marquee"],
  ["what is asked for", all, { types: ["marquee"] }, "marquee"],
  ["the first of what is asked for", all, { types: ["fanart", "boxart"] }, "fanart"],
  ["the next where the first is not told", all, { types: ["wheel", "boxart"] }, "boxart"],
  ["the image for what is not told", all, { types: ["wheel"] }, "image"],
  ["the thumbnail for what is not told", named("thumbnail"), { types: ["wheel"] }, "thumbnail"],
  ["no other kind for what is not told", named("fanart"), { types: ["wheel"] }, "none"],
  ["what is known of the asked", all, { types: ["constructor", "hologram", "boxart"] }, "boxart"],
  ["the next where the file is gone", { ...all, image: "/roms/gone" }, {}, "thumbnail"],
  ["the next where the file is no picture", { ...all, image: "/roms/text" }, {}, "thumbnail"],
  ["the next where the file is too large", { ...all, image: "/roms/big" }, {}, "thumbnail"],
  ["the file of the greatest length", { image: "/roms/largest" }, {}, "image"],
  [
    "a refusal where all are too large",
    { image: "/roms/big", fanart: "/roms/gone" },
    {},
    "too_large",
  ],
  ["a refusal that comes last", { image: "/roms/gone", fanart: "/roms/big" }, {}, "too_large"],
  ["none where all are gone", { image: "/roms/gone", fanart: "/roms/text" }, {}, "none"],
  ["the thumbnail that fits", all, { maxPixels: 256 }, "thumbnail"],
  ["the thumbnail that just fits", all, { maxPixels: 200 }, "thumbnail"],
  ["the image where no thumbnail fits", all, { maxPixels: 199 }, "image"],
  ["the image that just fits", all, { maxPixels: 1400 }, "image"],
  ["the thumbnail of an image by a pixel", all, { maxPixels: 1399 }, "thumbnail"],
  ["the thumbnail of box art", all, { types: ["boxart"], maxPixels: 256 }, "thumbnail"],
  ["the marquee, which has none", all, { types: ["marquee"], maxPixels: 256 }, "marquee"],
  [
    "the image where no size is wished for",
    { image: "/roms/image", thumbnail: "/roms/untold" },
    {},
    "image",
  ],
  ["the image without a thumbnail", named("image", "fanart"), { maxPixels: 256 }, "image"],
  [
    "the image whose thumbnail is gone",
    { image: "/roms/image", thumbnail: "/roms/gone" },
    { maxPixels: 256 },
    "image",
  ],
];
for (const [what, images, wishes, expected] of ROWS) {
  Deno.test(`chooseCover() gives ${what}`, async () => {
    assert.equal(await chosen(images, wishes), expected);
  });
}

Deno.test("chooseCover() gives all bytes of the picture and its kind", async () => {
  const cover = await chooseCover({ details: { images: { image: "/roms/largest" } } }, {
    types: [],
    maxPixels: 0,
    files,
    folders: ["/roms"],
  });
  assert.ok(cover.kind === "picture");
  assert.deepEqual(concatBytes(cover.bytes), FILES.get("/roms/largest"));
  assert.equal(cover.type.contentType, "image/gif");
});

Deno.test("chooseCover() throws what is no refusal of a file", async () => {
  const broken = {
    // deno-lint-ignore require-yield -- it gives nothing
    async *read(): AsyncGenerator<Uint8Array> {
      await Promise.reject(new AppError("unavailable", "The disk is gone"));
    },
  };
  const wishes = { types: [], maxPixels: 0, files: broken, folders: [] };
  await assert.rejects(chooseCover({ details: { images: all ?? {} } }, wishes), /disk is gone/);
});
