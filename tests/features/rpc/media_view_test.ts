import assert from "node:assert/strict";
import { Favorites } from "../../../src/features/library/favorites.ts";
import type { IndexedMedia, LibrarySystem } from "../../../src/features/library/media.ts";
import { SystemCatalogue } from "../../../src/features/library/system_catalogue.ts";
import { MediaView } from "../../../src/features/rpc/media_view.ts";
import { memoryIndex, sampleMedia } from "../../support/memory_index.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function system(id: string, folder: string): LibrarySystem {
  return {
    id,
    name: `The ${id}`,
    category: undefined,
    sourceKey: `folder:${folder}`,
    sourceName: id.toLowerCase(),
    folder,
    launch: { kind: "emulationstation_http" },
  };
}

function viewOf(media: readonly IndexedMedia[], systems: readonly LibrarySystem[]): MediaView {
  const catalogue = new SystemCatalogue();
  catalogue.replace(systems);
  return new MediaView({
    library: { index: memoryIndex(media), catalogue },
    favorites: new Favorites({ list: () => [], set: () => {} }, new FakeClock()),
  });
}

const SNES = system("SNES", "/roms/snes");

Deno.test("script() is the title where that means this media alone, else the path", () => {
  const mario = sampleMedia("/roms/snes/Mario.sfc", { mediaId: 1 });
  const twins = [2, 3].map((mediaId) =>
    sampleMedia(`/roms/snes/${mediaId}.sfc`, { mediaId, name: "Twin" })
  );
  const tagged = sampleMedia("/roms/snes/t.sfc", { mediaId: 4, name: "Game (region:eu)" });
  const odd = sampleMedia("/roms/snes/a\nb.sfc", { mediaId: 5, name: "a||b" });
  const all = [mario, ...twins, tagged, odd];
  const view = viewOf(all, [SNES]);
  assert.deepEqual(all.map((media) => view.script(media)), [
    "@SNES/Mario",
    "/roms/snes/2.sfc",
    "/roms/snes/3.sfc",
    "/roms/snes/t.sfc",
    "file:///roms/snes/a%0Ab.sfc",
  ]);
});

Deno.test("script() is the path where two systems differ in case alone", () => {
  const media = sampleMedia("/roms/snes/Mario.sfc");
  const view = viewOf([media], [SNES, system("snes", "/other")]);
  assert.equal(view.script(media), "/roms/snes/Mario.sfc");
});

Deno.test("running() tells what the index knows of a frontend's game, or what the frontend says", () => {
  const media = sampleMedia("/roms/snes/Mario.sfc");
  const view = viewOf([media], [SNES]);
  assert.deepEqual(view.running({ path: media.path, name: "other", systemName: "x" }), {
    systemId: "SNES",
    systemName: "The SNES",
    mediaName: "Mario",
    mediaPath: media.path,
    launcherId: "emulationstation_http",
    zapScript: "@SNES/Mario",
  });
  assert.deepEqual(view.running({ path: "/else", name: "Else", systemName: undefined }), {
    systemId: "",
    systemName: "",
    mediaName: "Else",
    mediaPath: "/else",
    launcherId: "emulationstation_http",
    zapScript: "/else",
  });
});

Deno.test("meta() makes a slug of any script, and the root is a parent", () => {
  const titleOf = (name: string): unknown => {
    const { title } = viewOf([], []).meta(sampleMedia("/x.sfc", { name }));
    const { slug, slugLength, slugWordCount } = title as Record<string, unknown>;
    return [slug, slugLength, slugWordCount];
  };
  assert.deepEqual(titleOf("Pokémon – Édition Rouge!"), ["pokemon edition rouge", 21, 3]);
  assert.deepEqual(titleOf("ポケモン"), [
    "ポケモン".normalize("NFKD").replace(/\p{M}/gu, ""),
    4,
    1,
  ]);
  assert.deepEqual(titleOf("!?"), ["", 0, 0]);
  const { parentDir, title } = viewOf([], []).meta(sampleMedia("/x.sfc"));
  assert.equal(parentDir, "/");
  assert.deepEqual((title as Record<string, unknown>)["system"], { id: "SNES", name: "SNES" });
});
