import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { type ArchiveFile, packArchive } from "../../packaging/build/archive.ts";

const TIME_S = 1_790_000_000;

function file(path: string, text: string, isExecutable = false): ArchiveFile {
  return { path, bytes: new TextEncoder().encode(text), isExecutable };
}

const FILES = [
  file("usr/bin/program", "#!/bin/sh\n", true),
  file("etc/a.toml", "a = 1\n"),
  file("usr/bin/a", "x".repeat(100_000)),
  file("top", ""),
];

/** Name, mode, owner, time and size of each entry, by the format itself (POSIX ustar). */
function entriesOf(archive: Uint8Array): unknown[] {
  const tar = gunzipSync(archive);
  const text = (from: number, length: number): string =>
    new TextDecoder().decode(tar.subarray(from, from + length)).replace(/\0.*$/s, "").trim();
  const entries: unknown[] = [];
  for (let at = 0; text(at, 100) !== "";) {
    const octal = (from: number, length: number): number => parseInt(text(at + from, length), 8);
    const size = octal(124, 12);
    entries.push([
      text(at, 100),
      octal(100, 8),
      octal(108, 8),
      octal(116, 8),
      octal(136, 12),
      size,
    ]);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}

Deno.test("packArchive() writes files by name and no folders, all of root and of one time", async () => {
  assert.deepEqual(entriesOf(await packArchive(FILES, { timeS: TIME_S })), [
    ["etc/a.toml", 0o644, 0, 0, TIME_S, 6],
    ["top", 0o644, 0, 0, TIME_S, 0],
    ["usr/bin/a", 0o644, 0, 0, TIME_S, 100_000],
    ["usr/bin/program", 0o755, 0, 0, TIME_S, 10],
  ]);
});

Deno.test("packArchive() gives the same bytes for the same files in any order", async () => {
  const [one, two] = await Promise.all([
    packArchive(FILES, { timeS: TIME_S }),
    packArchive([...FILES].reverse(), { timeS: TIME_S }),
  ]);
  assert.deepEqual(one, two);
  const other = await packArchive([...FILES.slice(1), file("usr/bin/program", "!")], {
    timeS: TIME_S,
  });
  assert.notDeepEqual(one, other);
});

Deno.test("packArchive() tells nothing of where and when it was made", async () => {
  const archive = await packArchive(FILES, { timeS: TIME_S });
  // The header of gzip: flags, time, extra flags, system (RFC 1952).
  assert.deepEqual([...archive.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
});
