import assert from "node:assert/strict";
import {
  LINE_FLUSH_MS,
  LineFile,
  MAX_COLLECTED_LINE_BYTES,
  MAX_LINE_FILE_BYTES,
} from "../../../src/edges/platform/line_file.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { readMode, withTempFolder } from "../sqlite/temp_folder.ts";

interface World {
  file: LineFile;
  folder: string;
  path: string;
  clock: FakeClock;
  /** What was logged. */
  told: string[];
}

async function withFile(test: (world: World) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    const clock = new FakeClock();
    const path = `${folder}/sub/requests.jsonl`;
    await Deno.mkdir(`${folder}/sub`);
    const told: string[] = [];
    const note = (message: string): void => void told.push(message);
    const log = { ...silentLogger, info: note, warn: note };
    await test({ file: new LineFile({ path, clock, log }), folder, path, clock, told });
  });
}

Deno.test("lines are written after a moment, in their order, for their owner alone", async () => {
  await withFile(async ({ file, path, clock }) => {
    file.add("one");
    file.add("two");
    await assert.rejects(Deno.stat(path));
    clock.advance(LINE_FLUSH_MS);
    // What is being written is waited for.
    await file.flush();
    assert.equal(await Deno.readTextFile(path), "one\ntwo\n");
    assert.equal(readMode(path), "600");
    file.add("three");
    await file.close();
    assert.equal(await Deno.readTextFile(path), "one\ntwo\nthree\n");
  });
});

Deno.test("without a line there is no file", async () => {
  await withFile(async ({ file, path }) => {
    await file.close();
    await assert.rejects(Deno.stat(path));
  });
});

Deno.test("a file that is full takes the place of the one before it", async () => {
  await withFile(async ({ file, path, folder }) => {
    await Deno.writeTextFile(`${path}.1`, "oldest");
    await Deno.writeFile(path, new Uint8Array(MAX_LINE_FILE_BYTES - 1));
    file.add("last");
    await file.flush();
    file.add("first");
    await file.close();
    assert.equal(await Deno.readTextFile(path), "first\n");
    assert.equal((await Deno.stat(`${path}.1`)).size, MAX_LINE_FILE_BYTES - 1 + "last\n".length);
    assert.equal((await Array.fromAsync(Deno.readDir(`${folder}/sub`))).length, 2);
  });
});

Deno.test("a path that cannot be written is told of once, and works again when it can be", async () => {
  await withFile(async ({ file, path, folder, told }) => {
    await Deno.remove(`${folder}/sub`);
    for (const line of ["lost", "lost too"]) {
      file.add(line);
      await file.flush();
    }
    assert.deepEqual(told, ["Cannot write the request log, its lines are left out"]);
    await Deno.mkdir(`${folder}/sub`);
    file.add("kept");
    await file.close();
    assert.equal(await Deno.readTextFile(path), "kept\n");
    assert.deepEqual(told.slice(1), ["The request log can be written again"]);
  });
});

Deno.test("what is collected is bounded", async () => {
  await withFile(async ({ file, path }) => {
    const line = "x".repeat(1023);
    for (let n = 0; n < MAX_COLLECTED_LINE_BYTES / 1024 + 10; n++) file.add(line);
    await file.close();
    assert.equal((await Deno.stat(path)).size, MAX_COLLECTED_LINE_BYTES);
  });
});

Deno.test("who moves the file away gets a new one", async () => {
  await withFile(async ({ file, path }) => {
    file.add("one");
    await file.flush();
    await Deno.rename(path, `${path}.moved`);
    file.add("two");
    await file.close();
    assert.equal(await Deno.readTextFile(path), "two\n");
  });
});
