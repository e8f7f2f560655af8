import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import { silentLogger } from "../../../src/base/log.ts";
import {
  type HistoryEntry,
  type HistoryStore,
  MAX_HISTORY_ENTRIES,
  MAX_WAITING_CHARACTERS,
  RunHistory,
} from "../../../src/features/library/run_history.ts";

interface World {
  history: RunHistory;
  /** What the store was given at a time: how many entries. */
  writes: number[];
  lines: string[];
  setting: { isKept: boolean };
  disk: { isFull: boolean };
}

function world(): World {
  let kept: readonly HistoryEntry[] = [];
  const writes: number[] = [];
  const lines: string[] = [];
  const setting = { isKept: true };
  const disk = { isFull: false };
  const store: HistoryStore = {
    add: (entries, maxEntries) => {
      assert.equal(maxEntries, MAX_HISTORY_ENTRIES);
      if (disk.isFull) throw new AppError("unavailable", "No space left on the device");
      writes.push(entries.length);
      kept = [...entries.toReversed(), ...kept].slice(0, maxEntries);
    },
    newest: (limit) => kept.slice(0, limit),
    lastPath: (systemId) =>
      kept.find(({ media, isSuccess }) => isSuccess && media?.systemId === systemId)?.media?.path,
    clear: () => {
      kept = [];
    },
  };
  const history = new RunHistory({
    store,
    isKept: () => setting.isKept,
    log: {
      ...silentLogger,
      info: (text) => lines.push(text),
      warn: (text, { reason } = {}) => lines.push(`${text}: ${reason}`),
    },
  });
  return { history, writes, lines, setting, disk };
}

function run(text: string, more: Partial<HistoryEntry> = {}): HistoryEntry {
  const known = { atMs: 1, type: "", uid: "", data: "", by: "remote", isSuccess: false };
  return { ...known, text, media: undefined, ...more };
}

const textsOf = (entries: HistoryEntry[]): string[] => entries.map(({ text }) => text);

Deno.test("runs are told at once, and written together with the next flush", () => {
  const { history, writes } = world();
  for (const text of ["a", "b"]) history.add(run(text));
  assert.deepEqual([textsOf(history.newest(9)), writes], [["b", "a"], []]);
  history.flush();
  history.flush();
  for (const text of ["c", "d"]) history.add(run(text));
  assert.deepEqual(writes, [2]);
  assert.deepEqual(textsOf(history.newest(9)), ["d", "c", "b", "a"]);
  assert.deepEqual(textsOf(history.newest(3)), ["d", "c", "b"]);
  assert.deepEqual(textsOf(history.newest(1)), ["d"]);
});

Deno.test("no number of runs has more than the history's bound written at a time", () => {
  const { history, writes } = world();
  for (let n = 0; n < 20_000; n++) history.add(run(`${n}`));
  assert.deepEqual(writes, []);
  history.flush();
  assert.deepEqual(writes, [MAX_HISTORY_ENTRIES]);
  assert.deepEqual(textsOf(history.newest(2)), ["19999", "19998"]);
});

Deno.test("no length of runs has more text written at a time than may wait", () => {
  const { history, writes } = world();
  const bytes = MAX_WAITING_CHARACTERS / 64;
  const long = { uid: "u".repeat(bytes / 4), type: "t".repeat(bytes / 4), by: "" };
  const data = "d".repeat(bytes / 4);
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 200; n++) history.add(run("x".repeat(bytes / 4), { ...long, data }));
    history.flush();
  }
  assert.deepEqual(writes, [64, 64, 64]);
  const media = { systemId: "SNES", path: "/".repeat(MAX_WAITING_CHARACTERS) };
  history.add(run("", { by: "", media }));
  history.add(run("", { by: "1" }));
  history.flush();
  assert.equal(writes.at(-1), 1);
});

Deno.test("the last path of a system is of the newest run that succeeded, written or not", () => {
  const { history } = world();
  const snes = (path: string): HistoryEntry["media"] => ({ systemId: "SNES", path });
  history.add(run("a", { media: snes("/a"), isSuccess: true }));
  history.flush();
  history.add(run("b", { media: { systemId: "GBA", path: "/b" }, isSuccess: true }));
  history.add(run("c", { media: snes("/c"), isSuccess: false }));
  assert.equal(history.lastPath("SNES"), "/a");
  history.add(run("d", { media: snes("/d"), isSuccess: true }));
  assert.deepEqual([history.lastPath("SNES"), history.lastPath("GB")], ["/d", undefined]);
});

Deno.test("a history that cannot be written waits, and is told of once in an outage", () => {
  const { history, writes, lines, disk } = world();
  for (let outage = 0; outage < 2; outage++) {
    disk.isFull = true;
    for (let n = 0; n < 3; n++) {
      history.add(run(`${outage}.${n}`));
      history.flush();
    }
    disk.isFull = false;
    history.flush();
  }
  assert.deepEqual(writes, [3, 3]);
  assert.deepEqual(textsOf(history.newest(4)), ["1.2", "1.1", "1.0", "0.2"]);
  const failed = "The history of runs cannot be written: No space left on the device";
  const works = "The history of runs is written again";
  assert.deepEqual(lines, [failed, works, failed, works]);
});

Deno.test("a history that the owner does not want is emptied, written or not", () => {
  const { history, writes, setting } = world();
  history.add(run("a"));
  history.flush();
  history.add(run("b"));
  setting.isKept = false;
  history.applySetting();
  history.add(run("c"));
  assert.deepEqual(history.newest(9), []);
  setting.isKept = true;
  history.flush();
  assert.deepEqual(writes, [1]);
});
