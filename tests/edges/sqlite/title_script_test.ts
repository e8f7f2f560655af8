// The text of a title leads through the index to the very media that it was written for.

import assert from "node:assert/strict";
import { SystemCatalogue } from "../../../src/features/library/system_catalogue.ts";
import { Favorites } from "../../../src/features/library/favorites.ts";
import { parseZapScript } from "../../../src/features/library/zap_script.ts";
import { MediaView } from "../../../src/features/rpc/media_view.ts";
import { ODD_NAMES } from "../../support/odd_names.ts";
import { foundMedia, lookThrough, withIndex } from "./library_world.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const NAMES = [
  ...ODD_NAMES.map((name) => name.replace(/\.zip$/, "")),
  ..."Mario,MARIO,mario,Mário,Mario 2,Super Mario,Mario (USA),Mario [!],The Mario,Mario: 3".split(
    ",",
  ),
  "A".repeat(300),
  "ポケモン",
  "ポケモン赤",
];

Deno.test("every title leads to its own media, whatever the others are called", () => {
  withIndex(({ index }) => {
    const media = NAMES.map((name, n) => foundMedia(`/roms/snes/${n}.sfc`, { name }));
    lookThrough(index, "SNES", media);
    const catalogue = new SystemCatalogue();
    const favorites = new Favorites({ list: () => [], set: () => {} }, new FakeClock());
    const view = new MediaView({ library: { index, catalogue }, favorites });
    let titles = 0;
    for (const one of index.search({}, { maxResults: 250 }).results) {
      const script = parseZapScript(view.script(one));
      if (script.kind === "title") {
        titles += 1;
        assert.equal(index.findTitle("SNES", script.title)?.path, one.path, script.title);
      } else assert.deepEqual(script, { kind: "path", path: one.path });
    }
    assert.ok(titles > 25, String(titles));
  });
});
