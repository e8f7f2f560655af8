// What a reload does to a library that is there: other sources, and a history that is not wanted; and
// what becomes of an index that was lost.

import assert from "node:assert/strict";
import type { ConfigSource } from "../../src/edges/config/config_source.ts";
import { SETTINGS_FILE } from "../../src/features/settings/settings_file.ts";
import { memoryLibraryEdges } from "../support/app_in_process.ts";
import { configOf } from "../support/settings.ts";
import { until } from "../support/until.ts";
import { emulationStationToml, withLibrary } from "./library_world.ts";

// A configuration file that the test writes.
function sourceOf(files: { main: string }): ConfigSource {
  return {
    readOverlay: () => ({ file: SETTINGS_FILE, text: "" }),
    read: () => configOf(files.main),
    readWith: (overlay) => configOf(files.main, overlay),
    readWarnings: () => [],
  };
}

Deno.test("a reload puts other sources in force, and scans them", async () => {
  const files = { main: "" };
  const configSource = sourceOf(files);
  await withLibrary({
    toml: (roms) => files.main = emulationStationToml(roms),
    options: { configSource },
  }, async (world) => {
    const { app, roms } = world;
    const phone = await world.phone();
    await world.scanned(phone);
    const ids = async (): Promise<string[]> => {
      const { systems } = await phone.call<{ systems: { id: string }[] }>("systems");
      return systems.map(({ id }) => id);
    };
    assert.deepEqual(await ids(), ["SNES", "Gameboy"]);
    const scans = (): number =>
      phone.told.filter(([method, { indexing }]) => method === "media.indexing" && indexing)
        .length;
    const before = scans();
    app.reload();
    // What was told before an answer has come before it.
    await phone.call("media");
    assert.equal(scans(), before);

    files.main = `[service]\nkeep_history = false\n[[library]]\nsource = "folder"\n` +
      `folder = "${roms}/gb"\nextensions = [".gb"]\nsystem = "GBA"\ncommand = ["x", "\${path}"]\n`;
    await assert.rejects(phone.call("run", "/nothing"));
    const runs = async (): Promise<unknown[]> => {
      const { entries } = await phone.call<{ entries: unknown[] }>("tokens.history");
      return entries;
    };
    assert.equal((await runs()).length, 1);
    assert.deepEqual(app.reload().changed, ["keepHistory", "library"]);
    assert.deepEqual(await runs(), []);
    await until("the other source is scanned", async () => (await ids()).join() === "GBA");
    await assert.rejects(phone.call("run", "@SNES/Metroid"), /No action and no media/);
    assert.deepEqual(await runs(), []);
  });
});

Deno.test("what a reload removes is gone at once, whatever is cancelled then", async () => {
  const files = { main: "" };
  const configSource = sourceOf(files);
  const [reached, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let isHeld = false;
  await withLibrary({
    toml: (roms) => files.main = emulationStationToml(roms),
    options: { configSource },
    libraryEdges: {
      createLibraryFiles: (home) => {
        const files = memoryLibraryEdges.createLibraryFiles(home);
        return {
          ...files,
          async *walk(folder, options): ReturnType<typeof files.walk> {
            if (isHeld && folder.endsWith("/snes")) {
              reached.resolve();
              await held.promise;
            }
            yield* files.walk(folder, options);
          },
        };
      },
    },
  }, async (world) => {
    const { app, programs } = world;
    const phone = await world.phone();
    await world.scanned(phone);
    const ids = async (): Promise<string[]> => {
      const { systems } = await phone.call<{ systems: { id: string }[] }>("systems");
      return systems.map(({ id }) => id);
    };
    isHeld = true;
    await phone.call("media.generate");
    await reached.promise;
    const { main } = files;
    // Another command, and the other source stays as it is.
    files.main = main.replace("gbplay", "other");
    assert.deepEqual(app.reload().changed, ["library"]);
    assert.deepEqual(await ids(), ["SNES"]);
    await assert.rejects(phone.call("run", "@Gameboy/it's"));
    files.main = main.slice(0, main.lastIndexOf("[["));
    assert.deepEqual(app.reload().changed, ["library"]);
    await phone.call("media.generate.cancel");
    assert.deepEqual(await ids(), ["SNES"]);
    assert.deepEqual(programs, []);
    held.resolve();
    await until("nothing of it is found", async () => {
      const { results } = await phone.call<{ results: unknown[] }>("media.search", {
        systems: ["Gameboy"],
      });
      return results.length === 0;
    });
    await world.scanned(phone);
    assert.deepEqual(await ids(), ["SNES"]);
  });
});

Deno.test("an index that was made anew is filled again", async () => {
  let remade = (): void => {};
  await withLibrary({
    libraryEdges: {
      openLibraryIndex: (options) => ({
        ...memoryLibraryEdges.openLibraryIndex(options),
        onRemade: (listener) => {
          remade = listener;
          return () => {};
        },
      }),
    },
  }, async (world) => {
    const phone = await world.phone();
    await world.scanned(phone);
    const before = phone.told.length;
    remade();
    const states = (): unknown[] => phone.told.slice(before).map(([, { indexing }]) => indexing);
    await until("it was scanned", () => states().at(-1) === false);
    assert.equal(states()[0], true);
  });
});

Deno.test("a service that stops ends the player that it started, and closes the index", async () => {
  let closes = 0;
  await withLibrary({
    libraryEdges: {
      openLibraryIndex: (options) => {
        const index = memoryLibraryEdges.openLibraryIndex(options);
        return {
          ...index,
          close: () => {
            closes++;
            index.close();
          },
        };
      },
    },
  }, async (world) => {
    const { app, programs } = world;
    const phone = await world.phone();
    await world.scanned(phone);
    await phone.call("run", "@Gameboy/it's");
    assert.equal(programs.length, 1);
    const stopped = app.stop();
    await until("it is asked to end", () => programs[0]?.signals[0] === "SIGTERM");
    assert.equal(closes, 0);
    await programs[0]?.end({ signal: "SIGTERM" });
    await stopped;
    assert.equal(closes, 1);
  });
});
