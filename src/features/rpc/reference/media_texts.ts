// Texts and examples of the methods about media and what runs (docs/protocol.md §12 and §14).

import { MAX_META_ITEMS } from "../methods/media_methods.ts";
import { MAX_PAGE_MEDIA } from "../../library/media_index.ts";
import type { MethodText } from "./method_text.ts";

const MARIO = {
  systemId: "SNES",
  systemName: "Super Nintendo",
  mediaName: "Super Mario World",
  mediaPath: "/roms/snes/Mario.sfc",
};

const ACTIVE = {
  started: "2026-01-31T18:00:00.000Z",
  ...MARIO,
  launcherId: "command",
  zapScript: "@SNES/Super Mario World",
};

const SNES = { id: "SNES", name: "Super Nintendo", category: "Console" };
const FAVORITE = { type: "user", tag: "favorite" };

const REFERENCE_PARAMS = {
  mediaId: "The number of the media, as results have it; it goes before `system` and `path`",
  system: "The id of its system, together with `path`",
  path: "The absolute path of its file, together with `system`",
} as const;

const REFERENCE_REFUSALS = {
  bad_request: "Neither `mediaId` nor both `system` and `path` were given",
  not_found: "The index has no such media",
} as const;

const SYSTEMS = "Ids of the systems to look in; all of them where it is empty";
const LETTER = "Only media whose names begin so, as `media.browse.index` groups them";

const PAGE_PARAMS = {
  maxResults: `How many at once; more than ${MAX_PAGE_MEDIA} count as ${MAX_PAGE_MEDIA}`,
  cursor: "The `nextCursor` of the page before",
  sort: "The order",
} as const;

/** The texts, by method. */
export const MEDIA_TEXTS: Readonly<Record<string, MethodText>> = {
  run: {
    summary: "Runs a text: an action, a media, or a command of ZapScript",
    more: "Params may also be the text itself. It is answered when the program was started.",
    params: {
      text: "The text to run, on one line",
      uid: "The id of the tag that it stood on; told to the program",
      type: "What kind of tag that was; kept in the history",
      data: "What else stood on the tag; kept in the history",
      unsafe: "Taken from clients of Core, and changes nothing",
    },
    refusals: {
      bad_request: "The text cannot be run, or asks for what is not supported",
      not_found: "Nothing fits the text",
      forbidden: "The media's file lies outside its system's folder",
      conflict: "The action is running already, or another text came meanwhile",
      unavailable: "The program cannot be started, or the one before does not end",
    },
    example: { params: { text: "@SNES/Super Mario World", uid: "04a2b3c4" }, result: null },
  },
  stop: {
    summary: "Ends what has the screen; where nothing has it, all actions",
    more: "It is answered when every process of it is gone.",
    params: { name: "The name of one action to end" },
    refusals: {
      not_found: "There is no such action",
      unavailable: "A program does not end",
    },
    example: { result: null },
  },
  actions: {
    summary: "Lists the actions that the owner configured, and what they are doing",
    more: "What a text must be, and the command, are told on the device itself alone.",
    example: {
      result: {
        actions: [{
          name: "music",
          system: "music",
          exclusive: false,
          state: "running",
          startedAt: 1769882400,
          endedAt: null,
          exitCode: null,
          signal: null,
        }],
      },
    },
  },
  "actions.output": {
    summary: "The last 64 KiB that the last run of an action wrote",
    params: { name: "The action" },
    refusals: { not_found: "There is no such action" },
    example: { params: { name: "music" }, result: { name: "music", output: "playing\n" } },
  },
  media: {
    summary: "The state of the library's index, and what has the screen",
    example: {
      result: {
        database: { exists: true, indexing: false, optimizing: false, totalMedia: 1204 },
        active: [ACTIVE],
      },
    },
  },
  "media.active": {
    summary: "What has the screen, or null",
    example: { result: ACTIVE },
  },
  systems: {
    summary: "Lists the systems of the library, and how many media each has",
    params: {
      all: "Taken from clients of Core, and changes nothing",
      tags: "Count only media with these tags; `user:favorite` is the one there is",
    },
    refusals: { bad_request: "A tag is excluded that cannot be" },
    example: { result: { systems: [{ ...SNES, mediaCount: 312 }] } },
  },
  "media.search": {
    summary: "Searches the library by the beginnings of words",
    params: {
      query: "The words; everything where it is empty",
      systems: SYSTEMS,
      tags: "Only media with these tags; `user:favorite` is the one there is",
      letter: LETTER,
      pathPrefix: "Only media in this folder or below it",
      ...PAGE_PARAMS,
    },
    refusals: { bad_request: "A tag is excluded that cannot be, or the cursor is of no page" },
    example: {
      params: { query: "super mar", systems: ["SNES"], maxResults: 25 },
      result: {
        results: [{
          mediaId: 17,
          system: SNES,
          name: "Super Mario World",
          path: "/roms/snes/Mario.sfc",
          zapScript: "@SNES/Super Mario World",
          tags: [{ type: "developer", tag: "Nintendo" }, { type: "year", tag: "1990" }],
          hasCover: true,
        }],
        total: 1,
        pagination: { hasNextPage: false, pageSize: 25 },
      },
    },
  },
  "media.browse": {
    summary: "Lists a folder: the folders in it, then its media",
    more: "Without a path, the folders of the systems.",
    params: {
      path: "The absolute path of the folder",
      systems: SYSTEMS,
      letter: LETTER,
      ...PAGE_PARAMS,
    },
    refusals: { not_found: "The library has no such folder" },
    example: {
      params: { path: "/roms/snes" },
      result: {
        path: "/roms/snes",
        entries: [{
          name: "Hacks",
          path: "/roms/snes/Hacks",
          type: "directory",
          fileCount: 12,
          systemIds: ["SNES"],
          hasCover: false,
        }, {
          mediaId: 17,
          name: "Super Mario World",
          path: "/roms/snes/Mario.sfc",
          type: "media",
          systemId: "SNES",
          zapScript: "@SNES/Super Mario World",
          tags: [FAVORITE],
          hasCover: true,
        }],
        totalFiles: 300,
        pagination: { hasNextPage: false, pageSize: 100 },
      },
    },
  },
  "media.browse.index": {
    summary: "The letters of a folder that is sorted by name, each with where it begins",
    params: {
      path: "The absolute path of the folder",
      systems: SYSTEMS,
      sort: "The order; sorted by file names, a folder has no letters",
    },
    refusals: { not_found: "The library has no such folder" },
    example: {
      params: { path: "/roms/snes" },
      result: {
        scheme: "latin",
        totalFiles: 300,
        groups: [{ key: "M", label: "M", count: 21, cursor: "WyJtIl0", offset: 104 }],
      },
    },
  },
  "media.tags": {
    summary: "Lists the tags that can be searched for",
    params: { systems: "Taken from clients of Core, and changes nothing" },
    example: { result: { tags: [FAVORITE] } },
  },
  "media.meta": {
    summary: "All that is known of a media, or of several",
    params: {
      ...REFERENCE_PARAMS,
      items: `Several media at once, at most ${MAX_META_ITEMS}, each by the same three members; ` +
        "one that is not there is answered with its error in its place",
    },
    refusals: REFERENCE_REFUSALS,
    example: {
      params: { system: "SNES", path: "/roms/snes/Mario.sfc" },
      result: {
        media: {
          path: "/roms/snes/Mario.sfc",
          parentDir: "/roms/snes",
          isMissing: false,
          tags: [{ type: "developer", tag: "Nintendo" }],
          properties: {},
          title: {
            slug: "super mario world",
            name: "Super Mario World",
            slugLength: 17,
            slugWordCount: 3,
            system: { id: "SNES", name: "Super Nintendo" },
            tags: [],
            properties: {
              "property:description": { text: "A plumber and a dinosaur.", contentType: "" },
            },
          },
        },
      },
    },
  },
  "media.image": {
    summary: "The cover of a media, or a placeholder",
    params: {
      ...REFERENCE_PARAMS,
      imageTypes: "Kinds of pictures in the order of preference, such as `boxart`; `image` and " +
        "`thumbnail` stand for those that are not there",
      maxSize:
        "How many pixels the longer edge should have at most: a thumbnail that fits is sent " +
        "in the place of a larger cover; nothing is scaled",
      delivery: "Taken from clients of Core; the picture is always sent `inline`",
    },
    refusals: { ...REFERENCE_REFUSALS, too_large: "Every such picture has more than 512 KiB" },
    example: {
      params: { system: "SNES", path: "/roms/snes/Mario.sfc" },
      result: {
        delivery: "inline",
        contentType: "image/png",
        extension: "png",
        data: "iVBORw0KGgo=",
        typeTag: "property:image-image",
      },
    },
  },
  "media.tags.update": {
    summary: "Makes a media a favourite, or no longer one",
    params: {
      ...REFERENCE_PARAMS,
      add: "`user:favorite` and no other tag",
      remove: "`user:favorite` and no other tag",
    },
    refusals: {
      bad_request: "No tag or another one was given, or no media",
      not_found: "The index has no such media",
      conflict: "There are too many favourites",
      rate_limited: "Favourites change too often",
    },
    example: {
      params: { system: "SNES", path: "/roms/snes/Mario.sfc", add: ["user:favorite"] },
      result: { tags: [FAVORITE] },
    },
  },
  "media.generate": {
    summary: "Scans the library; `media.indexing` tells how far it is",
    params: { systems: "Ids of the systems to scan; all of them where it is empty" },
    refusals: {
      unavailable: "No library is configured",
      not_found: "The library has none of these systems",
    },
    example: { params: { systems: ["SNES"] }, result: null },
  },
  "media.generate.cancel": {
    summary: "Ends a scan; what it saw stays",
    example: { result: { message: "Indexing was cancelled" } },
  },
  tokens: {
    summary: "The text that was run last",
    more: "`active` is empty: the device has no reader on which a tag could lie.",
    example: {
      result: {
        active: [],
        last: {
          type: "",
          uid: "04a2b3c4",
          text: "@SNES/Super Mario World",
          data: "",
          scanTime: "2026-01-31T18:00:00.000Z",
        },
      },
    },
  },
  "tokens.history": {
    summary: "The newest texts that were run, newest first, 100 at most",
    example: {
      result: {
        entries: [{
          time: "2026-01-31T18:00:00.000Z",
          type: "",
          uid: "04a2b3c4",
          text: "@SNES/Super Mario World",
          data: "",
          success: true,
          by: "local",
        }],
      },
    },
  },
  readers: {
    summary: "No tag readers: the device has none",
    example: { result: { readers: [] } },
  },
  mappings: {
    summary: "No mappings: the device has none",
    example: { result: { mappings: [] } },
  },
  inbox: {
    summary: "No messages: the device has none",
    example: { result: { messages: [] } },
  },
  scrapers: {
    summary: "No scrapers: the device has none",
    example: { result: { scrapers: [] } },
  },
  "media.scrape.status": {
    summary: "The state of a scraper that never runs",
    example: {
      result: {
        processed: 0,
        total: 0,
        matched: 0,
        skipped: 0,
        totalScraped: 0,
        scraping: false,
        done: false,
        paused: false,
      },
    },
  },
};
