// Which system a folder is meant for: the names of folders that firmwares use, with the id that Core
// documents for the system, so that a tag that was written elsewhere means the same here.

/** What kind of thing a system is. */
export type SystemCategory = "Console" | "Handheld" | "Arcade" | "Computer" | "Other";

/** A system that has an id of its own. */
export interface KnownSystem {
  readonly id: string;
  /** The name that people read. */
  readonly name: string;
  readonly category: SystemCategory;
}

type Row = readonly [id: string, name: string, folders: string];

// The folders of a system, separated by blanks.
const SYSTEMS: Readonly<Record<SystemCategory, readonly Row[]>> = {
  Console: [
    ["3DO", "3DO", "3do"],
    ["AmigaCD32", "Amiga CD32", "amigacd32 cd32"],
    ["Atari2600", "Atari 2600", "atari2600 a2600"],
    ["Atari5200", "Atari 5200", "atari5200 a5200"],
    ["Atari7800", "Atari 7800", "atari7800 a7800"],
    ["CDI", "Philips CD-i", "cdi cdimono1"],
    ["ChannelF", "Fairchild Channel F", "channelf"],
    ["ColecoVision", "ColecoVision", "colecovision coleco"],
    ["Dreamcast", "Dreamcast", "dreamcast dc"],
    ["FDS", "Famicom Disk System", "fds"],
    ["GameCube", "GameCube", "gamecube gc ngc"],
    ["Genesis", "Genesis / Mega Drive", "genesis megadrive megadrive-japan md pico"],
    ["Intellivision", "Intellivision", "intellivision"],
    ["Jaguar", "Atari Jaguar", "jaguar atarijaguar"],
    ["JaguarCD", "Atari Jaguar CD", "jaguarcd atarijaguarcd"],
    ["MasterSystem", "Master System", "mastersystem sms"],
    ["MegaCD", "Sega CD / Mega-CD", "megacd segacd megacdjp"],
    ["NES", "Nintendo Entertainment System", "nes famicom fc"],
    ["NeoGeo", "Neo Geo", "neogeo"],
    ["NeoGeoCD", "Neo Geo CD", "neogeocd neocd"],
    ["Nintendo64", "Nintendo 64", "n64 n64dd"],
    ["Odyssey2", "Magnavox Odyssey 2", "odyssey2 odyssey o2em videopac"],
    ["PCFX", "PC-FX", "pcfx"],
    ["PS2", "PlayStation 2", "ps2"],
    ["PS3", "PlayStation 3", "ps3"],
    ["PSX", "PlayStation", "psx ps1 ps"],
    ["SG1000", "SG-1000", "sg1000 sg-1000"],
    ["SNES", "Super Nintendo", "snes sfc snesh snes-hacks satellaview"],
    ["SNESMSU1", "Super Nintendo MSU-1", "snes-msu1 snesmsu1"],
    ["Saturn", "Saturn", "saturn"],
    ["Sega32X", "Sega 32X", "sega32x 32x"],
    ["SuperGrafx", "SuperGrafx", "supergrafx sgfx"],
    ["Switch", "Switch", "switch"],
    ["TurboGrafx16", "TurboGrafx-16 / PC Engine", "tg16 pcengine pce turbografx"],
    [
      "TurboGrafx16CD",
      "TurboGrafx-CD / PC Engine CD",
      "tg16cd tg-cd pcenginecd pcecd turbografxcd",
    ],
    ["Vectrex", "Vectrex", "vectrex"],
    ["VirtualBoy", "Virtual Boy", "virtualboy vb"],
    ["Wii", "Wii", "wii"],
    ["WiiU", "Wii U", "wiiu"],
    ["Xbox", "Xbox", "xbox"],
  ],
  Handheld: [
    ["3DS", "Nintendo 3DS", "3ds n3ds"],
    ["Arduboy", "Arduboy", "arduboy"],
    ["AtariLynx", "Atari Lynx", "lynx atarilynx"],
    ["GBA", "Game Boy Advance", "gba gbah"],
    ["GameGear", "Game Gear", "gamegear gg"],
    ["GameNWatch", "Game & Watch", "gameandwatch gw lcdgames"],
    ["Gameboy", "Game Boy", "gb gbh"],
    ["GameboyColor", "Game Boy Color", "gbc gbch"],
    ["MegaDuck", "Mega Duck", "megaduck"],
    ["NDS", "Nintendo DS", "nds"],
    ["NeoGeoPocket", "Neo Geo Pocket", "ngp"],
    ["NeoGeoPocketColor", "Neo Geo Pocket Color", "ngpc"],
    ["PSP", "PlayStation Portable", "psp pspminis"],
    ["PokemonMini", "Pokémon Mini", "pokemini pokemonmini"],
    ["SuperGameboy", "Super Game Boy", "sgb"],
    ["SuperVision", "Watara Supervision", "supervision"],
    ["Vita", "PlayStation Vita", "psvita vita"],
    ["WonderSwan", "WonderSwan", "wonderswan wswan ws"],
    ["WonderSwanColor", "WonderSwan Color", "wonderswancolor wswanc wsc"],
  ],
  Arcade: [
    ["Arcade", "Arcade", "arcade mame mame2003 mame-libretro fbneo fba fbn"],
    ["Atomiswave", "Atomiswave", "atomiswave"],
    ["CPS1", "Capcom Play System", "cps1"],
    ["CPS2", "Capcom Play System II", "cps2"],
    ["CPS3", "Capcom Play System III", "cps3"],
    ["DAPHNE", "Daphne", "daphne"],
    ["Model2", "Sega Model 2", "model2"],
    ["Model3", "Sega Model 3", "model3"],
    ["NAOMI", "Naomi", "naomi"],
    ["NAOMI2", "Naomi 2", "naomi2"],
  ],
  Computer: [
    ["Amiga", "Amiga", "amiga amigacdtv"],
    ["Amiga500", "Amiga 500", "amiga500"],
    ["Amiga1200", "Amiga 1200", "amiga1200"],
    ["Amstrad", "Amstrad CPC", "amstradcpc cpc gx4000"],
    ["AppleII", "Apple II", "apple2 appleii"],
    ["Atari800", "Atari 8-bit", "atari800"],
    ["AtariST", "Atari ST", "atarist"],
    ["BBCMicro", "BBC Micro", "bbc bbcmicro"],
    ["C16", "Commodore 16 / Plus/4", "c16 cplus4 plus4"],
    ["C64", "Commodore 64", "c64 c128"],
    ["CoCo2", "TRS-80 Color Computer", "coco"],
    ["DOS", "DOS", "dos pc"],
    ["MSX", "MSX", "msx msx1 msx2"],
    ["MSX2Plus", "MSX2+", "msx2+ msx2plus"],
    ["MacOS", "Macintosh", "macintosh mac"],
    ["PC88", "PC-8800", "pc88 pc-8800 pc8800"],
    ["PC98", "PC-9800", "pc98 pc-9800 pc9800"],
    ["PET2001", "Commodore PET", "pet"],
    ["SAMCoupe", "SAM Coupé", "samcoupe"],
    ["ScummVM", "ScummVM", "scummvm"],
    ["TI994A", "TI-99/4A", "ti99"],
    ["VIC20", "Commodore VIC-20", "vic20 c20"],
    ["X1", "Sharp X1", "x1"],
    ["X68000", "Sharp X68000", "x68000 x68k"],
    ["ZX81", "ZX81", "zx81"],
    ["ZXSpectrum", "ZX Spectrum", "zxspectrum zx"],
  ],
  Other: [
    ["J2ME", "Java ME", "j2me"],
    ["PC", "PC games and ports", "ports easyrpg solarus openjazz quake uzebox wasm4"],
    ["Pico8", "PICO-8", "pico8 pico-8"],
    ["TIC80", "TIC-80", "tic80 tic-80"],
    ["Video", "Video", "recordings videos movies"],
  ],
};

const BY_FOLDER = new Map<string, KnownSystem>();
const BY_ID = new Map<string, KnownSystem>();
for (const [category, rows] of Object.entries(SYSTEMS)) {
  for (const [id, name, folders] of rows) {
    const system: KnownSystem = { id, name, category: category as SystemCategory };
    BY_ID.set(id.toLowerCase(), system);
    for (const folder of folders.split(" ")) BY_FOLDER.set(folder, system);
  }
}

/** Every system with an id of its own. */
export const KNOWN_SYSTEMS: readonly KnownSystem[] = [...BY_ID.values()];

/** The system that a folder of this name is meant for; names ignore case. */
export function systemOfFolder(name: string): KnownSystem | undefined {
  return BY_FOLDER.get(name.toLowerCase());
}

/** The system with this id; ids ignore case. */
export function systemOfId(id: string): KnownSystem | undefined {
  return BY_ID.get(id.toLowerCase());
}
