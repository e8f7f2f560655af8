// The outlines in the tree are what the script makes of the fonts that it names.

import assert from "node:assert/strict";
import { buildGlyphData, FONTS_FOLDER } from "../../packaging/build/glyphs.ts";
import { systemTest } from "../support/system_test.ts";

const DATA = new URL("../../src/features/screen/glyph_data.ts", import.meta.url);
const folder = Deno.env.get("LATCHKEY_FONTS") ?? FONTS_FOLDER;

async function whyNot(): Promise<string | undefined> {
  const files = ["truetype/noto/NotoSans-Regular.ttf", "opentype/mplus/Mplus1-Medium.otf"];
  try {
    await Promise.all(files.map((file) => Deno.stat(`${folder}/${file}`)));
    return undefined;
  } catch {
    return "needs fonts-noto-core and fonts-mplus";
  }
}

systemTest("glyph_data.ts is what the fonts give", {
  whyNot: await whyNot(),
  run: async () => {
    const isSame = await buildGlyphData(folder) === await Deno.readTextFile(DATA);
    assert.ok(isSame, "run `deno task glyphs` and look at the pictures");
  },
});
