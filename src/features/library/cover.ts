// The cover of a media: a picture that its source names, read only where it lies in a folder of the
// library.

import { AppError } from "../../base/app_error.ts";
import { concatBytes } from "../../base/bytes.ts";
import type { FileAccess } from "./file_access.ts";
import type { IndexedMedia } from "./media.ts";

/** The largest picture that is sent, in bytes. */
export const MAX_COVER_BYTES: number = 512 * 1024;

/** What reading a picture led to. */
export type Cover =
  | { readonly kind: "picture"; readonly bytes: Uint8Array; readonly type: PictureKind }
  | { readonly kind: "too_large" }
  /** It is not there, lies outside the folders, or is no picture. */
  | { readonly kind: "none" };

/** A kind of picture. */
export interface PictureKind {
  readonly contentType: string;
  readonly extension: string;
}

const KINDS: readonly (PictureKind & { readonly pattern: RegExp })[] = [
  { contentType: "image/png", extension: "png", pattern: /^\x89PNG\r\n/ },
  { contentType: "image/jpeg", extension: "jpg", pattern: /^\xff\xd8\xff/ },
  { contentType: "image/gif", extension: "gif", pattern: /^GIF8[79]a/ },
  { contentType: "image/webp", extension: "webp", pattern: /^RIFF[\s\S]{4}WEBP/ },
];

/** Reads a picture that lies in one of the folders, whatever links lead to it. */
export async function readCover(
  path: string,
  { files, folders }: { files: Pick<FileAccess, "read">; folders: readonly string[] },
): Promise<Cover> {
  let isCut = false;
  const onCut = (): void => {
    isCut = true;
  };
  try {
    const pieces = files.read(path, { maxBytes: MAX_COVER_BYTES, within: folders, onCut });
    const bytes = concatBytes(...await Array.fromAsync(pieces));
    const type = pictureKind(bytes);
    if (type === undefined) return { kind: "none" };
    return isCut ? { kind: "too_large" } : { kind: "picture", bytes, type };
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return { kind: "none" };
    throw error;
  }
}

/** What kind of picture some bytes are, by their beginning; undefined for all else. */
export function pictureKind(bytes: Uint8Array): PictureKind | undefined {
  const beginning = String.fromCharCode(...bytes.subarray(0, 12));
  return KINDS.find(({ pattern }) => pattern.test(beginning));
}

/** Whether a media's source names a cover; it may not be there. */
export function hasCover({ details }: Pick<IndexedMedia, "details">): boolean {
  return details.imagePath !== undefined;
}
