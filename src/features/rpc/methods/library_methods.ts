// Methods by which clients look through the library (docs/protocol.md §14): systems, a search, and
// folders, in the shapes that clients of Core know. Without a library they find nothing.

import * as v from "valibot";
import { AppError } from "../../../base/app_error.ts";
import type { Favorites } from "../../library/favorites.ts";
import {
  DEFAULT_PAGE_MEDIA,
  type FolderEntry,
  MAX_PAGE_MEDIA,
  type MediaIndex,
  type MediaQuery,
} from "../../library/media_index.ts";
import type { MediaLibrary } from "../../library/media_library.ts";
import { FAVORITE_TAG, MediaView, SEARCHABLE_TAGS } from "../media_view.ts";
import { defineMethod, type RpcMethod } from "../method.ts";
import {
  MediaEntryShape,
  MediaFolderShape,
  MediaResultShape,
  PaginationShape,
  SystemShape,
  TagShape,
} from "../media_shapes.ts";
import { CountShape, type Shown, TextShape } from "../shapes.ts";

/** The longest text that is searched for, in characters. */
export const MAX_QUERY_CHARACTERS = 256;

/** The longest path of a file or folder, in characters. */
export const MAX_PATH_CHARACTERS = 4096;

/** The most systems or tags that a request names. */
export const MAX_LISTED = 512;

/** The longest name of a system or a tag, in characters. */
const MAX_NAME_CHARACTERS = 128;

/** The longest cursor, in characters. */
const MAX_CURSOR_CHARACTERS = 4096;

const Name = v.pipe(v.string(), v.maxLength(MAX_NAME_CHARACTERS));
const Names = v.nullish(v.pipe(v.array(Name), v.maxLength(MAX_LISTED)), []);
const Sort = v.picklist(["name-asc", "name-desc", "filename-asc", "filename-desc"]);

/** The absolute path of a file or folder. */
export const MediaPath = v.pipe(v.string(), v.maxLength(MAX_PATH_CHARACTERS));

const PAGE = {
  maxResults: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1)), DEFAULT_PAGE_MEDIA),
  cursor: v.nullish(v.pipe(v.string(), v.maxLength(MAX_CURSOR_CHARACTERS)), ""),
  sort: v.nullish(Sort, "name-asc"),
} as const;

const SearchParams = v.object({
  query: v.nullish(v.pipe(v.string(), v.maxLength(MAX_QUERY_CHARACTERS)), ""),
  systems: Names,
  tags: Names,
  letter: v.nullish(Name, ""),
  pathPrefix: v.nullish(MediaPath, ""),
  ...PAGE,
});

const BrowseParams = v.object({
  path: v.nullish(MediaPath, ""),
  systems: Names,
  letter: v.nullish(Name, ""),
  ...PAGE,
});

const BrowseIndexParams = v.object({
  path: v.nullish(MediaPath, ""),
  systems: Names,
  sort: v.nullish(Sort, "name-asc"),
});

/** What the library methods need. */
export interface LibraryMethodsOptions {
  library: Pick<MediaLibrary, "index" | "catalogue">;
  favorites: Favorites;
}

/** `systems`, `media.search`, `media.browse`, `media.browse.index` and `media.tags`. */
export function libraryMethods({ library, favorites }: LibraryMethodsOptions): RpcMethod[] {
  const { index, catalogue } = library;
  const view = new MediaView({ library, favorites });
  return [
    defineMethod({
      name: "systems",
      access: "anyone",
      params: v.object({ all: v.nullish(v.boolean()), tags: Names }),
      result: v.strictObject({
        systems: v.array(v.strictObject({ ...SystemShape.entries, mediaCount: CountShape })),
      }),
      run: ({ tags }) => {
        const query = queryOfTags(tags, { index, favorites });
        const counts = query === undefined
          ? new Map<string, number>()
          : index.countBySystem(tags.length === 0 ? undefined : query);
        const ids = new Set(catalogue.list().map(({ id }) => id));
        return {
          systems: [...ids].map((id) => ({ ...view.system(id), mediaCount: counts.get(id) ?? 0 })),
        };
      },
    }),
    defineMethod({
      name: "media.search",
      access: "anyone",
      params: SearchParams,
      result: v.strictObject({
        results: v.array(MediaResultShape),
        total: CountShape,
        pagination: PaginationShape,
      }),
      run: ({ query, systems, tags, letter, pathPrefix, ...page }) => {
        const tagged = queryOfTags(tags, { index, favorites });
        const { results, nextCursor } = tagged === undefined
          ? { results: [], nextCursor: undefined }
          : index.search({
            ...tagged,
            ...(query.trim() === "" ? {} : { text: query }),
            ...systemQuery(systems, library),
            ...(letter === "" ? {} : { letter }),
            ...(pathPrefix === "" ? {} : { below: withoutSlash(pathPrefix) }),
          }, pageOf(page));
        return {
          results: results.map((media) => view.result(media)),
          total: results.length,
          pagination: paginationOf(page, nextCursor),
        };
      },
    }),
    defineMethod({
      name: "media.browse",
      access: "anyone",
      params: BrowseParams,
      result: v.strictObject({
        path: TextShape,
        entries: v.array(v.union([MediaFolderShape, MediaEntryShape])),
        totalFiles: CountShape,
        pagination: v.optional(PaginationShape),
      }),
      run: ({ path, systems, letter, ...page }) => {
        if (path === "") {
          return { path: "", entries: rootsOf(systems, library), totalFiles: 0 };
        }
        const folder = knownFolder(path, library);
        const query = {
          ...systemQuery(systems, library),
          ...(letter === "" ? {} : { letter }),
        };
        const { entries, directMedia, nextCursor } = index.browse(folder, {
          ...query,
          ...pageOf(page),
        });
        return {
          path: folder,
          entries: entries.map((entry) => showEntry(entry, view)),
          totalFiles: letter === "" ? directMedia : index.count({ folder, ...query }),
          pagination: paginationOf(page, nextCursor),
        };
      },
    }),
    defineMethod({
      name: "media.browse.index",
      access: "anyone",
      params: BrowseIndexParams,
      result: v.strictObject({
        scheme: v.picklist(["latin", "none"]),
        totalFiles: CountShape,
        groups: v.array(v.strictObject({
          key: TextShape,
          label: TextShape,
          count: CountShape,
          cursor: TextShape,
          offset: CountShape,
        })),
      }),
      run: ({ path, systems, sort }) => {
        if (path === "") return { scheme: "none" as const, totalFiles: 0, groups: [] };
        const query = { folder: knownFolder(path, library), ...systemQuery(systems, library) };
        const totalFiles = index.count(query);
        // Files may be sorted in another order than the names that people read.
        if (sort !== "name-asc" && sort !== "name-desc") {
          return { scheme: "none" as const, totalFiles, groups: [] };
        }
        const groups = index.letters(query, sort).map(({ letter, ...group }) => ({
          key: letter,
          label: letter,
          ...group,
        }));
        return { scheme: "latin" as const, totalFiles, groups };
      },
    }),
    defineMethod({
      name: "media.tags",
      access: "anyone",
      params: v.object({ systems: Names }),
      result: v.strictObject({ tags: v.array(TagShape) }),
      run: () => ({ tags: SEARCHABLE_TAGS }),
    }),
  ];
}

// Undefined where nothing can have the tags.
function queryOfTags(
  tags: readonly string[],
  { index, favorites }: { index: MediaIndex; favorites: Favorites },
): MediaQuery | undefined {
  if (tags.some((tag) => tag === `-${FAVORITE_TAG}`)) {
    throw new AppError("bad_request", `tags: ${FAVORITE_TAG} cannot be excluded`);
  }
  const wanted = tags.filter((tag) => !tag.startsWith("-")).map((tag) => tag.replace(/^[+~]/, ""));
  if (wanted.length === 0) return {};
  if (wanted.some((tag) => tag !== FAVORITE_TAG)) return undefined;
  return { paths: favorites.paths(index.favoritePaths()) };
}

function systemQuery(
  systems: readonly string[],
  { catalogue }: LibraryMethodsOptions["library"],
): { systemIds?: readonly string[] } {
  if (systems.length === 0) return {};
  return { systemIds: systems.flatMap((id) => [id, ...catalogue.named(id).map(({ id }) => id)]) };
}

interface PageParams {
  readonly maxResults: number;
  readonly cursor: string;
  readonly sort: v.InferOutput<typeof Sort>;
}

function pageOf({ maxResults, cursor, sort }: PageParams): {
  maxResults: number;
  sort: PageParams["sort"];
  cursor?: string;
} {
  const size = Math.min(maxResults, MAX_PAGE_MEDIA);
  return { maxResults: size, sort, ...(cursor === "" ? {} : { cursor }) };
}

function paginationOf(
  page: PageParams,
  nextCursor: string | undefined,
): Shown<typeof PaginationShape> {
  return {
    hasNextPage: nextCursor !== undefined,
    pageSize: pageOf(page).maxResults,
    ...(nextCursor === undefined ? {} : { nextCursor }),
  };
}

// Folders that several systems share are shown once.
function rootsOf(
  systems: readonly string[],
  { index, catalogue }: LibraryMethodsOptions["library"],
): Shown<typeof MediaFolderShape>[] {
  const wanted = new Set(systems.map((id) => id.toLowerCase()));
  const byFolder = Map.groupBy(
    catalogue.list().filter(({ id }) => wanted.size === 0 || wanted.has(id.toLowerCase())),
    ({ folder }) => folder,
  );
  return [...byFolder].map(([folder, own]) => {
    const systemIds = [...new Set(own.map(({ id }) => id))];
    const [systemId] = systemIds;
    return {
      name: own.map(({ name }) => name).join(", "),
      path: folder,
      type: "root" as const,
      fileCount: index.countBelow(folder, systemIds),
      ...(systemIds.length === 1 ? { systemId } : {}),
      systemIds,
      hasCover: false as const,
    };
  }).filter(({ fileCount }) => fileCount > 0);
}

function knownFolder(path: string, { catalogue }: LibraryMethodsOptions["library"]): string {
  const folder = withoutSlash(path);
  if (catalogue.holds(folder)) return folder;
  throw new AppError("not_found", "No such folder in the library");
}

function withoutSlash(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}

function showEntry(
  entry: FolderEntry,
  view: MediaView,
): Shown<typeof MediaFolderShape | typeof MediaEntryShape> {
  if (entry.kind === "media") return view.entry(entry.media);
  const { name, path, mediaCount, systemIds } = entry;
  return { name, path, type: "directory", fileCount: mediaCount, systemIds, hasCover: false };
}
