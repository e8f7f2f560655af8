// The cover of a media: one of the pictures that its source names, read only where it lies in a folder
// of the library. None is scaled: that would take more time than a turn of the event loop has, and a
// decoder that strangers' files are given to.

import { AppError } from "../../base/app_error.ts";
import { concatBytes } from "../../base/bytes.ts";
import type { FileAccess } from "./file_access.ts";
import { IMAGE_TYPES, type ImageType, type IndexedMedia } from "./media.ts";
import { longestEdge } from "./picture_size.ts";

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

/** What is asked of a cover. */
export interface CoverWishes {
  /** Kinds of pictures, the dearest first; those that are not known are left out. */
  readonly types: readonly string[];
  /** How many pixels its longer edge should have at most; 0 or less for any. */
  readonly maxPixels: number;
}

/** Where pictures are read. */
export interface CoverPlaces {
  readonly files: Pick<FileAccess, "read">;
  /** The folders that they must lie in. */
  readonly folders: readonly string[];
}

/** The cover that was chosen. */
export type ChosenCover =
  | Exclude<Cover, { readonly kind: "picture" }>
  | (Extract<Cover, { readonly kind: "picture" }> & { readonly imageType: ImageType });

/** What stands for a media where nothing else is asked for, or nothing of that is there. */
const USUAL_TYPES: readonly ImageType[] = ["image", "thumbnail"];

/** What a thumbnail is a smaller picture of. */
const TYPES_WITH_THUMBNAIL: readonly ImageType[] = ["image", "boxart"];

/**
 * Reads the first picture of a media that can be sent, in the order of the wishes and then the usual
 * one. A thumbnail that fits takes the place of a cover with more pixels than were wished for.
 */
export async function chooseCover(
  { details: { images = {} } }: Pick<IndexedMedia, "details">,
  { types, maxPixels, ...places }: CoverWishes & CoverPlaces,
): Promise<ChosenCover> {
  const order = types.length === 0 ? IMAGE_TYPES : [...types, ...USUAL_TYPES];
  let refusal: ChosenCover = { kind: "none" };
  for (const wanted of new Set(order)) {
    const imageType = IMAGE_TYPES.find((type) => type === wanted);
    if (imageType === undefined) continue;
    const path = images[imageType];
    if (path === undefined) continue;
    const cover = await readCover(path, places);
    if (cover.kind === "picture") {
      const smaller = isLarger(cover, maxPixels) && TYPES_WITH_THUMBNAIL.includes(imageType)
        ? await readThumbnail(images, { maxPixels, ...places })
        : undefined;
      return smaller ?? { ...cover, imageType };
    }
    if (cover.kind === "too_large") refusal = cover;
  }
  return refusal;
}

async function readThumbnail(
  { thumbnail }: NonNullable<IndexedMedia["details"]["images"]>,
  { maxPixels, ...places }: Pick<CoverWishes, "maxPixels"> & CoverPlaces,
): Promise<ChosenCover | undefined> {
  if (thumbnail === undefined) return undefined;
  const cover = await readCover(thumbnail, places);
  if (cover.kind !== "picture" || isLarger(cover, maxPixels)) return undefined;
  return { ...cover, imageType: "thumbnail" };
}

function isLarger({ bytes }: { bytes: Uint8Array }, maxPixels: number): boolean {
  return maxPixels > 0 && (longestEdge(bytes) ?? 0) > maxPixels;
}

/** Reads a picture that lies in one of the folders, whatever links lead to it. */
async function readCover(path: string, { files, folders }: CoverPlaces): Promise<Cover> {
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
  return details.images !== undefined;
}
