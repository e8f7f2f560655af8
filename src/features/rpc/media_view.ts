// Media as clients of Core know them: results, tags, metadata, and the text that launches each.

import type { Favorites } from "../library/favorites.ts";
import { hasCover } from "../library/cover.ts";
import type { Media } from "../actions/action_table.ts";
import type { RunningGame } from "../library/frontend.ts";
import type { IndexedMedia, LibrarySystem, MediaDetails } from "../library/media.ts";
import type { MediaLibrary } from "../library/media_library.ts";
import { pathScript, titleScript } from "../library/zap_script.ts";
import type {
  MediaEntryShape,
  MediaMetaShape,
  MediaResultShape,
  PropertyShape,
  SystemShape,
  TagShape,
} from "./media_shapes.ts";
import type { Shown } from "./shapes.ts";

/** The tag of favourites, as clients write it. */
export const FAVORITE_TAG = "user:favorite";

/** A tag. */
export type MediaTag = Shown<typeof TagShape>;

/** The tags that are searched for: favourites alone. */
export const SEARCHABLE_TAGS: readonly MediaTag[] = [{ type: "user", tag: "favorite" }];

const TEXT_TAGS: readonly (readonly [type: string, detail: keyof MediaDetails])[] = [
  ["developer", "developer"],
  ["publisher", "publisher"],
  ["gamegenre", "genre"],
  ["players", "players"],
];

/** What is shown of media. */
export interface MediaViewOptions {
  library: Pick<MediaLibrary, "index" | "catalogue">;
  favorites: Favorites;
}

/** Shows media. */
export class MediaView {
  readonly #library: MediaViewOptions["library"];
  readonly #favorites: Favorites;

  /** A view of a library. */
  constructor({ library, favorites }: MediaViewOptions) {
    this.#library = library;
    this.#favorites = favorites;
  }

  /** The system of a media. */
  system(systemId: string): Shown<typeof SystemShape> {
    const { name = systemId, category } = this.#library.catalogue.named(systemId)[0] ?? {};
    return { id: systemId, name, ...(category === undefined ? {} : { category }) };
  }

  /** The text that launches exactly this media: its title where no other has it, else its path. */
  script({ systemId, name, path }: IndexedMedia): string {
    const { index, catalogue } = this.#library;
    const script = titleScript(systemId, name);
    const isOnlyId = catalogue.named(systemId).every(({ id }) => id === systemId);
    // The one that has the very name is what fits it best; to look for it costs a millisecond.
    const isClear = script !== undefined && isOnlyId && index.countTitle(systemId, name) === 1;
    return isClear ? script : pathScript(path);
  }

  /** A media that is launched. */
  launched(media: IndexedMedia, { id, name, launch }: LibrarySystem): Media {
    return {
      systemId: id,
      systemName: name,
      mediaName: media.name,
      mediaPath: media.path,
      launcherId: launch.kind,
      zapScript: this.script(media),
    };
  }

  /** A game that the frontend runs; the index may know it. */
  running({ path, name, systemName = "" }: RunningGame): Media {
    const { index, catalogue } = this.#library;
    const known = index.findPath(path);
    const system = known && catalogue.systemOf(known);
    if (known !== undefined && system !== undefined) return this.launched(known, system);
    const launcherId = "emulationstation_http";
    const zapScript = pathScript(path);
    return {
      systemId: systemName,
      systemName,
      mediaName: name,
      mediaPath: path,
      launcherId,
      zapScript,
    };
  }

  /** What its source says of a media, and whether it is a favourite. */
  tags(media: IndexedMedia): MediaTag[] {
    const { details } = media;
    const year = details.releaseDate?.slice(0, 4);
    return [
      ...(this.#favorites.has(media) ? SEARCHABLE_TAGS : []),
      ...TEXT_TAGS.flatMap(([type, detail]) => {
        const tag = details[detail];
        return typeof tag === "string" ? [{ type, tag }] : [];
      }),
      ...(year === undefined ? [] : [{ type: "year", tag: year }]),
    ];
  }

  /** A media among results. */
  result(media: IndexedMedia): Shown<typeof MediaResultShape> {
    const { mediaId, systemId, name, path } = media;
    return {
      mediaId,
      system: this.system(systemId),
      name,
      path,
      zapScript: this.script(media),
      tags: this.tags(media),
      hasCover: hasCover(media),
    };
  }

  /** A media in a folder. */
  entry(media: IndexedMedia): Shown<typeof MediaEntryShape> {
    const { system: _system, ...result } = this.result(media);
    return { ...result, type: "media", systemId: media.systemId };
  }

  /** All that is known of a media. */
  meta(media: IndexedMedia): Shown<typeof MediaMetaShape> {
    const { systemId, name, path, isMissing, details } = media;
    const { id, name: systemName } = this.system(systemId);
    const slug = slugOf(name);
    return {
      path,
      parentDir: path.slice(0, Math.max(1, path.lastIndexOf("/"))),
      isMissing,
      tags: this.tags(media),
      properties: {},
      title: {
        slug,
        name,
        slugLength: [...slug].length,
        slugWordCount: slug === "" ? 0 : slug.split(" ").length,
        system: { id, name: systemName },
        tags: [],
        properties: propertiesOf(details),
      },
    };
  }
}

// A title in lower case, without accents and signs: "pokemon red".
function slugOf(name: string): string {
  return name.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}

function propertiesOf(details: MediaDetails): Record<string, Shown<typeof PropertyShape>> {
  const { description, images = {} } = details;
  const pictures = Object.entries(images)
    .map(([type, path]) => [`property:image-${type}`, imageProperty(path)] as const);
  return {
    ...(description === undefined
      ? {}
      : { "property:description": { text: description, contentType: "" } }),
    ...Object.fromEntries(pictures),
  };
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
};

function imageProperty(path: string): Shown<typeof PropertyShape> {
  const [, extension = ""] = /\.([a-z0-9]{1,8})$/i.exec(path) ?? [];
  const contentType = CONTENT_TYPES[extension.toLowerCase()] ?? "application/octet-stream";
  return { text: path, contentType, ...(extension === "" ? {} : { extension }) };
}
