// Methods about what plays and about single media (docs/protocol.md §14).

import * as v from "valibot";
import { AppError } from "../../../base/app_error.ts";
import { encodeBase64 } from "../../../base/bytes.ts";
import type { ExclusiveScreen } from "../../actions/exclusive_screen.ts";
import { chooseCover, MAX_COVER_BYTES } from "../../library/cover.ts";
import type { Favorites } from "../../library/favorites.ts";
import type { IndexedMedia } from "../../library/media.ts";
import type { MediaLibrary } from "../../library/media_library.ts";
import { PLACEHOLDER_COVER } from "../../library/placeholder_cover.ts";
import type { ScanProgress } from "../../library/scan_progress.ts";
import { FAVORITE_TAG, MediaView } from "../media_view.ts";
import { defineMethod, type RpcMethod } from "../method.ts";
import { DatabaseShape, MediaMetaShape, TagShape } from "../media_shapes.ts";
import { NothingShape, type Shown, TextShape } from "../shapes.ts";
import { ActiveShape, showActive } from "./action_methods.ts";
import { MAX_LISTED, MediaPath } from "./library_methods.ts";

/** The most media whose metadata one request asks for. */
export const MAX_META_ITEMS = 100;

const Word = v.pipe(v.string(), v.maxLength(64));
const Words = v.nullish(v.pipe(v.array(Word), v.maxLength(MAX_LISTED)), []);

const REFERENCE = {
  mediaId: v.nullish(v.pipe(v.number(), v.safeInteger())),
  system: v.nullish(Word),
  path: v.nullish(MediaPath),
} as const;

const MetaParams = v.object({
  ...REFERENCE,
  items: v.nullish(v.pipe(v.array(v.object(REFERENCE)), v.maxLength(MAX_META_ITEMS))),
});

const ImageParams = v.object({
  ...REFERENCE,
  imageTypes: Words,
  maxSize: v.nullish(v.number()),
  // Core sends a path on its own disk for "localPath", or the picture where it cannot.
  delivery: v.nullish(Word),
});

const TagsParams = v.object({ ...REFERENCE, add: Words, remove: Words });

const ItemShape = v.union([
  v.strictObject({ media: MediaMetaShape }),
  v.strictObject({ error: TextShape }),
]);

/** What the media methods need. */
export interface MediaMethodsOptions {
  library: MediaLibrary;
  /** Whether the owner has configured a library. */
  hasLibrary: boolean;
  favorites: Favorites;
  screen: Pick<ExclusiveScreen, "current" | "look">;
}

type Reference = v.InferOutput<v.ObjectSchema<typeof REFERENCE, undefined>>;

/** `media`, `media.meta`, `media.image`, `media.tags.update` and `media.generate*`. */
export function mediaMethods(options: MediaMethodsOptions): RpcMethod[] {
  const { library, hasLibrary, favorites, screen } = options;
  const { index, catalogue, scans, files, imageFolders } = library;
  const view = new MediaView({ library, favorites });
  return [
    defineMethod({
      name: "media",
      access: "anyone",
      params: v.object({}),
      result: v.strictObject({ database: DatabaseShape, active: v.array(ActiveShape) }),
      run: async () => {
        await screen.look();
        const use = screen.current();
        return {
          database: showDatabase(scans.progress, {
            isThere: hasLibrary,
            totalMedia: index.total(),
          }),
          active: use === undefined ? [] : [showActive(use)],
        };
      },
    }),
    defineMethod({
      name: "media.meta",
      access: "anyone",
      params: MetaParams,
      result: v.union([
        v.strictObject({ media: MediaMetaShape }),
        v.strictObject({ items: v.array(ItemShape) }),
      ]),
      run: ({ items, ...reference }) => {
        if (!items) return { media: view.meta(findMedia(reference, index)) };
        return { items: items.map((item) => tryMeta(item)) };
      },
    }),
    defineMethod({
      name: "media.image",
      access: "anyone",
      params: ImageParams,
      result: v.strictObject({
        delivery: v.literal("inline"),
        contentType: TextShape,
        extension: v.optional(TextShape),
        data: v.pipe(v.string(), v.base64()),
        typeTag: TextShape,
      }),
      run: async ({ imageTypes: types, maxSize, ...reference }) => {
        const media = findMedia(reference, index);
        const folders = [
          ...new Set([...catalogue.list().map(({ folder }) => folder), ...imageFolders()]),
        ];
        const maxPixels = maxSize ?? 0;
        const cover = await chooseCover(media, { types, maxPixels, files, folders });
        if (cover.kind === "too_large") {
          throw new AppError("too_large", `The cover is larger than ${MAX_COVER_BYTES} bytes`);
        }
        if (cover.kind === "none") return PLACEHOLDER;
        const { contentType, extension } = cover.type;
        return {
          delivery: "inline" as const,
          contentType,
          extension,
          data: encodeBase64(cover.bytes),
          typeTag: `property:image-${cover.imageType}`,
        };
      },
    }),
    defineMethod({
      name: "media.tags.update",
      access: "anyone",
      params: TagsParams,
      result: v.strictObject({ tags: v.array(TagShape) }),
      waitsForDisk: true,
      run: ({ add, remove, ...reference }) => {
        if (add.length + remove.length === 0) {
          throw new AppError("bad_request", "add, remove: expected a tag");
        }
        if ([...add, ...remove].some((tag) => tag !== FAVORITE_TAG)) {
          throw new AppError(
            "bad_request",
            `add, remove: expected ${FAVORITE_TAG} and no other tag`,
          );
        }
        const media = findMedia(reference, index);
        favorites.set(media.path, remove.length === 0);
        return { tags: view.tags(media) };
      },
    }),
    defineMethod({
      name: "media.generate",
      access: "anyone",
      params: v.object({ systems: Words }),
      result: NothingShape,
      run: ({ systems }) => {
        if (!hasLibrary) throw new AppError("unavailable", "No [[library]] is configured");
        const ids = systems.flatMap((id) => catalogue.named(id).map(({ id }) => id));
        if (systems.length > 0 && ids.length === 0) {
          throw new AppError("not_found", "The library has none of these systems");
        }
        if (ids.length === 0) scans.request();
        else scans.request([...new Set(ids)]);
        return null;
      },
    }),
    defineMethod({
      name: "media.generate.cancel",
      access: "anyone",
      params: v.object({}),
      result: v.strictObject({ message: TextShape }),
      run: () => ({
        message: scans.cancel() ? "Indexing was cancelled" : "Nothing was being indexed",
      }),
    }),
  ];

  function tryMeta(reference: Reference): Shown<typeof ItemShape> {
    try {
      return { media: view.meta(findMedia(reference, index)) };
    } catch (error) {
      if (error instanceof AppError) return { error: error.message };
      throw error;
    }
  }
}

/** What clients are told of the index, here and by `media.indexing`. */
export function showDatabase(
  progress: ScanProgress,
  { isThere, totalMedia }: { isThere: boolean; totalMedia: number },
): Shown<typeof DatabaseShape> {
  const { isIndexing, totalSteps, currentStep, currentStepDisplay, totalFiles } = progress;
  return {
    exists: isThere,
    indexing: isIndexing,
    optimizing: false,
    totalMedia,
    ...(isIndexing ? { totalSteps, currentStep, currentStepDisplay, totalFiles } : {}),
  };
}

const PLACEHOLDER = {
  delivery: "inline",
  contentType: "image/png",
  extension: "png",
  data: PLACEHOLDER_COVER,
  typeTag: "property:image-placeholder",
} as const;

function findMedia(
  { mediaId, system, path }: Reference,
  index: MediaLibrary["index"],
): IndexedMedia {
  if (typeof mediaId !== "number" && (!system || !path)) {
    throw new AppError("bad_request", "expected mediaId, or system and path");
  }
  const found = typeof mediaId === "number" ? index.find(mediaId) : index.findPath(path ?? "");
  const isOther = typeof mediaId !== "number" &&
    found?.systemId.toLowerCase() !== system?.toLowerCase();
  if (found !== undefined && !isOther) return found;
  throw new AppError("not_found", "No such media");
}
