// The table of folders and ids.

import assert from "node:assert/strict";
import {
  KNOWN_SYSTEMS,
  systemOfFolder,
  systemOfId,
} from "../../../src/features/library/system_ids.ts";

// Folders of firmwares, with the ids that Core documents.
const ROWS: [string, string][] = [
  ["snes", "SNES"],
  ["SFC", "SNES"],
  ["nes", "NES"],
  ["fc", "NES"],
  ["megadrive", "Genesis"],
  ["genesis", "Genesis"],
  ["segacd", "MegaCD"],
  ["megacd", "MegaCD"],
  ["sega32x", "Sega32X"],
  ["mastersystem", "MasterSystem"],
  ["gamegear", "GameGear"],
  ["psx", "PSX"],
  ["ps1", "PSX"],
  ["psp", "PSP"],
  ["gb", "Gameboy"],
  ["gbc", "GameboyColor"],
  ["gba", "GBA"],
  ["nds", "NDS"],
  ["n64", "Nintendo64"],
  ["pcengine", "TurboGrafx16"],
  ["tg16cd", "TurboGrafx16CD"],
  ["wswanc", "WonderSwanColor"],
  ["wonderswancolor", "WonderSwanColor"],
  ["ngp", "NeoGeoPocket"],
  ["neogeo", "NeoGeo"],
  ["fbneo", "Arcade"],
  ["mame", "Arcade"],
  ["cps2", "CPS2"],
  ["dreamcast", "Dreamcast"],
  ["saturn", "Saturn"],
  ["c64", "C64"],
  ["zxspectrum", "ZXSpectrum"],
  ["pico-8", "Pico8"],
  ["ports", "PC"],
];
for (const [folder, id] of ROWS) {
  Deno.test(`systemOfFolder() takes ${folder} for ${id}`, () => {
    assert.equal(systemOfFolder(folder)?.id, id);
  });
}

Deno.test("systemOfFolder() knows nothing of other names", () => {
  for (const name of ["", "games", "__proto__", "constructor", "snes "]) {
    assert.equal(systemOfFolder(name), undefined);
  }
});

Deno.test("systemOfId() ignores case, and every id has one system", () => {
  for (const system of KNOWN_SYSTEMS) {
    assert.equal(systemOfId(system.id), system);
    assert.equal(systemOfId(system.id.toLowerCase()), system);
  }
  assert.equal(systemOfId("snes")?.name, "Super Nintendo");
  assert.equal(systemOfId("toString"), undefined);
  assert.ok(KNOWN_SYSTEMS.length >= 60);
});

Deno.test("every folder of the table stands for one system", async () => {
  const source = await Deno.readTextFile(
    new URL("../../../src/features/library/system_ids.ts", import.meta.url),
  );
  const rows = [...source.matchAll(/^ {4}\["([^"]+)", "[^"]+", "([^"]+)"\]/gm)];
  const folders = rows.flatMap(([, id = "", names = ""]) =>
    names.split(" ").map((name) => [name, id] as const)
  );
  assert.ok(folders.length > 100);
  for (const [name, id] of folders) assert.equal(systemOfFolder(name)?.id, id, name);
});
