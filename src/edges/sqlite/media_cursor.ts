// Where a page begins, as an opaque text: the order, and the last entry by what it is sorted by. So a
// page goes on behind that entry even where it is no longer there.

import { AppError } from "../../base/app_error.ts";
import { asJsonObject } from "../../base/json.ts";
import type { MediaSort } from "../../features/library/media_index.ts";

/** How long a cursor may be: its longest sort key in UTF-8, written as base64. */
export const MAX_CURSOR_CHARACTERS = 2048;

/** A place between two entries. */
export interface MediaCursor {
  readonly sort: MediaSort;
  /** Whether it stands among the folders of a folder or among the media behind them. */
  readonly among: "folders" | "media";
  /** The sort key of the entry before it. */
  readonly key: string;
  /** The number of that entry; 0 stands before all of the same key. */
  readonly id: number;
}

/** The cursor as a text. */
export function encodeMediaCursor({ sort, among, key, id }: MediaCursor): string {
  return new TextEncoder().encode(JSON.stringify([sort, among, key, id]))
    .toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Reads a cursor back; AppError bad_request where it is none, or one of another order. */
export function parseMediaCursor(text: string, sort: MediaSort): MediaCursor {
  const fields = text.length > MAX_CURSOR_CHARACTERS ? undefined : readFields(text);
  if (fields === undefined) throw new AppError("bad_request", "cursor: not one of this device");
  if (fields.sort !== sort) throw new AppError("bad_request", "cursor: made for another sort");
  return fields;
}

function readFields(text: string): MediaCursor | undefined {
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    const { 0: sort, 1: among, 2: key, 3: id, length } = asList(
      JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)),
    );
    const isOurs = length === 4 && typeof sort === "string" && typeof key === "string" &&
      (among === "folders" || among === "media") && Number.isSafeInteger(id) && Number(id) >= 0;
    return isOurs ? { sort: sort as MediaSort, among, key, id: Number(id) } : undefined;
  } catch {
    return undefined;
  }
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) && asJsonObject(value) === undefined ? value : [];
}
