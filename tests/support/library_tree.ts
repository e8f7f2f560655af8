// A card full of games as it is met in the field: systems, folders in them, and names that trip up
// shells, databases and terminals. The same for the same numbers; `deno run -A` writes it to a folder:
// tests/support/library_tree.ts FOLDER [FILES].

import type { FileAccess } from "../../src/features/library/file_access.ts";
import { createFolderSource } from "../../src/features/library/folder_source.ts";
import type { LibrarySource } from "../../src/features/library/library_source.ts";
import { seededRandom } from "./seeded_random.ts";

/** The systems of the tree: Core's id, the folder, the extension. */
export const TREE_SYSTEMS: readonly (readonly [id: string, folder: string, extension: string])[] = [
  ["SNES", "snes", "sfc"],
  ["NES", "nes", "nes"],
  ["Genesis", "megadrive", "md"],
  ["PSX", "psx", "chd"],
  ["GBA", "gba", "gba"],
  ["Gameboy", "gb", "gb"],
  ["GameboyColor", "gbc", "gbc"],
  ["Nintendo64", "n64", "z64"],
  ["Dreamcast", "dreamcast", "chd"],
  ["Saturn", "saturn", "chd"],
  ["NeoGeo", "neogeo", "zip"],
  ["Arcade", "mame", "zip"],
  ["MasterSystem", "mastersystem", "sms"],
  ["GameGear", "gamegear", "gg"],
  ["TurboGrafx16", "pcengine", "pce"],
  ["Atari2600", "atari2600", "a26"],
  ["AtariLynx", "lynx", "lnx"],
  ["WonderSwan", "wonderswan", "ws"],
  ["C64", "c64", "d64"],
  ["PSP", "psp", "iso"],
];

/** Names that trip up what handles them carelessly; each is in every system. */
export const ODD_NAMES: readonly string[] = [
  'Say "Hello" Twice',
  "Rock 'n' Roll Racing's Revenge",
  "Ünïcödé Über Straße (Germany)",
  "Pokémon – Édition Rouge (France)",
  "スーパーマリオブラザーズ",
  "ポケモン赤",
  "ソニック2 (Japan) [!]",
  "Первый контакт",
  "A name with\na line end",
  "$(touch owned)",
  "`reboot`; rm -rf ~ && true | false",
  "-rf",
  "--version",
  "%ROM% ${path} %s",
  "100% <b>Orange</b> & Co",
  "  two spaces  ",
  "~and Justice~",
  "!?!",
  "\u202eover-right-to-left",
  "back\\slash",
  "comma, semicolon; colon: star* question?",
  "日本語".repeat(27),
  "L".repeat(251),
];

const FIRST_WORDS =
  "Super Mega Turbo Final Street Dragon Sonic Mario Metal Golden Shadow Cosmic Crystal Thunder"
    .split(" ");
const SECOND_WORDS =
  "Quest Fighter Racer World Legend Force Island Warrior Soccer Puzzle Gear Knight Story Attack Zone"
    .split(" ");
const REGIONS = ["(USA)", "(Europe)", "(Japan)", "(World) (Rev 1)", "(USA, Europe) [!]"];

/** Options of the tree. */
export interface TreeOptions {
  /** How many files in all systems together. */
  readonly files: number;
  /**
   * How many systems.
   * @default all
   */
  readonly systems?: number;
}

/** One file of the tree. */
export interface TreeFile {
  /** The id of its system. */
  readonly systemId: string;
  /** Its path below the tree's folder. */
  readonly path: string;
  /** Its name without the extension. */
  readonly name: string;
}

/** The files of the tree, system by system. */
export function* treeFiles(
  { files, systems = TREE_SYSTEMS.length }: TreeOptions,
): Generator<TreeFile> {
  const random = seededRandom(20);
  const pick = <One>(list: readonly One[]): One => {
    const [low = 0, high = 0] = random(2);
    const one = list[(low + 256 * high) % list.length];
    if (one === undefined) throw new RangeError("An empty list");
    return one;
  };
  const perSystem = Math.ceil(files / systems);
  for (const [systemId, folder, extension] of TREE_SYSTEMS.slice(0, systems)) {
    for (let n = 0; n < perSystem; n++) {
      const odd = ODD_NAMES[n];
      const name = odd ?? `${pick(FIRST_WORDS)} ${pick(SECOND_WORDS)} ${n} ${pick(REGIONS)}`;
      // One in ten lies in a folder of its own kind.
      const below = odd === undefined && n % 10 === 0 ? `Series ${n % 70}/` : "";
      yield { systemId, path: `${folder}/${below}${name}.${extension}`, name };
    }
  }
}

/** Writes the tree; the files hold a byte each. */
export async function writeTree(root: string, options: TreeOptions): Promise<TreeFile[]> {
  const written: TreeFile[] = [];
  const folders = new Set<string>();
  for (const file of treeFiles(options)) {
    const path = `${root}/${file.path}`;
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (!folders.has(folder)) await Deno.mkdir(folder, { recursive: true });
    folders.add(folder);
    await Deno.writeTextFile(path, "x");
    written.push(file);
  }
  return written;
}

/** Sources over a tree on the disk: a folder for each system, as an owner would configure them. */
export function treeSources(root: string, files: FileAccess): LibrarySource[] {
  return TREE_SYSTEMS.map(([system, folder, extension]) =>
    createFolderSource({
      source: "folder",
      folder: `${root}/${folder}`,
      extensions: [`.${extension}`],
      system,
      name: undefined,
      command: ["play", "${path}"],
      configFolders: [],
      imageFolders: [],
      exclude: [],
    }, files)
  );
}

if (import.meta.main) {
  const [root, files = "50000"] = Deno.args;
  if (root === undefined) throw new Error("Expected: FOLDER [FILES]");
  const written = await writeTree(root, { files: Number(files) });
  Deno.stdout.writeSync(new TextEncoder().encode(`${written.length} files in ${root}\n`));
}
