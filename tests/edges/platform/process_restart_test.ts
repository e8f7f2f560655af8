import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import {
  type DueRestart,
  MARK_FILE,
  prepareRestart,
  type PrepareRestartOptions,
} from "../../../src/edges/platform/process_restart.ts";

interface World {
  readonly cache: string;
  readonly program: string;
  /** How often the process was replaced. */
  replaced: number;
  /** How often what does it was loaded. */
  loaded: number;
  prepare(changes?: Partial<PrepareRestartOptions>): DueRestart | undefined;
}

async function withWorld(test: (world: World) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  const cache = `${folder}/cache`;
  const program = `file://${folder}/latchkey.js`;
  await Deno.mkdir(cache);
  await Deno.writeTextFile(new URL(program), "// program");
  const world: World = {
    cache,
    program,
    replaced: 0,
    loaded: 0,
    prepare: (changes) =>
      prepareRestart({
        cacheFolder: cache,
        program,
        versions: "1 2 3",
        loadReplace: () => {
          world.loaded += 1;
          return { replace: () => void (world.replaced += 1), close: () => {} };
        },
        log: silentLogger,
        ...changes,
      }),
  };
  try {
    await test(world);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("prepareRestart() has a restart once for a program", () =>
  withWorld((world) => {
    world.prepare()?.run();
    assert.equal(world.replaced, 1);
    assert.equal(world.prepare(), undefined);
    assert.equal(world.loaded, 1);
  }));

Deno.test("prepareRestart() has none before it has been run", () =>
  withWorld((world) => {
    world.prepare()?.close();
    assert.ok(world.prepare() !== undefined);
    assert.equal(world.replaced, 0);
  }));

Deno.test("prepareRestart() has another one for a program that changed", () =>
  withWorld(async (world) => {
    world.prepare()?.run();
    assert.ok(world.prepare({ versions: "1 2 4" }) !== undefined);
    await Deno.writeTextFile(new URL(world.program), "// another program");
    world.prepare()?.run();
    assert.equal(world.replaced, 2);
    assert.equal(world.prepare(), undefined);
  }));

Deno.test("prepareRestart() has none without a cache of its own, or from a source tree", () =>
  withWorld((world) => {
    assert.equal(world.prepare({ cacheFolder: undefined }), undefined);
    assert.equal(world.prepare({ program: "file:///tree/src/main.ts" }), undefined);
    assert.equal(world.prepare({ program: `${world.program}.gone/latchkey.js` }), undefined);
    assert.equal(world.loaded, 0);
  }));

// Every way in which the file cannot be kept: then a restart could follow upon a restart for ever.
const UNKEPT: [string, (world: World) => Promise<void>][] = [
  ["is not there", ({ cache }) => Deno.remove(cache)],
  ["is a file", async ({ cache }) => {
    await Deno.remove(cache);
    await Deno.writeTextFile(cache, "");
  }],
  ["is on a full disk", ({ cache }) => Deno.symlink("/dev/full", `${cache}/${MARK_FILE}.new`)],
  ["has a folder in the file's place", ({ cache }) => Deno.mkdir(`${cache}/${MARK_FILE}`)],
  [
    "forgets what is written",
    async ({ cache }) => {
      await Deno.symlink("/dev/null", `${cache}/${MARK_FILE}.new`);
    },
  ],
];

const LINKED = ["/dev/full", "/dev/null"];

for (const [name, spoil] of UNKEPT) {
  Deno.test(`a process goes on where the cache ${name}`, () =>
    withWorld(async (world) => {
      const before = await Promise.all(LINKED.map((path) => Deno.stat(path)));
      await spoil(world);
      world.prepare()?.run();
      assert.equal(world.replaced, 0);
      // What a link leads to keeps its mode.
      const after = await Promise.all(LINKED.map((path) => Deno.stat(path)));
      assert.deepEqual(after.map(({ mode }) => mode), before.map(({ mode }) => mode));
    }));
}

Deno.test("a process that cannot be replaced goes on, and does not try again", () =>
  withWorld((world) => {
    const replace = (): never => {
      throw new Error("refused");
    };
    world.prepare({ loadReplace: () => ({ replace, close: () => {} }) })?.run();
    assert.equal(world.prepare(), undefined);
  }));

Deno.test("a platform without what replaces a process has no restart", () =>
  withWorld((world) => {
    const loadReplace = (): never => {
      throw new Error("no such library");
    };
    assert.equal(world.prepare({ loadReplace }), undefined);
  }));
