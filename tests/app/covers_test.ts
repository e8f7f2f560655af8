// Covers as a phone asks for them: which picture of a game is sent, and that none is from elsewhere.

import assert from "node:assert/strict";
import { emulationStationToml, type Phone, PNG, type Shown, withLibrary } from "./library_world.ts";

// PNG's header alone, with a width.
function wide(pixels: number): Uint8Array {
  const bytes = PNG.slice();
  new DataView(bytes.buffer).setUint32(16, pixels);
  return bytes;
}

/** Gives the games of the card pictures by their gamelist; `games` are file names with its fields. */
function describeGames(roms: string, games: Readonly<Record<string, string>>): void {
  const entries = Object.entries(games)
    .map(([name, fields]) => `<game><path>./${name}.sfc</path>${fields}</game>`);
  const text = `<gameList>${entries.join("")}</gameList>`;
  Deno.writeTextFileSync(`${roms}/snes/gamelist.xml`, text);
}

async function covers(phone: Phone): Promise<(name: string, wishes?: object) => Promise<string>> {
  const { results } = await phone.call<{ results: Shown[] }>("media.search", {
    systems: ["SNES"],
  });
  const image = "property:image-";
  return async (name, wishes = {}) => {
    const { mediaId } = results.find((game) => game.name === name) ?? {};
    const { typeTag } = await phone.call<{ typeTag: string }>("media.image", {
      mediaId,
      ...wishes,
    });
    return typeTag.slice(image.length);
  };
}

Deno.test("a phone chooses among the pictures of a game by kind and size", async () => {
  const toml = (roms: string): string => {
    Deno.writeFileSync(`${roms}/snes/images/wide.png`, wide(900));
    Deno.writeFileSync(`${roms}/snes/images/small.png`, wide(90));
    describeGames(roms, {
      Mario: "<image>./images/wide.png</image><thumbnail>images/small.png</thumbnail>" +
        "<marquee>./images/mario.png</marquee><fanart>./images/big.png</fanart>",
      Zelda: "<image>./images/big.png</image><wheel>./images/mario.png</wheel>",
    });
    return emulationStationToml(roms);
  };
  await withLibrary({ toml }, async (world) => {
    const phone = await world.phone();
    await world.scanned(phone);
    const cover = await covers(phone);
    assert.equal(await cover("Mario"), "image");
    const { media } = await phone.call<{ media: { title: { properties: object } } }>(
      "media.meta",
      { system: "SNES", path: `${world.roms}/snes/Mario.sfc` },
    );
    assert.deepEqual(
      Object.keys(media.title.properties),
      ["image", "thumbnail", "marquee", "fanart"].map((type) => `property:image-${type}`),
    );
    assert.equal(await cover("Mario", { imageTypes: null, maxSize: null }), "image");
    assert.equal(await cover("Mario", { maxSize: 0 }), "image");
    assert.equal(await cover("Mario", { maxSize: -1 }), "image");
    assert.equal(await cover("Mario", { maxSize: 256 }), "thumbnail");
    assert.equal(await cover("Mario", { imageTypes: ["boxart", "marquee"] }), "marquee");
    assert.equal(await cover("Mario", { imageTypes: ["boxart"] }), "image");
    assert.equal(await cover("Mario", { imageTypes: ["fanart"], maxSize: 64 }), "image");
    assert.equal(await cover("Mario", { delivery: "localPath", maxSize: 256 }), "thumbnail");
    assert.equal(await cover("Zelda"), "wheel");
    await assert.rejects(cover("Zelda", { imageTypes: ["image"] }), /larger than 524288 bytes/);
    for (
      const bad of [
        { imageTypes: "image" },
        { imageTypes: [1] },
        { imageTypes: ["x".repeat(65)] },
        { maxSize: "256" },
        { delivery: 1 },
      ]
    ) {
      await assert.rejects(cover("Mario", bad), new RegExp(`${Object.keys(bad)[0]}.*: expected`));
    }
  });
});

Deno.test("pictures of the frontend's own folders are sent where the owner names them", async () => {
  const names = ["Mario", "Metroid", "Zelda", "Big", "Out"];
  const fill = (roms: string): void => {
    for (const folder of ["art/snes", "art2"]) {
      Deno.mkdirSync(`${roms}/${folder}`, { recursive: true });
    }
    for (const file of ["art/snes/mario.png", "art2/x.png"]) {
      Deno.writeFileSync(`${roms}/${file}`, PNG);
    }
    Deno.symlinkSync(`${roms}/secret.png`, `${roms}/art/link.png`);
    Deno.symlinkSync(`${roms}/snes/images/mario.png`, `${roms}/art/home.png`);
    describeGames(roms, {
      Mario: `<image>${roms}/art/snes/mario.png</image>`,
      Metroid: `<image>${roms}/art/link.png</image>`,
      Zelda: `<image>${roms}/art/../secret.png</image>`,
      Big: `<image>${roms}/art2/x.png</image>`,
      Out: `<image>${roms}/art/home.png</image>`,
    });
  };
  const toml = (roms: string): string => {
    fill(roms);
    const folders = `config_folders = ["${roms}/es"]\nimage_folders = ["${roms}/art/"]`;
    return emulationStationToml(roms).replace(/config_folders.*/, folders);
  };
  for (
    const [given, expected] of [
      [toml, ["image", "placeholder", "placeholder", "placeholder", "image"]],
      [(roms: string) => emulationStationToml((fill(roms), roms)), [
        "placeholder",
        "placeholder",
        "placeholder",
        "placeholder",
        "image",
      ]],
    ] as const
  ) {
    await withLibrary({ toml: given }, async (world) => {
      const phone = await world.phone();
      await world.scanned(phone);
      const cover = await covers(phone);
      assert.deepEqual(await Promise.all(names.map((name) => cover(name))), expected);
    });
  }
});
