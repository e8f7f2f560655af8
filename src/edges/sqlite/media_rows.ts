// Rows of the index as media.

import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { asJsonObject, parseJsonObject } from "../../base/json.ts";
import type { IndexedMedia, MediaDetails } from "../../features/library/media.ts";
import type { MediaSort } from "../../features/library/media_index.ts";
import type { LibraryDatabase } from "./library_database.ts";
import { PRESENCE } from "./library_schema.ts";
import type { MediaCursor } from "./media_cursor.ts";
import {
  conditionsOf,
  fewestRows,
  joinParts,
  MAX_SORTED_ROWS,
  MAX_WALKED_ROWS,
  type MediaPlan,
  orderOf,
  pageOrder,
  type SqlPart,
  testsOf,
} from "./media_query.ts";

const COLUMNS = `m.media_id, s.system_id, s.source_key, s.source_name, f.path AS folder, m.file,
  m.name, m.sort_key, m.file_key, m.presence, d.json`;

const JOINS = `JOIN system s ON s.system_no = m.system_no
  JOIN folder f ON f.folder_no = m.folder_no
  LEFT JOIN details d ON d.media_id = m.media_id`;

type Row = Record<string, SQLOutputValue>;

/** The first media that meets a condition on `m`, in the order that it names. */
export function findMedia(
  database: LibraryDatabase,
  condition: { sql: string; values: readonly SQLInputValue[] },
): IndexedMedia | undefined {
  const sql = `SELECT ${COLUMNS} FROM media m ${JOINS} WHERE ${condition.sql}`;
  const row = database.prepare(sql).get(...condition.values);
  return row === undefined ? undefined : readMedia(row);
}

/** Media with the place behind each of them. */
export interface MediaWithCursor {
  readonly media: IndexedMedia;
  readonly cursor: MediaCursor;
}

/** Options of {@linkcode listMedia}. */
export interface ListMediaOptions {
  readonly sort: MediaSort;
  /** Behind which media the list begins; undefined for the first. */
  readonly cursor: MediaCursor | undefined;
  readonly limit: number;
}

/** The media of a plan in the order of a sort, behind a cursor. */
export function listMedia(
  database: LibraryDatabase,
  plan: MediaPlan,
  options: ListMediaOptions,
): MediaWithCursor[] {
  if (plan.left.length > 0) {
    const near = readPage(database, nearPage(plan, options), options);
    if (near.length === options.limit) return near;
  }
  return readPage(database, wholePage(plan, options), options);
}

/** How many media a plan finds. */
export function countMedia(database: LibraryDatabase, plan: MediaPlan): number {
  const { from, where } = allRows(plan);
  const row = database.prepare(`SELECT count(*) AS n FROM ${from.sql} WHERE ${where.sql}`)
    .get(...from.values, ...where.values);
  return Number(row?.["n"]);
}

/** The same for each system, as rows of `system_id` and `n`. */
export function countMediaBySystem(database: LibraryDatabase, plan: MediaPlan): Row[] {
  const { from, where } = allRows(plan);
  return database.prepare(
    `SELECT system.system_id, count(*) AS n FROM ${from.sql}
     JOIN system ON system.system_no = m.system_no WHERE ${where.sql} GROUP BY system.system_id`,
  ).all(...from.values, ...where.values);
}

/** All rows of a plan, in no order. */
export function allRows(plan: MediaPlan): { from: SqlPart; where: SqlPart } {
  return { from: fewestRows(plan)?.from ?? plan.walk, where: conditionsOf(plan) };
}

// A bounded walk from the cursor on.
function nearPage(plan: MediaPlan, { sort, cursor, limit }: ListMediaOptions): SqlPart {
  const { after, orderBy } = pageOrder(sort, { cursor, table: "m", id: "media_id" });
  const left = joinParts(testsOf(plan.left));
  return {
    sql: `SELECT m.media_id FROM (
        SELECT m.media_id, m.system_no, m.folder_no, m.sort_key, m.file_key, m.search_text
        FROM ${plan.walk.sql} WHERE ${plan.covered.sql} AND ${after.sql}
        ORDER BY ${orderBy} LIMIT ${MAX_WALKED_ROWS}
      ) m WHERE ${left.sql} ORDER BY ${orderBy} LIMIT ?`,
    values: [...plan.walk.values, ...plan.covered.values, ...after.values, ...left.values, limit],
  };
}

function wholePage(plan: MediaPlan, { sort, cursor, limit }: ListMediaOptions): SqlPart {
  const { after, orderBy } = pageOrder(sort, { cursor, table: "m", id: "media_id" });
  const rows = fewestRows(plan);
  const from = rows !== undefined && rows.estimate <= MAX_SORTED_ROWS ? rows.from : plan.walk;
  const where = conditionsOf(plan);
  return {
    sql: `SELECT m.media_id FROM ${from.sql} WHERE ${where.sql} AND ${after.sql}
      ORDER BY ${orderBy} LIMIT ?`,
    values: [...from.values, ...where.values, ...after.values, limit],
  };
}

function readPage(
  database: LibraryDatabase,
  page: SqlPart,
  { sort }: ListMediaOptions,
): MediaWithCursor[] {
  const { orderBy } = pageOrder(sort, { cursor: undefined, table: "m", id: "media_id" });
  const rows = database.prepare(
    `SELECT ${COLUMNS} FROM (${page.sql}) page JOIN media m ON m.media_id = page.media_id ${JOINS}
     ORDER BY ${orderBy}`,
  ).all(...page.values);
  const { column } = orderOf(sort);
  return rows.map((row) => ({
    media: readMedia(row),
    cursor: { sort, among: "media", key: String(row[column]), id: Number(row["media_id"]) },
  }));
}

function readMedia(row: Row): IndexedMedia {
  const folder = String(row["folder"]);
  const json = row["json"];
  return {
    mediaId: Number(row["media_id"]),
    systemId: String(row["system_id"]),
    sourceKey: String(row["source_key"]),
    sourceName: String(row["source_name"]),
    path: `${folder === "/" ? "" : folder}/${row["file"]}`,
    name: String(row["name"]),
    details: (typeof json === "string" ? asJsonObject(parseJsonObject(json)) ?? {} : {}) as
      & MediaDetails
      & Record<string, unknown>,
    isMissing: row["presence"] !== PRESENCE.here,
  };
}
