// A card for tests of the page: two systems of EmulationStation with titles, covers and a player that
// stays until it is ended.

import { encode } from "fast-png";

/** A card. */
export interface PageCard {
  /** The tables of the configuration that name it. */
  readonly tables: string;
  /** The titles, in the order of the library. */
  readonly titles: readonly string[];
  /** Removes it. */
  remove(): Promise<void>;
}

const SYSTEMS: readonly (readonly [name: string, title: string, games: readonly string[]])[] = [
  ["snes", "Super Nintendo", [
    "Amber Falls",
    "Castle of Glass",
    "Comet Rally",
    "Little Lighthouse",
    "Northern Express",
    "Paper Dragons",
    "River Kings",
    "Seven Lanterns",
    "Star Harbour",
    "The Clockmaker's Cat",
    "Thunder Valley",
    "Winter Garden 2: The Long Way Home",
  ]],
  ["gb", "Game Boy", ["Brick Meadow", "Moon Post", "Pocket Orchard", "Überland", "Velvet Mole"]],
];

/** Makes a card in a folder: one of its own unless it is named. */
export async function makePageCard(folder?: string): Promise<PageCard> {
  const root = folder ?? await Deno.makeTempDir({ prefix: "latchkey_test_card_" });
  const player = `${root}/play.sh`;
  await Deno.writeTextFile(player, "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
  await Deno.mkdir(`${root}/es`);
  let seed = 1;
  for (const [name, , games] of SYSTEMS) {
    await Deno.mkdir(`${root}/${name}/images`, { recursive: true });
    const entries = [];
    for (const [at, game] of games.entries()) {
      await Deno.writeTextFile(`${root}/${name}/${at}.rom`, "x");
      // Some games have no cover.
      const hasCover = at % 6 !== 5;
      if (hasCover) await Deno.writeFile(`${root}/${name}/images/${at}.png`, picture(seed++));
      entries.push(
        `<game><path>./${at}.rom</path><name>${escapeXml(game)}</name>` +
          `${hasCover ? `<image>./images/${at}.png</image>` : ""}</game>`,
      );
    }
    await Deno.writeTextFile(
      `${root}/${name}/gamelist.xml`,
      `<?xml version="1.0"?><gameList>${entries.join("")}</gameList>`,
    );
  }
  const systems = SYSTEMS.map(([name, title]) =>
    `<system><name>${name}</name><fullname>${title}</fullname><path>${root}/${name}</path>` +
    `<extension>.rom</extension><command>${player} %ROM%</command></system>`
  );
  await Deno.writeTextFile(
    `${root}/es/es_systems.cfg`,
    `<?xml version="1.0"?><systemList>${systems.join("")}</systemList>`,
  );
  return {
    tables: `[[library]]\nsource = "emulationstation"\nconfig_folders = ["${root}/es"]`,
    titles: SYSTEMS.flatMap(([, , games]) => games).sort((a, b) => a.localeCompare(b)),
    remove: () => Deno.remove(root, { recursive: true }),
  };
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

// Hills under a sky, in other colours each time.
function picture(seed: number): Uint8Array {
  const width = 120;
  const height = 160;
  const data = new Uint8Array(width * height * 3);
  const hue = (seed * 67) % 360;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const hill = 95 + 18 * Math.sin(x / (14 + seed % 9) + seed) + 8 * Math.sin(x / 7 + seed * 2);
      const sun = Math.hypot(x - 30 - (seed * 29) % 60, y - 45) < 16;
      const color = sun
        ? hsl(hue + 40, 0.85, 0.75)
        : y > hill + 28
        ? hsl(hue, 0.4, 0.2)
        : y > hill
        ? hsl(hue, 0.45, 0.33)
        : hsl(hue + 20, 0.5, 0.42 + 0.3 * (y / height));
      data.set(color, (y * width + x) * 3);
    }
  }
  return encode({ width, height, data, channels: 3 });
}

function hsl(hue: number, saturation: number, lightness: number): [number, number, number] {
  const amplitude = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number): number => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness - amplitude * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}
