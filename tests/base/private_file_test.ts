import assert from "node:assert/strict";
import { type FileCalls, type OpenFile, writePrivateFile } from "../../src/base/private_file.ts";

const BYTES = Uint8Array.of(1, 2, 3, 4, 5);

type Call = "make" | "open" | "write" | "sync" | "rename" | "remove" | "open folder";

/** A file system in memory that takes two bytes at a time and can fail at a call. */
class FakeFiles implements FileCalls {
  readonly contents = new Map<string, number[]>([["/data/a", [9]]]);
  readonly calls: Call[] = [];
  readonly #failsAt: Call | undefined;

  constructor(failsAt?: Call) {
    this.#failsAt = failsAt;
  }

  makeTempFileSync(
    { dir, prefix, suffix }: { dir: string; prefix: string; suffix: string },
  ): string {
    this.#call("make");
    const path = `${dir}/${prefix}123${suffix}`;
    this.contents.set(path, []);
    return path;
  }

  openSync(path: string): OpenFile {
    const content = this.contents.get(path);
    this.#call(content === undefined ? "open folder" : "open");
    return {
      writeSync: (bytes) => {
        this.#call("write");
        content?.push(...bytes.subarray(0, 2));
        return Math.min(2, bytes.length);
      },
      syncSync: () => this.#call("sync"),
      [Symbol.dispose]: () => {},
    };
  }

  renameSync(from: string, to: string): void {
    this.#call("rename");
    this.contents.set(to, this.contents.get(from) ?? []);
    this.contents.delete(from);
  }

  removeSync(path: string): void {
    this.#call("remove");
    this.contents.delete(path);
  }

  #call(call: Call): void {
    this.calls.push(call);
    if (call === this.#failsAt) throw new Error(`no ${call}`);
  }
}

Deno.test("writePrivateFile() has all bytes on the disk before the file is in its place", () => {
  const files = new FakeFiles();
  writePrivateFile("/data/a", { bytes: BYTES, files });
  assert.deepEqual(Object.fromEntries(files.contents), { "/data/a": [...BYTES] });
  assert.deepEqual(files.calls, [
    "make",
    "open",
    ...["write", "write", "write"],
    "sync",
    "rename",
    "open folder",
    "sync",
  ]);
});

for (const call of ["make", "open", "write", "sync", "rename"] as const) {
  Deno.test(`writePrivateFile() leaves everything as it was where ${call} fails`, () => {
    const files = new FakeFiles(call);
    assert.throws(() => writePrivateFile("/data/a", { bytes: BYTES, files }), {
      message: `no ${call}`,
    });
    assert.deepEqual(Object.fromEntries(files.contents), { "/data/a": [9] });
  });
}

Deno.test("writePrivateFile() takes a folder that cannot be waited for", () => {
  const files = new FakeFiles("open folder");
  writePrivateFile("/data/a", { bytes: BYTES, files });
  assert.deepEqual(files.contents.get("/data/a"), [...BYTES]);
});

// Where the file goes, and the folder that the unfinished one is made in.
const FOLDERS = [["a", "."], ["/a", "/"], ["/data/b/a", "/data/b"], ["b/a", "b"]] as const;
for (const [path, folder] of FOLDERS) {
  Deno.test(`writePrivateFile() makes the unfinished ${path} in ${folder}`, () => {
    const files = new FakeFiles();
    const made: unknown[] = [];
    writePrivateFile(path, {
      bytes: BYTES,
      files: {
        makeTempFileSync: (options) => {
          made.push(options);
          return files.makeTempFileSync(options);
        },
        openSync: (name) => files.openSync(name),
        renameSync: (from, to) => files.renameSync(from, to),
        removeSync: (name) => files.removeSync(name),
      },
    });
    assert.deepEqual(made, [{ dir: folder, prefix: "a.", suffix: ".part" }]);
  });
}
