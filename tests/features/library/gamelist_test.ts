// gamelist.xml: which games it has, and what it says of them.

import assert from "node:assert/strict";
import { MAX_TITLE_CHARS } from "../../../src/features/library/file_title.ts";
import {
  type GamelistGame,
  MAX_DESCRIPTION_CHARS,
  MAX_DETAIL_CHARS,
  MAX_GAMELIST_GAMES,
  MAX_IMAGE_PATH_CHARS,
  readGamelist,
  resolveGamePath,
} from "../../../src/features/library/gamelist.ts";
import { IMAGE_TYPES } from "../../../src/features/library/media.ts";

const PLACES = { folder: "/roms/snes", home: "/home/ann" };

async function read(
  text: string,
): Promise<{ games: Map<string, GamelistGame>; problems: string[] }> {
  const problems: string[] = [];
  async function* pieces(): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
  }
  const onProblem = (message: string): void => void problems.push(message);
  return { games: await readGamelist(pieces(), { ...PLACES, onProblem }), problems };
}

const game = (fields: string): string => `<gameList><game>${fields}</game></gameList>`;

Deno.test("readGamelist() reads what is said of a game", async () => {
  const { games, problems } = await read(`<?xml version="1.0"?>
    <gameList><folder><path>./sub</path><name>Sub</name></folder>
      <game id="1" source="x"><path>./sub/Zelda (USA).sfc</path><name> The  Legend of Zelda </name>
        <desc>A hero.\n\nA princess &amp; a sword.</desc><image>./media/zelda.png</image>
        <thumbnail>./media/small.png</thumbnail><marquee>../marquee.png</marquee>
        <video>./media/zelda.mp4</video><wheel/><releasedate>19911121T000000</releasedate>
        <developer>Nintendo</developer><publisher>N.</publisher><genre>Action, RPG</genre>
        <players>1-2</players><favorite>true</favorite><hidden>false</hidden><rating>0.9</rating>
        <name>twice</name><scrap><name>deeper</name></scrap></game>
      <game><path>/elsewhere/x.sfc</path><hidden>true</hidden><favorite>false</favorite></game>
    </gameList>`);
  assert.deepEqual(problems, []);
  assert.deepEqual([...games], [
    ["/roms/snes/sub/Zelda (USA).sfc", {
      name: "The Legend of Zelda",
      isHidden: false,
      details: {
        description: "A hero. A princess & a sword.",
        images: {
          image: "/roms/snes/media/zelda.png",
          thumbnail: "/roms/snes/media/small.png",
          marquee: "/roms/marquee.png",
        },
        releaseDate: "1991-11-21",
        developer: "Nintendo",
        publisher: "N.",
        genre: "Action, RPG",
        players: "1-2",
        isFavorite: true,
      },
    }],
    ["/elsewhere/x.sfc", { name: undefined, isHidden: true, details: {} }],
  ]);
});

const FIELDS: [string, string, object][] = [
  ["a thumbnail where there is no image", "<image/><thumbnail>~/a.png</thumbnail>", {
    images: { thumbnail: "/home/ann/a.png" },
  }],
  ["every kind of picture", IMAGE_TYPES.map((type) => `<${type}>/p/${type}</${type}>`).join(""), {
    images: Object.fromEntries(IMAGE_TYPES.map((type) => [type, `/p/${type}`])),
  }],
  ["a picture with the longest path", `<map>/${"x".repeat(MAX_IMAGE_PATH_CHARS - 1)}</map>`, {
    images: { map: `/${"x".repeat(MAX_IMAGE_PATH_CHARS - 1)}` },
  }],
  ["no picture with a longer path", `<map>/${"x".repeat(MAX_IMAGE_PATH_CHARS)}</map>`, {}],
  ["no date of zeros", "<releasedate>19910000T000000</releasedate>", {}],
  ["no date that is none", "<releasedate>19910230T000000</releasedate>", {}],
  ["no date of another form", "<releasedate>1991</releasedate>", {}],
  ["a bounded description", `<desc>${"x".repeat(MAX_DESCRIPTION_CHARS + 1)}</desc>`, {
    description: "x".repeat(MAX_DESCRIPTION_CHARS),
  }],
  ["a bounded genre", `<genre>${"x".repeat(MAX_DETAIL_CHARS + 1)}</genre>`, {
    genre: "x".repeat(MAX_DETAIL_CHARS),
  }],
  ["nothing of what is empty", "<desc> \n </desc><genre></genre><players/>", {}],
];
for (const [what, fields, details] of FIELDS) {
  Deno.test(`readGamelist() has ${what}`, async () => {
    const { games } = await read(game(`<path>a</path>${fields}`));
    assert.deepEqual(games.get("/roms/snes/a")?.details, details);
  });
}

Deno.test("readGamelist() bounds names", async () => {
  const { games } = await read(
    game(`<path>a</path><name>${"x".repeat(MAX_TITLE_CHARS + 1)}</name>`),
  );
  assert.equal(games.get("/roms/snes/a")?.name, "x".repeat(MAX_TITLE_CHARS));
});

Deno.test("readGamelist() mixes no game with the next", async () => {
  const { games } = await read(
    "<gameList><game><name>no path</name><genre>g</genre></game><game><path>b</path></game></gameList>",
  );
  assert.deepEqual([...games], [["/roms/snes/b", {
    name: undefined,
    isHidden: false,
    details: {},
  }]]);
});

Deno.test("readGamelist() reads a list behind another root", async () => {
  const { games, problems } = await read(
    "<alternativeEmulator><label>x</label></alternativeEmulator>" + game("<path>a</path>"),
  );
  assert.deepEqual([[...games.keys()], problems], [["/roms/snes/a"], []]);
});

Deno.test("readGamelist() keeps only so many games", async () => {
  const { games, problems } = await read(
    `<gameList>${
      Array.from({ length: MAX_GAMELIST_GAMES + 2 }, (_, at) => `<game><path>${at}</path></game>`)
        .join("")
    }</gameList>`,
  );
  assert.equal(games.size, MAX_GAMELIST_GAMES);
  assert.deepEqual(problems, [`it has more than ${MAX_GAMELIST_GAMES} games`]);
});

const PATHS: [string | undefined, string | undefined][] = [
  ["./a b.sfc", "/roms/snes/a b.sfc"],
  ["a.sfc", "/roms/snes/a.sfc"],
  ["./sub/./a//b.sfc", "/roms/snes/sub/a/b.sfc"],
  ["../nes/a", "/roms/nes/a"],
  ["../../../../../etc/passwd", "/etc/passwd"],
  ["/abs/../a", "/a"],
  ["~/a", "/home/ann/a"],
  [" ./a\n", "/roms/snes/a"],
  ["~ann/a", "/roms/snes/~ann/a"],
  ["a\0b", undefined],
  ["", undefined],
  [undefined, undefined],
];
for (const [written, path] of PATHS) {
  Deno.test(`resolveGamePath() reads ${JSON.stringify(written)}`, () => {
    assert.equal(resolveGamePath(written, PLACES), path);
  });
}

Deno.test("resolveGamePath() knows no home where there is none", () => {
  assert.equal(resolveGamePath("~/a", { folder: "/roms", home: undefined }), undefined);
});
