// The shapes in which the phone's app wants answers and notifications; nothing more and nothing less.

import * as v from "valibot";

const Text = v.string();
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Time = v.pipe(v.string(), v.isoTimestamp());
const Tag = v.strictObject({ type: Text, tag: Text });
const SystemShape = v.strictObject({ id: Text, name: Text, category: v.optional(Text) });
const Pagination = v.strictObject({
  hasNextPage: v.boolean(),
  pageSize: Count,
  nextCursor: v.optional(Text),
});

const Database = {
  exists: v.boolean(),
  indexing: v.boolean(),
  optimizing: v.boolean(),
  totalMedia: Count,
  totalSteps: v.optional(Count),
  currentStep: v.optional(Count),
  currentStepDisplay: v.optional(Text),
  totalFiles: v.optional(Count),
} as const;

const Playing = {
  systemId: Text,
  systemName: Text,
  mediaName: Text,
  mediaPath: Text,
} as const;

const Active = v.strictObject({ ...Playing, launcherId: Text, zapScript: Text, started: Time });
const Token = v.strictObject({ type: Text, uid: Text, text: Text, data: Text, scanTime: Time });

const Property = v.strictObject({
  text: Text,
  contentType: Text,
  extension: v.optional(Text),
});

const Meta = v.strictObject({
  path: Text,
  parentDir: Text,
  isMissing: v.boolean(),
  tags: v.array(Tag),
  properties: v.record(v.string(), Property),
  title: v.strictObject({
    slug: Text,
    name: Text,
    slugLength: Count,
    slugWordCount: Count,
    system: v.strictObject({ id: Text, name: Text }),
    tags: v.array(Tag),
    properties: v.record(v.string(), Property),
  }),
});

const Entry = v.strictObject({
  mediaId: v.optional(Count),
  name: Text,
  path: Text,
  type: v.picklist(["root", "directory", "media"]),
  fileCount: v.optional(Count),
  systemId: v.optional(Text),
  systemIds: v.optional(v.array(Text)),
  zapScript: v.optional(Text),
  tags: v.optional(v.array(Tag)),
  hasCover: v.boolean(),
});

/** The result of each method, as JSON. */
export const RESULT_SHAPES: Readonly<Record<string, v.GenericSchema>> = {
  media: v.strictObject({ database: v.strictObject(Database), active: v.array(Active) }),
  "media.active": v.nullable(Active),
  tokens: v.strictObject({ active: v.array(Token), last: v.optional(Token) }),
  "tokens.history": v.strictObject({
    entries: v.array(
      v.strictObject({
        time: Time,
        type: Text,
        uid: Text,
        text: Text,
        data: Text,
        success: v.boolean(),
      }),
    ),
  }),
  systems: v.strictObject({
    systems: v.array(v.strictObject({ ...SystemShape.entries, mediaCount: Count })),
  }),
  "media.search": v.strictObject({
    results: v.array(
      v.strictObject({
        mediaId: Count,
        system: SystemShape,
        name: Text,
        path: Text,
        zapScript: Text,
        tags: v.array(Tag),
        hasCover: v.boolean(),
      }),
    ),
    total: Count,
    pagination: Pagination,
  }),
  "media.browse": v.strictObject({
    path: Text,
    entries: v.array(Entry),
    totalFiles: Count,
    pagination: v.optional(Pagination),
  }),
  "media.browse.index": v.strictObject({
    scheme: v.picklist(["latin", "none"]),
    totalFiles: Count,
    groups: v.array(
      v.strictObject({ key: Text, label: Text, count: Count, cursor: Text, offset: Count }),
    ),
  }),
  "media.tags": v.strictObject({ tags: v.array(Tag) }),
  "media.meta": v.union([
    v.strictObject({ media: Meta }),
    v.strictObject({
      items: v.array(
        v.union([v.strictObject({ media: Meta }), v.strictObject({ error: Text })]),
      ),
    }),
  ]),
  "media.image": v.strictObject({
    delivery: v.literal("inline"),
    contentType: v.pipe(Text, v.startsWith("image/")),
    extension: v.optional(Text),
    data: v.pipe(Text, v.base64()),
    typeTag: v.pipe(Text, v.startsWith("property:image-")),
  }),
  "media.generate": v.null(),
  "media.generate.cancel": v.strictObject({ message: Text }),
  "media.tags.update": v.strictObject({ tags: v.array(Tag) }),
  readers: v.strictObject({ readers: v.pipe(v.array(v.unknown()), v.length(0)) }),
  mappings: v.strictObject({ mappings: v.pipe(v.array(v.unknown()), v.length(0)) }),
  inbox: v.strictObject({ messages: v.pipe(v.array(v.unknown()), v.length(0)) }),
  scrapers: v.strictObject({ scrapers: v.pipe(v.array(v.unknown()), v.length(0)) }),
  "media.scrape.status": v.strictObject({
    processed: v.literal(0),
    total: v.literal(0),
    matched: v.literal(0),
    skipped: v.literal(0),
    totalScraped: v.literal(0),
    scraping: v.literal(false),
    done: v.literal(false),
    paused: v.literal(false),
  }),
  // Beside the device's own.
  settings: v.object({
    runZapScript: v.boolean(),
    debugLogging: v.boolean(),
    audioScanFeedback: v.boolean(),
    readersAutoDetect: v.boolean(),
    readersScanMode: v.picklist(["tap", "hold"]),
    readersScanExitDelay: v.number(),
    readersScanIgnoreSystems: v.array(Text),
    errorReporting: v.boolean(),
  }),
  run: v.null(),
  stop: v.null(),
};

/** The params of each notification, as JSON. */
export const NOTIFICATION_SHAPES: Readonly<Record<string, v.GenericSchema>> = {
  "media.started": v.strictObject(Playing),
  "media.stopped": v.strictObject({ ...Playing, launcherId: Text, elapsed: Count }),
  "media.indexing": v.strictObject(Database),
  "tokens.added": Token,
};
