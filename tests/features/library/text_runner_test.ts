import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import { silentLogger } from "../../../src/base/log.ts";
import type { IndexedMedia, LibrarySystem } from "../../../src/features/library/media.ts";
import {
  type HistoryEntry,
  MAX_HISTORY_ENTRIES,
  RunHistory,
} from "../../../src/features/library/run_history.ts";
import { SystemCatalogue } from "../../../src/features/library/system_catalogue.ts";
import { type ScannedToken, TextRunner } from "../../../src/features/library/text_runner.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { memoryIndex, sampleMedia } from "../../support/memory_index.ts";

function system(id: string, folder: string): LibrarySystem {
  return {
    id,
    name: `The ${id}`,
    category: undefined,
    sourceKey: `folder:${folder}`,
    sourceName: id.toLowerCase(),
    folder,
    launch: { kind: "command", steps: [] },
  };
}

const MARIO = sampleMedia("/roms/snes/Mario.sfc", { mediaId: 1 });
const ZELDA = sampleMedia("/roms/snes/sub/Zelda.sfc", { mediaId: 2 });
const POKEMON = sampleMedia("/roms/gb/Pokemon.gb", { mediaId: 3, systemId: "Gameboy" });
const GONE = sampleMedia("/roms/snes/Gone.sfc", { mediaId: 4, isMissing: true });
const TAGGED = sampleMedia("/roms/gb/Tagged.gb", {
  mediaId: 7,
  systemId: "Gameboy",
  name: "Pokemon (region:eu)",
});
const OUT = sampleMedia("/roms/snes/Yoshi.sfc", { mediaId: 5, isMissing: true });
const YOSHI = sampleMedia("/roms2/snes/Yoshi.sfc", { mediaId: 6 });

interface World {
  texts: TextRunner;
  done: string[];
  scanned: ScannedToken[];
  /** What the history has, newest first. */
  entries: () => HistoryEntry[];
}

function world(
  options: {
    hasLibrary?: boolean;
    kept?: HistoryEntry[];
    isKept?: boolean;
    launch?: (media: IndexedMedia) => Promise<void>;
  } = {},
): World {
  const done: string[] = [];
  const scanned: ScannedToken[] = [];
  const { hasLibrary = true, kept = [], isKept = true } = options;
  const catalogue = new SystemCatalogue();
  catalogue.replace([
    system("SNES", "/roms/snes"),
    system("Gameboy", "/roms/gb"),
    system("SNES", "/roms2/snes"),
  ]);
  const history = new RunHistory({
    store: {
      add: () => assert.fail(),
      newest: (limit) => kept.slice(0, limit),
      lastPath: (systemId) =>
        kept.find(({ media, isSuccess }) => isSuccess && media?.systemId === systemId)?.media
          ?.path,
      clear: () => kept.splice(0),
    },
    isKept: () => isKept,
    log: silentLogger,
  });
  const texts = new TextRunner({
    actions: {
      handles: (text) => text.startsWith("action"),
      run: ({ text, uid }) => {
        if (text === "action fails") throw new AppError("unavailable", "It cannot be started");
        done.push(`action ${text} ${uid ?? "-"}`);
        return Promise.resolve();
      },
      stop: () => {
        done.push("stop");
        return Promise.resolve();
      },
    },
    library: !hasLibrary ? undefined : {
      index: memoryIndex([MARIO, ZELDA, POKEMON, GONE, OUT, YOSHI, TAGGED]),
      catalogue,
      launch: async (media, token) => {
        await options.launch?.(media);
        done.push(`launch ${media.path} for ${token.uid ?? "-"}`);
      },
    },
    history,
    onScanned: (token) => scanned.push(token),
    fraction: () => 0.5,
    clock: new FakeClock(),
  });
  return { texts, done, scanned, entries: () => history.newest(MAX_HISTORY_ENTRIES) };
}

const BY = { by: "id-1" };

// A text and what becomes of it.
const ROWS: [string, string][] = [
  ["action x", "action action x -"],
  ["/roms/snes/Mario.sfc", "launch /roms/snes/Mario.sfc for -"],
  ["**launch:/roms/snes/Mario.sfc", "launch /roms/snes/Mario.sfc for -"],
  ["file:///roms/snes/Mario.sfc", "launch /roms/snes/Mario.sfc for -"],
  ["@SNES/Mario", "launch /roms/snes/Mario.sfc for -"],
  ["@snes/mar", "launch /roms/snes/Mario.sfc for -"],
  ["@SNES/Mario (region:eu) (year:1990)", "launch /roms/snes/Mario.sfc for -"],
  ["@Gameboy/Pokemon (region:eu)", "launch /roms/gb/Tagged.gb for -"],
  ["@Gameboy/Pokemon (region:jp)", "launch /roms/gb/Pokemon.gb for -"],
  ["SNES/Mario.sfc", "launch /roms/snes/Mario.sfc for -"],
  ["SNES/Yoshi.sfc", "launch /roms2/snes/Yoshi.sfc for -"],
  ["SNES/Gone.sfc", "launch /roms/snes/Gone.sfc for -"],
  ["**launch: /roms/snes/Mario.sfc", "launch /roms/snes/Mario.sfc for -"],
  ["snes/sub/Zelda.sfc", "launch /roms/snes/sub/Zelda.sfc for -"],
  ["**launch.system:gameboy", "launch /roms/gb/Pokemon.gb for -"],
  ["**launch.random:SNES", "launch /roms/snes/sub/Zelda.sfc for -"],
  ["**stop", "stop"],
];
for (const [text, outcome] of ROWS) {
  Deno.test(`run ${JSON.stringify(text)} does: ${outcome}`, async () => {
    const { texts, done } = world();
    await texts.run({ text }, BY);
    assert.deepEqual(done, [outcome]);
  });
}

const REFUSED: [string, string, string][] = [
  ["unknown", "not_found", "No action and no media fits this text"],
  ["/etc/passwd", "not_found", "No action and no media fits this text"],
  ["/roms/snes/../snes/Mario.sfc", "not_found", "No action and no media fits this text"],
  ["SNES/../gb/Pokemon.gb", "not_found", "No action and no media fits this text"],
  ["@GBA/Mario", "not_found", "No action and no media fits this text"],
  ["**launch.random:GBA", "not_found", "No action and no media fits this text"],
  ["**execute:reboot", "bad_request", "Not supported: **execute"],
  ["action x\n", "bad_request", "text: expected one line without control characters"],
];
for (const [text, code, message] of REFUSED) {
  Deno.test(`run ${JSON.stringify(text)} is ${code}`, async () => {
    const { texts, done } = world();
    await assert.rejects(texts.run({ text }, BY), { code, message });
    assert.deepEqual(done, []);
  });
}

Deno.test("without a library, what is no action is said to be none", async () => {
  const { texts, done } = world({ hasLibrary: false });
  await assert.rejects(texts.run({ text: "/roms/snes/Mario.sfc" }, BY), {
    code: "not_found",
    message: "No action matches this text",
  });
  await texts.run({ text: "**stop" }, BY);
  assert.deepEqual(done, ["stop"]);
});

Deno.test("a run is told, kept with who asked, and is the last token", async () => {
  const { texts, scanned, entries } = world();
  assert.equal(texts.last(), undefined);
  const token = { text: "@SNES/Mario", uid: "04:a2", type: "nfc", data: "ff" };
  await texts.run(token, BY);
  const told = { atMs: new FakeClock().wallMs(), ...token };
  assert.deepEqual(scanned, [told]);
  assert.deepEqual(texts.last(), told);
  const [entry, ...others] = entries();
  assert.equal(others.length, 0);
  assert.deepEqual({ ...entry, media: entry?.media?.path }, {
    ...told,
    by: "id-1",
    isSuccess: true,
    media: MARIO.path,
  });
});

Deno.test("a run that fails is kept as one, a stop and a refused text are not", async () => {
  const { texts, scanned, entries } = world();
  await assert.rejects(texts.run({ text: "action fails" }, BY));
  await assert.rejects(texts.run({ text: "unknown" }, BY));
  await texts.run({ text: "**stop" }, BY);
  await assert.rejects(texts.run({ text: "**delay:5" }, BY));
  assert.deepEqual(entries().map(({ text, isSuccess }) => [text, isSuccess]), [
    ["unknown", false],
    ["action fails", false],
  ]);
  assert.deepEqual(scanned.map(({ text }) => text), ["action fails", "unknown"]);
});

Deno.test("the last token outlives a restart", async () => {
  const { texts, entries } = world();
  await texts.run({ text: "action x" }, BY);
  assert.equal(world({ kept: entries() }).texts.last()?.text, "action x");
});

Deno.test("launch.system goes on with what was launched of the system last", async () => {
  const { texts, done } = world();
  await texts.run({ text: "**launch.system:SNES" }, BY);
  await texts.run({ text: ZELDA.path }, BY);
  await texts.run({ text: POKEMON.path }, BY);
  await texts.run({ text: "**launch.system:SNES" }, BY);
  assert.deepEqual([done[0], done.at(-1)], [
    `launch ${MARIO.path} for -`,
    `launch ${ZELDA.path} for -`,
  ]);
});

Deno.test("launch.system passes over what is not there any more", async () => {
  const entry = { atMs: 1, type: "", uid: "", text: "", data: "", by: "local", isSuccess: true };
  const { texts, done } = world({ kept: [{ ...entry, media: GONE }] });
  await texts.run({ text: "**launch.system:SNES" }, BY);
  assert.deepEqual(done, [`launch ${MARIO.path} for -`]);
});

Deno.test("a history that the owner does not want is emptied and stays empty", async () => {
  const entry = { atMs: 1, type: "", uid: "", text: "x", data: "", by: "local", isSuccess: true };
  const { texts, done, entries } = world({ kept: [{ ...entry, media: undefined }], isKept: false });
  await texts.run({ text: "action x" }, BY);
  assert.deepEqual([entries(), done.length, texts.last()?.text], [[], 1, "action x"]);
});

Deno.test("what else is read of a tag is cut, and no NUL is kept of it", async () => {
  const { texts, scanned } = world();
  await texts.run({ text: "action x", type: "t".repeat(300), data: `a\0${"f".repeat(3000)}` }, BY);
  const [token] = scanned;
  assert.deepEqual([token?.type.length, token?.data.length], [256, 2047]);
  assert.ok(token?.data.startsWith("af"));
});
