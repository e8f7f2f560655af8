// From a query of the index to SQL: which rows to begin with, which conditions are left, and in which
// order they come. An index in the order of the page is walked while what is looked for is frequent;
// of what is rare the rows are fetched and sorted. Both keep a page of 50,000 media to milliseconds.

import type { SQLInputValue } from "node:sqlite";
import type { MediaQuery, MediaSort } from "../../features/library/media_index.ts";
import {
  isOtherScript,
  type KeyRange,
  letterRange,
  piecesOf,
  queryWordsOf,
} from "../../features/library/media_name.ts";
import type { LibraryDatabase } from "./library_database.ts";
import type { MediaCursor } from "./media_cursor.ts";

/** How many rows of an index are walked for a page before its matches count as rare. */
export const MAX_WALKED_ROWS = 600;

/** How many rows are sorted for a page at most; beyond, the whole index is walked. */
export const MAX_SORTED_ROWS = 4000;

/** A part of a statement with the values of its question marks. */
export interface SqlPart {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** What a query comes down to; `m` stands for the media. */
export interface MediaPlan {
  /** An index in the order of the page. */
  readonly walk: SqlPart;
  /** What that index can tell of a row. */
  readonly covered: SqlPart;
  /** What only the row itself tells. */
  readonly left: readonly Condition[];
}

/** The column of a sort, and whether it runs backwards. */
export function orderOf(sort: MediaSort): { column: "sort_key" | "file_key"; isReversed: boolean } {
  return {
    column: sort.startsWith("name") ? "sort_key" : "file_key",
    isReversed: sort.endsWith("desc"),
  };
}

/** The condition that a row stands behind a cursor, and the order of a page. */
export function pageOrder(
  sort: MediaSort,
  { cursor, table, id }: { cursor: MediaCursor | undefined; table: string; id: string },
): { after: SqlPart; orderBy: string } {
  const { column, isReversed } = orderOf(sort);
  const direction = isReversed ? "DESC" : "ASC";
  return {
    after: cursor === undefined ? { sql: "1", values: [] } : {
      sql: `(${table}.${column}, ${table}.${id}) ${isReversed ? "<" : ">"} (?, ?)`,
      values: [cursor.key, cursor.id],
    },
    orderBy: `${table}.${column} ${direction}, ${table}.${id} ${direction}`,
  };
}

/** The numbers of the systems with these ids, as a list in JSON. */
export function systemNumbers(database: LibraryDatabase, systemIds: readonly string[]): string {
  const rows = database.prepare(
    "SELECT system_no FROM system WHERE system_id IN (SELECT value FROM json_each(?))",
  ).all(JSON.stringify(systemIds));
  return JSON.stringify(rows.map((row) => row["system_no"]));
}

/** Plans a query in the order of a sort; undefined where nothing can match. */
export function planMedia(
  database: LibraryDatabase,
  { query, sort }: { query: MediaQuery; sort: MediaSort },
): MediaPlan | undefined {
  const words = query.text === undefined ? [] : queryWordsOf(query.text);
  const letter = query.letter === undefined ? undefined : letterRange(query.letter);
  // What has no letter and no digit is no word, and what is no letter begins no name.
  if (words.length === 0 && (query.text ?? "").trim() !== "") return undefined;
  if (letter === undefined && query.letter !== undefined) return undefined;
  const conditions = readConditions(database, { query, words, letter });
  const { from, covers } = walkOf(conditions, sort);
  const covered = conditions.filter(({ name }) => covers.includes(name));
  return {
    walk: { sql: from, values: [] },
    covered: joinParts([{ sql: "m.presence = 0", values: [] }, ...testsOf(covered)]),
    left: conditions.filter(({ name }) => !covers.includes(name)),
  };
}

/** All conditions of a plan. */
export function conditionsOf({ covered, left }: MediaPlan): SqlPart {
  return joinParts([covered, ...testsOf(left)]);
}

/** The tests of conditions. */
export function testsOf(conditions: readonly Condition[]): SqlPart[] {
  return conditions.map(({ test }) => test);
}

/** The fewest rows that one of the conditions left names; undefined where none does. */
export function fewestRows({ left }: MediaPlan): { from: SqlPart; estimate: number } | undefined {
  const known = left.flatMap(({ rows }) => rows === undefined ? [] : [rows])
    .map(({ from, estimate }) => ({ from, estimate: estimate() }));
  return known.toSorted((a, b) => a.estimate - b.estimate)[0];
}

/** Parts that must all hold. */
export function joinParts(parts: readonly SqlPart[]): SqlPart {
  return {
    sql: parts.map(({ sql }) => sql).join(" AND "),
    values: parts.flatMap(({ values }) => values),
  };
}

/** What a condition is about. */
export type ConditionName = "system" | "systems" | "letter" | "folder" | "below" | "text" | "paths";

/** One condition of a query. */
export interface Condition {
  readonly name: ConditionName;
  /** What a row must meet. */
  readonly test: SqlPart;
  /** The rows that meet it, where they can be named at once, and about how many they are. */
  readonly rows?: { readonly from: SqlPart; readonly estimate: () => number };
}

interface Walk {
  readonly from: string;
  readonly covers: readonly ConditionName[];
}

function walkOf(conditions: readonly Condition[], sort: MediaSort): Walk {
  const has = (name: ConditionName): boolean =>
    conditions.some((condition) => condition.name === name);
  if (!sort.startsWith("name")) {
    return { from: "media m INDEXED BY media_by_file", covers: [] };
  }
  if (has("folder")) {
    return { from: "media m INDEXED BY media_of_folder_by_name", covers: ["folder", "letter"] };
  }
  if (has("system")) {
    return { from: "media m INDEXED BY media_of_system_by_name", covers: ["system", "letter"] };
  }
  return { from: "media m INDEXED BY media_by_name", covers: ["letter"] };
}

function readConditions(
  database: LibraryDatabase,
  { query, words, letter }: {
    query: MediaQuery;
    words: readonly string[];
    letter: KeyRange | undefined;
  },
): Condition[] {
  const { systemIds, folder, below, paths } = query;
  return [
    ...systemIds === undefined ? [] : [ofSystems(database, systemIds)],
    ...letter === undefined ? [] : [ofLetter(letter)],
    ...folder === undefined ? [] : [inFolder(database, folder)],
    // Everything lies below the root.
    ...below === undefined || below === "" || below === "/" ? [] : [belowFolder(database, below)],
    ...words.length === 0 ? [] : [withWords(database, words)],
    ...paths === undefined ? [] : [amongPaths(paths)],
  ];
}

function ofSystems(database: LibraryDatabase, systemIds: readonly string[]): Condition {
  const numbers = systemNumbers(database, systemIds);
  const [only, ...others] = JSON.parse(numbers) as number[];
  const isOne = only !== undefined && others.length === 0;
  const estimate = database.prepare(
    "SELECT coalesce(sum(here_count), 0) AS n FROM system " +
      "WHERE system_no IN (SELECT value FROM json_each(?))",
  ).get(numbers)?.["n"];
  return {
    name: isOne ? "system" : "systems",
    test: isOne
      ? { sql: "m.system_no = ?", values: [only] }
      : { sql: "m.system_no IN (SELECT value FROM json_each(?))", values: [numbers] },
    rows: {
      estimate: () => Number(estimate),
      from: {
        sql: "json_each(?) s CROSS JOIN media m INDEXED BY media_of_system_by_name " +
          "ON m.system_no = s.value",
        values: [numbers],
      },
    },
  };
}

function ofLetter({ from, below }: KeyRange): Condition {
  return {
    name: "letter",
    test: { sql: "m.sort_key >= ? AND m.sort_key < ?", values: [from, below] },
  };
}

function inFolder(database: LibraryDatabase, folder: string): Condition {
  const row = database.prepare(
    "SELECT f.folder_no, coalesce(sum(c.direct), 0) AS n FROM folder f " +
      "LEFT JOIN folder_count c USING (folder_no) WHERE f.path = ? GROUP BY f.folder_no",
  ).get(folder);
  const folderNo = Number(row?.["folder_no"] ?? 0);
  return {
    name: "folder",
    test: { sql: "m.folder_no = ?", values: [folderNo] },
    rows: {
      estimate: () => Number(row?.["n"] ?? 0),
      from: { sql: "media m INDEXED BY media_of_folder_by_name", values: [] },
    },
  };
}

// "0" is the character behind "/".
const IS_BELOW = "path = ? OR (path > ? AND path < ?)";
const FOLDERS_BELOW = `SELECT folder_no FROM folder WHERE ${IS_BELOW}`;

function belowFolder(database: LibraryDatabase, below: string): Condition {
  const values = [below, `${below}/`, `${below}0`];
  const row = database.prepare(
    "SELECT coalesce(sum(c.below), 0) AS n FROM folder f JOIN folder_count c USING (folder_no) " +
      "WHERE f.path = ?",
  ).get(below);
  return {
    name: "below",
    // For each row, and not as a list: there may be as many folders as media.
    test: {
      sql: `(SELECT ${IS_BELOW} FROM folder b WHERE b.folder_no = m.folder_no)`,
      values,
    },
    rows: {
      estimate: () => Number(row?.["n"] ?? 0),
      from: {
        sql: `(${FOLDERS_BELOW}) f CROSS JOIN media m INDEXED BY media_of_folder_by_name ` +
          "ON m.folder_no = f.folder_no",
        values,
      },
    },
  };
}

function withWords(database: LibraryDatabase, words: readonly string[]): Condition {
  const match = matchOf(words);
  const count = (): unknown =>
    database.prepare(
      "SELECT count(*) AS n FROM (SELECT 1 FROM media_words WHERE media_words MATCH ? LIMIT ?)",
    ).get(match, MAX_SORTED_ROWS + 1)?.["n"];
  return {
    name: "text",
    test: joinParts(
      words.map((word) =>
        isOtherScript(word)
          ? { sql: "instr(m.search_text, ?) > 0", values: [word] }
          : { sql: "instr(' ' || m.search_text, ?) > 0", values: [` ${word}`] }
      ),
    ),
    rows: {
      estimate: () => Number(count()),
      from: {
        sql: "(SELECT rowid AS media_id FROM media_words WHERE media_words MATCH ?) w " +
          "CROSS JOIN media m ON m.media_id = w.media_id",
        values: [match],
      },
    },
  };
}

/** The words of a query in the language of FTS5; a word has letters and digits alone. */
export function matchOf(words: readonly string[]): string {
  const terms = words.flatMap((word) =>
    isOtherScript(word) ? piecesOf(word, { isWhole: false }) : [word]
  );
  return terms.map((term) => `"${term}"*`).join(" AND ");
}

/** What FTS5 is given of a name: its words, and the pieces of those in other scripts. */
export function indexedWordsOf(searchText: string): string {
  return searchText.split(" ").flatMap((word) =>
    isOtherScript(word) ? piecesOf(word, { isWhole: true }) : [word]
  ).join(" ");
}

function amongPaths(paths: ReadonlySet<string>): Condition {
  const pairs = JSON.stringify([...paths].map(splitPath));
  const from = "json_each(?) p CROSS JOIN folder f ON f.path = p.value ->> 0 " +
    "CROSS JOIN media m ON m.folder_no = f.folder_no AND m.file = p.value ->> 1";
  return {
    name: "paths",
    // The sign keeps SQLite from going through the whole list for each row that it has by other means.
    test: { sql: `+m.media_id IN (SELECT m.media_id FROM ${from})`, values: [pairs] },
    rows: { estimate: () => paths.size, from: { sql: from, values: [pairs] } },
  };
}

/** The folder and the name of an absolute path. */
export function splitPath(path: string): [folder: string, file: string] {
  const slash = path.lastIndexOf("/");
  return [path.slice(0, slash) || "/", path.slice(slash + 1)];
}
