// The cover of a media: a picture that its source names, read only where it lies in a folder of the
// library.

import type { IndexedMedia } from "./media.ts";

/** The largest picture that is sent, in bytes. */
export const MAX_COVER_BYTES: number = 512 * 1024;

/** What reading a picture led to. */
export type CoverFile =
  | { readonly kind: "picture"; readonly bytes: Uint8Array }
  | { readonly kind: "too_large" }
  /** It is not there, no regular file, or outside the folders. */
  | { readonly kind: "none" };

/** How a picture is read. */
export interface ReadCoverOptions {
  /** The folders that it may lie in, whatever links lead to it. */
  readonly folders: readonly string[];
  readonly maxBytes: number;
}

/** Reads a picture by its path; never rejects. */
export type ReadCover = (path: string, options: ReadCoverOptions) => Promise<CoverFile>;

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

/** What kind of picture some bytes are, by their beginning; undefined for all else. */
export function pictureKind(bytes: Uint8Array): PictureKind | undefined {
  const beginning = String.fromCharCode(...bytes.subarray(0, 12));
  return KINDS.find(({ pattern }) => pattern.test(beginning));
}

/** Whether a media's source names a cover; it may not be there. */
export function hasCover({ details }: Pick<IndexedMedia, "details">): boolean {
  return details.imagePath !== undefined;
}
